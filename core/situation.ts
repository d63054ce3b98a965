// Sorts what was observed into the words the checks speak: current, retiring, ended, kept and stray revisions.
// Decides nothing. Ownership is the record first, the mark in the name second.
import type { Desired } from "./desired.ts";
import { DAY, MINUTE } from "./duration.ts";
import { issuerId, placeOf, rolesOf, type Place } from "./home.ts";
import { parseName } from "./name.ts";
import type { Copy, Issuer, Observed, Remote, Tokens } from "./observed.ts";
import type { Entry, Record } from "./record.ts";

/** How the last complete list shows a recorded token. missing: not in it, which proves nothing yet. */
export type Seen = "active" | "revoked" | "expired" | "missing" | "gone" | "unknown";

export interface Revision {
  readonly entry: Entry;
  readonly remote: Remote | null;
  readonly seen: Seen;
}

/** A token with our mark that the record does not know. */
export interface Stray {
  readonly number: number;
  readonly remote: Remote;
  /** Seen at the former issuer. */
  readonly former: boolean;
  /** Never used by anybody but our own verification: nobody holds its value. */
  readonly unused: boolean;
  /** Milliseconds since its creation, by the API's clock. */
  readonly age: number;
}

export interface Situation {
  readonly desired: Desired;
  readonly observed: Observed;
  /** Our clock and the API's, milliseconds since 1970. */
  readonly now: number;
  readonly apiNow: number;
  readonly issuer: Issuer | null;
  readonly tokens: Tokens | null;
  readonly copy: Copy | null;
  readonly record: Record | null;
  /** The issuer that the resource moved away from; null: none. */
  readonly former: Place | null;
  /** The issuer that the spec names, where the resource is not at home there; null: it is. */
  readonly ahead: Place | null;
  /** The issuer at home is another one than the record says: what it shows is not of our tokens. */
  readonly strange: boolean;
  /** The record names tokens without our mark, and the issuer serves others too: they are left out of `record`. */
  readonly forged: boolean;
  readonly current: Revision | null;
  /** Older ones that are still good, oldest first. */
  readonly retiring: readonly Revision[];
  /** Revoked by us, or known to be dead, waiting for deletion. */
  readonly ended: readonly Revision[];
  /** Restored by somebody after we revoked them, or asked for by a rollback: not retired by us. */
  readonly kept: readonly Revision[];
  /** Strays that count: of this life of the resource, still active. */
  readonly lost: readonly Stray[];
  /** Strays of this life that are revoked. */
  readonly remains: readonly Stray[];
  /** Active tokens that the record knows to be a second owner's, whatever their numbers. */
  readonly others: readonly Stray[];
  /** Active strays that are not ours to touch: of an earlier life, of another stack, or at an issuer that the resource has not moved to yet. They are said, no more. */
  readonly unclaimed: readonly Stray[];
  readonly next: number;
}

/** Two complete lists count as two looks only when so far apart. */
export const SECOND_LOOK = 2_000;
/** A use so soon after creation is our own verification. */
const OWN_USE = MINUTE;

/** Never used, but perhaps by our own verification: nobody holds its value. */
export const isUnused = ({ lastUsed, created }: Remote): boolean => lastUsed === null || lastUsed <= created + OWN_USE;

/** The same token: ids alone are reused when the API is restored from a backup. */
export function isSame(remote: Remote, entry: { id: number; name: string; created: number }): boolean {
  return remote.id === entry.id && remote.name === entry.name && Math.abs(remote.created - entry.created) < 1_000;
}

function see(entry: Entry, tokens: Tokens | null, copy: Copy | null, apiNow: number): { remote: Remote | null; seen: Seen } {
  if (!tokens || !copy) return { remote: null, seen: "unknown" };
  const remote = tokens.tokens.find((token) => isSame(token, entry)) ?? null;
  if (remote) {
    if (!remote.active) return { remote, seen: "revoked" };
    return { remote, seen: remote.expires !== null && remote.expires <= apiNow ? "expired" : "active" };
  }
  if (tokens.deleted.includes(entry.id)) return { remote: null, seen: "gone" };
  // Two tokens never share an id: where a list of later than the record shows another one under it, ours is gone.
  if (tokens.sentAt > knownAt(copy) && tokens.tokens.some(({ id }) => id === entry.id)) return { remote: null, seen: "gone" };
  const { earlier } = tokens;
  const twice =
    earlier !== null &&
    earlier.sentAt > knownAt(copy) &&
    !earlier.ids.includes(entry.id) &&
    tokens.sentAt - earlier.sentAt >= SECOND_LOOK;
  return { remote: null, seen: twice ? "gone" : "missing" };
}

