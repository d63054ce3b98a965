// How the record changes: the next record for each step, nothing decided.
import type { Hand } from "./observed.ts";
import type { Entry, Former, Record, RevokedWhy } from "./record.ts";
import { withEntry } from "./record.ts";
import { secondOwners } from "./second-owner.ts";
import type { Revision, Situation, Stray } from "./situation.ts";

/** A record that knows nothing yet. */
export function emptyRecord(s: Situation): Record {
  return {
    mark: s.desired.mark,
    issuer: { url: s.issuer?.url ?? "", userId: s.issuer?.userId ?? 0, ...(s.desired.issuerRef === undefined ? {} : { ref: s.desired.issuerRef }) },
    current: null,
    fence: 0,
    revisions: [],
  };
}

/** What becomes of the old current revision's entry when its successor is delivered; null: it is gone. */
function predecessor(s: Situation, old: Revision): Entry | null {
  const { entry, seen } = old;
  if (seen === "gone") return null;
  if (entry.revoked) return entry;
  if (seen === "revoked") return { ...entry, revoked: { at: s.apiNow, why: "elsewhere", done: true } };
  if (seen === "expired") return { ...entry, revoked: { at: s.apiNow, why: "expired", done: true } };
  return entry;
}

const isAwaited = ({ desired }: Situation): boolean => (desired.restart ?? []).length > 0;

/** The record with the consumers of a revision asked to restart. */
export function restarted(record: Record, number: number, at: number): Record {
  return withEntry(record, number, (entry) => ({ ...entry, restart: at }));
}

/**
 * What somebody holds gives way to the first revision that is delivered after it was found, and to no later one: what
 * is replaced again and again, since it lives for shorter than an overlap, would keep it for ever. One that was no good
 * took over nothing.
 */
function givingWay(s: Situation, entry: Entry): Entry {
  if (entry.deliveredAt !== null || entry.revoked) return entry;
  const wasGood = s.current?.seen === "active" || s.current?.seen === "expired";
  return { ...entry, retiringSince: wasGood ? (entry.retiringSince ?? s.apiNow) : s.apiNow };
}

/** Whether the delivered revision is one that a found one gives way to. */
const tookOver = ({ current }: Situation, number: number): boolean => current?.seen === "active" && number < current.entry.number;

/** The record that goes with the value in hand. */
export function successor(s: Situation, hand: Hand): Record {
  const base = s.record ?? emptyRecord(s);
  const old = s.current ? predecessor(s, s.current) : null;
  const others = base.revisions.filter((entry) => entry.number !== base.current && entry.number !== hand.number);
  const fresh: Entry = {
    number: hand.number,
    id: hand.id,
    name: hand.name,
    created: hand.created,
    expires: hand.expires,
    deliveredAt: s.apiNow,
    usedAfter: hand.usedAfter,
    sha256: hand.sha256,
    inputs: hand.inputs,
    // Consumers of a first revision start with it: somebody has to have held an earlier value.
    ...(isAwaited(s) && (old || others.length > 0) ? { restart: "due" as const } : {}),
  };
  const revisions = [...others.map((entry) => givingWay(s, entry)), ...(old ? [old] : []), fresh].sort((a, b) => a.number - b.number);
  return { ...withOthers(s, base), current: hand.number, fence: Math.max(base.fence, hand.number), revisions };
}

/** The record of a delivery that took so much longer than it was dated for: whatever began with it began later. */
export function deliveredLater(record: Record, elapsed: number): Record {
  const at = record.revisions.find(({ number }) => number === record.current)?.deliveredAt ?? null;
  if (at === null) return record;
  const later = (entry: Entry): Entry => ({
    ...entry,
    ...(entry.number === record.current ? { deliveredAt: at + elapsed } : {}),
    ...(entry.retiringSince === at ? { retiringSince: at + elapsed } : {}),
  });
  return { ...record, revisions: record.revisions.map(later) };
}