type Strays = (remotes: readonly Remote[], former: boolean) => Stray[];

/** What bears our mark at one issuer, and is recorded for neither. */
function strayFinder(desired: Desired, observed: Observed, record: Record | null, apiNow: number): Strays {
  return (remotes, former) =>
    remotes.flatMap((remote) => {
      const parsed = parseName(remote.name);
      if (!parsed || parsed.mark !== desired.mark) return [];
      if (observed.hand && isSame(remote, observed.hand)) return [];
      if (record?.revisions.some((entry) => isSame(remote, entry))) return [];
      return [{ number: parsed.revision, remote, former, unused: isUnused(remote), age: apiNow - remote.created }];
    });
}

/** Of both issuers, lowest number first; of two that show the same token the one at home counts. */
function findStrays(find: Strays, tokens: Tokens | null, former: Tokens | null): Stray[] {
  const home = find(tokens?.tokens ?? [], false);
  const there = find(former?.tokens ?? [], true).filter(({ remote }) => !home.some((other) => isSame(remote, other.remote)));
  return [...home, ...there].sort((a, b) => a.number - b.number);
}

/** Those at the issuers that the record names, and those at the one that the resource has not moved to yet. */
function straysAt(find: Strays, { tokens, former, ahead }: Pick<Situation, "tokens" | "former" | "ahead">): { strays: Stray[]; beyond: Stray[] } {
  const strays = findStrays(find, tokens, former?.tokens ?? null);
  const beyond = find(ahead?.tokens?.tokens ?? [], false).filter(({ remote }) => !strays.some((other) => isSame(remote, other.remote)));
  return { strays, beyond };
}

/**
 * Made after the declaring object was, as far as two clocks that are not ours agree. An active token gets a minute
 * of doubt, since one left behind is worse; a revoked one gets none, since it may be kept for audit.
 */
export function isOfThisLife(token: { readonly created: number; readonly active?: boolean }, desired: Desired): boolean {
  return token.created + (token.active === false ? 0 : MINUTE) >= desired.since;
}

/**
 * Whether a stray belongs to this life of the resource, and may be touched at all. An object restored from a backup
 * is younger than its tokens; its record knows better. Pulumi's create clears only what it may have left behind
 * itself, before and after its delivery; anything else may be another stack's.
 */
function counts(stray: Stray, desired: Desired, copy: Copy, record: Record | null): boolean {
  const own = isOfThisLife(stray.remote, desired);
  const newer = record?.revisions.some((entry) => entry.created <= stray.remote.created) ?? false;
  return newer || (own && (!copy.exclusive || (stray.unused && stray.age < DAY)));
}

function largest(observed: Observed, desired: Desired, record: Record | null, strays: readonly Stray[]): number {
  let number = Math.max(observed.taken, desired.compromised ?? 0, record?.fence ?? 0, observed.hand?.number ?? 0);
  for (const entry of record?.revisions ?? []) number = Math.max(number, entry.number);
  for (const stray of strays) number = Math.max(number, stray.number);
  return number;
}

function sortRevisions(desired: Desired, record: Record | null, look: (entry: Entry) => { remote: Remote | null; seen: Seen }): Pick<Situation, "current" | "retiring" | "ended" | "kept"> {
  let current: Revision | null = null;
  const retiring: Revision[] = [];
  const ended: Revision[] = [];
  const kept: Revision[] = [];
  for (const entry of record?.revisions ?? []) {
    const revision = { entry, ...look(entry) };
    if (entry.number === record?.current) current = revision;
    else if (entry.revoked) ended.push(revision);
    else if (entry.kept || entry.number === desired.rollback) kept.push(revision);
    else retiring.push(revision);
  }
  return { current, retiring, ended, kept };
}

/**
 * Whoever may write the Secret may write the record: where the issuer's credential is not theirs, a record that names
 * tokens by other marks must not get them revoked.
 */
function markedOnly(record: Record, { mark }: Desired, isShared: (entry: Entry) => boolean): Record {
  const revisions = record.revisions.filter((entry) => !isShared(entry) || parseName(entry.name)?.mark === mark);
  if (revisions.length === record.revisions.length) return record;
  return { ...record, revisions, current: revisions.some(({ number }) => number === record.current) ? record.current : null };
}

/** Whether the issuer of an entry serves others too. */
function sharing({ issuer, former }: Observed): (entry: Entry) => boolean {
  const isShared = (fact: Observed["issuer"] | undefined): boolean => fact?.is === "present" && fact.value.policy.shared === true;
  return (entry) => isShared(entry.former ? former?.issuer : issuer);
}

/** The record knows it to be a second owner's. */
const isTheirs = ({ former, remote }: Stray, record: Record | null): boolean => (former ? record?.former : record)?.others?.includes(remote.id) ?? false;

const isStrange = (record: Record | null, issuer: Issuer | null): boolean => record !== null && issuer !== null && issuerId(record.issuer) !== issuerId(issuer);

/** The issuers beside the one at home. */
function placesBeside(desired: Desired, observed: Observed, record: Record | null): Pick<Situation, "former" | "ahead"> {
  return {
    former: record?.former ? placeOf(observed.former, record.former) : null,
    ahead: rolesOf(desired, record).home === null ? null : placeOf(observed.next, null),
  };
}

export function situate(desired: Desired, observed: Observed, now: number): Situation {
  const issuer = observed.issuer.is === "present" ? observed.issuer.value : null;
  const tokens = observed.tokens.is === "present" ? observed.tokens.value : null;
  const copy = observed.copy.is === "present" ? observed.copy.value : null;
  // Another issuer's clock is nearer than ours, which may have jumped.
  const beside = [observed.next?.issuer, observed.former?.issuer].flatMap((fact) => (fact?.is === "present" ? [fact.value] : []));
  const apiNow = now + ((issuer ?? beside[0])?.clockOffset ?? 0);
  const whole = copy?.place === "ours" && copy.record?.mark === desired.mark ? copy.record : null;
  const record = whole && markedOnly(whole, desired, sharing(observed));
  const { former, ahead } = placesBeside(desired, observed, record);
  const { strays, beyond } = straysAt(strayFinder(desired, observed, record, apiNow), { tokens: copy && tokens, former: copy && former, ahead: copy && ahead });
  const isActive = ({ remote }: Stray): boolean => remote.active && !isOver(remote, apiNow);
  const isOther = (stray: Stray): boolean => isActive(stray) && isTheirs(stray, record);
  const mine = copy ? strays.filter((stray) => !isOther(stray) && counts(stray, desired, copy, record)) : [];
  const sorted = sortRevisions(desired, record, (entry) => see(entry, entry.former ? (former?.tokens ?? null) : tokens, copy, apiNow));
  return {
    desired,
    observed,
    now,
    apiNow,
    issuer,
    tokens,
    copy,
    record,
    former,
    ahead,
    strange: isStrange(record, issuer),
    forged: record !== whole,
    ...sorted,
    lost: mine.filter(isActive),
    remains: mine.filter((stray) => !isActive(stray)),
    others: strays.filter(isOther),
    unclaimed: [...strays.filter((stray) => !isOther(stray) && !mine.includes(stray)), ...beyond].filter(isActive),
    next: 1 + largest(observed, desired, record, [...strays, ...beyond]),
  };
}

/** Nothing in the copy was written later than this; monotonic. */
export const knownAt = (copy: Copy): number => copy.doneAt ?? copy.readAt;

/** It is at a former issuer that cannot be reached, and its time is over: it waits for that issuer, and nothing waits for it. */
function isOutOfReach({ entry, seen }: Revision, { current, desired, apiNow }: Waiting): boolean {
  const { minOverlap, maxOverlap } = desired.retire;
  return entry.former === true && seen === "unknown" && (current?.entry.deliveredAt ?? apiNow) + Math.max(minOverlap, maxOverlap) <= apiNow;
}

type Waiting = Pick<Situation, "retiring" | "current" | "desired" | "apiNow">;

/** What a rotation waits for: the oldest that retires. What is newer than the current one never does, beside it. */
export const retiringFirst = (s: Waiting): Revision | null =>
  s.retiring.find((old) => (!s.current || old.entry.number < s.current.entry.number) && !isOutOfReach(old, s)) ?? null;

/** The list that shows what is at one of the two issuers; null: not known. */
export const listAt = (s: Pick<Situation, "tokens" | "former">, { former }: { readonly former?: boolean }): Tokens | null => (former ? (s.former?.tokens ?? null) : s.tokens);

/** All that the record knows, the current one last. */
export function everyRevision(s: Situation): Revision[] {
  return [...s.ended, ...s.retiring, ...s.kept, ...(s.current ? [s.current] : [])];
}

export function isOver(remote: Remote, apiNow: number): boolean {
  return remote.expires !== null && remote.expires <= apiNow;
}