/**
 * Our own numbers are about to pass those of a second owner, which only comparing them would tell from a lost token.
 * One that nobody has used yet may as well be lost: it is cleared, once a rotation of ours, which is no chase.
 */
function withOthers(s: Situation, { others = [], ...record }: Record): Record {
  const listed = new Set(s.tokens?.tokens.map(({ id }) => id));
  const ids = new Set([...others.filter((id) => listed.has(id)), ...secondOwners(s).flatMap(({ unused, remote, former }) => (unused || former ? [] : [remote.id]))]);
  return ids.size === 0 ? record : { ...record, others: [...ids] };
}

/** No value made up to `number` may be delivered any more. */
export function fenced(s: Situation, number: number): Record {
  const base = s.record ?? emptyRecord(s);
  return { ...base, fence: Math.max(base.fence, number) };
}

/** The first record, of a resource whose first token was issued at an issuer that the spec no longer names. */
export function remembering(s: Situation, number: number, former: Former): Record {
  return { ...fenced(s, number), former };
}

/** The record before we use the delivered value ourselves: uses up to `until` are no consumer's. */
export function trying(record: Record, number: number, until: number): Record {
  return withEntry(record, number, (entry) => ({ ...entry, usedAfter: Math.max(entry.usedAfter, until) }));
}

/** The record with one revision marked as about to be revoked by us. */
export function revoking(record: Record, number: number, why: RevokedWhy, at: number): Record {
  return withEntry(record, number, (entry) => ({ ...entry, revoked: { at, why, done: false } }));
}

/** The record with a revision that ended without us. */
export function endedElsewhere(record: Record, number: number, why: RevokedWhy, at: number): Record {
  return withEntry(record, number, (entry) => ({ ...entry, revoked: { at, why, done: true } }));
}

/** The record with a revocation seen through: the observation time starts only now, however long the request took. */
export function revoked(record: Record, number: number, at: number): Record {
  return withEntry(record, number, (entry) => (entry.revoked ? { ...entry, revoked: { ...entry.revoked, at, done: true } } : entry));
}

/** The record with a revision that is good again. */
export function restored(record: Record, number: number, kept: boolean): Record {
  return withEntry(record, number, ({ revoked: _, kept: __, ...entry }) => (kept ? { ...entry, kept: true } : entry));
}

/** The record with strays taken in: somebody holds their values, and they retire by the usual rules. */
export function adopted(s: Situation, strays: readonly Stray[]): Record {
  const base = s.record ?? emptyRecord(s);
  // Two of one number, at two issuers: one after the other.
  const firsts = strays.filter(({ number }, i) => strays.findIndex((other) => other.number === number) === i);
  // What is recorded is never replaced: another token of its number, which the other issuer may have, is counted as a later one.
  let free = s.next;
  const isTaken = ({ number }: Stray): boolean => base.revisions.some((entry) => entry.number === number);
  const taken = firsts.map((stray) => takenIn(s, isTaken(stray) ? { ...stray, number: free++ } : stray));
  const revisions = [...base.revisions, ...taken].sort((a, b) => a.number - b.number);
  return { ...base, fence: Math.max(base.fence, ...taken.map(({ number }) => number)), revisions };
}

function takenIn(s: Situation, { number, remote, former }: Stray): Entry {
  const owner = s.observed.owner.is === "present" ? s.observed.owner.value.id : remote.owner;
  return {
    number,
    id: remote.id,
    name: remote.name,
    created: remote.created,
    expires: remote.expires,
    deliveredAt: null,
    usedAfter: remote.created,
    sha256: null,
    inputs: { owner, base: s.desired.base, days: s.desired.days, scim: s.desired.scim, rotate: s.desired.rotate },
    ...(remote.active && tookOver(s, number) ? { retiringSince: s.apiNow } : {}),
    ...(former ? { former: true } : {}),
    ...(remote.active ? {} : { revoked: { at: s.apiNow, why: "elsewhere" as const, done: true } }),
  };
}
