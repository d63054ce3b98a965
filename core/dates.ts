// The dates of a revision: when it is renewed, retired and deleted, and how long a renewal can wait.
// One place, so that conditions, previews and decisions never name two different dates.
// All of them are by the API's clock, as are the times in the record: a clock of ours that jumps moves none of them.
import { DAY, formatDuration, HOUR, MINUTE } from "./duration.ts";
import type { Desired } from "./desired.ts";
import type { Entry } from "./record.ts";
import { awaited, isRolling } from "./rollout.ts";
import type { Revision, Situation } from "./situation.ts";
import { nextOpening } from "./windows.ts";

const earliest = (...dates: (number | null)[]): number | null => {
  const known = dates.filter((date) => date !== null);
  return known.length === 0 ? null : Math.min(...known);
};

/** The overlap that is owed: the larger of the resource's and the issuer's. */
export function minOverlap(s: Pick<Situation, "desired" | "issuer" | "former">): number {
  return Math.max(s.desired.retire.minOverlap, s.issuer?.policy.minOverlap ?? 0, s.former?.issuer?.policy.minOverlap ?? 0);
}

/** How long an old one has to have stood still: no shorter than two lists of either issuer are apart. */
function idleFor({ desired, issuer, former }: Pick<Situation, "desired" | "issuer" | "former">): number {
  return Math.max(desired.retire.idleFor, issuer?.resyncInterval ?? 0, former?.issuer?.resyncInterval ?? 0);
}

/** When a revision is due for renewal; null: never by time. */
export function renewAt(desired: Desired, entry: Entry): number | null {
  return earliest(
    entry.expires === null ? null : entry.expires - desired.renewBefore,
    desired.every === null ? null : entry.created + desired.every,
  );
}

/**
 * The last moment at which a renewal still leaves the overlap that is owed: after it, expiry wins over everything that
 * waits. Where nobody comes back by a date of ours (Pulumi's updates), what waits may use up half of renewBefore: an
 * update that comes twice in renewBefore is in time.
 */
export function lastCall(s: Situation, entry: Entry): number | null {
  if (entry.expires === null) return null;
  const half = s.desired.renewBefore / 2;
  const slack = s.copy?.exclusive ? half : Math.min(HOUR, half);
  return Math.max(entry.expires - s.desired.renewBefore, entry.expires - minOverlap(s) - slack);
}

export interface Beginning {
  /** null: no window will open, and nothing expires. */
  readonly at: number | null;
  /** No window opens before the last call, so it begins without one. */
  readonly expiryWins: boolean;
}

/** When a rotation that is due at `due`, and not urgent, begins: when a window is open, or at the last call. */
export function beginAt(s: Situation, entry: Entry, due: number): Beginning {
  const { windows = [] } = s.desired;
  if (windows.length === 0) return { at: due, expiryWins: false };
  const opening = nextOpening(windows, due);
  const last = lastCall(s, entry);
  const expiryWins = last !== null && (opening === null || opening > last);
  return { at: expiryWins ? last : opening, expiryWins };
}

/** A date of the API's clock by ours. */
export function ours(s: Pick<Situation, "now" | "apiNow">, date: number): number {
  return date - (s.apiNow - s.now);
}

export interface RetireDate {
  readonly at: number;
  readonly why: string;
  /** The decision rests on use, so a list sent after `at` has to be seen first. */
  readonly byUse: boolean;
}

/** When an old revision retires beside the current one, as far as is known now. */
export function retireAt(s: Situation, old: Revision, current: Revision): RetireDate {
  const date = retireUnrolled(s, old, current);
  if (!isRolling(s, current)) return date;
  const latest = deadlineOf(s, old, current);
  return date.at >= latest.at ? date : { ...latest, why: `${latest.why}; earlier once consumers have rolled out: ${awaited(s, current)}` };
}

/** Since when an old one gives way: its own successor may have been replaced as well by now. */
const begun = (old: Revision, delivered: number): number => Math.min(old.entry.retiringSince ?? delivered, delivered);

/** The last date, whatever is used or rolls out. */
function deadlineOf(s: Situation, old: Revision, current: Revision): RetireDate {
  const { retire } = s.desired;
  const delivered = current.entry.deliveredAt ?? s.apiNow;
  const end = old.entry.expires ?? Number.POSITIVE_INFINITY;
  const most = Math.max(begun(old, delivered) + retire.maxOverlap, delivered + minOverlap(s));
  const at = Math.min(most, end);
  return { at, why: at < most ? "it expires" : `the longest overlap of ${formatDuration(retire.maxOverlap)} is over`, byUse: false };
}

/** The same where no consumer has to be restarted. */
export function retireUnrolled(s: Situation, old: Revision, current: Revision): RetireDate {
  const { retire } = s.desired;
  const delivered = current.entry.deliveredAt ?? s.apiNow;
  const end = old.entry.expires ?? Number.POSITIVE_INFINITY;
  const least = delivered + minOverlap(s);
  const floor = Math.min(least, end);
  if (retire.when === "Deadline") return { at: floor, why: floor < least ? "it expires" : `the overlap of ${formatDuration(minOverlap(s))} is over`, byUse: false };
  const latest = deadlineOf(s, old, current);
  const seen = current.remote?.lastUsed ?? null;
  // A use in the future is the mistake of some clock, and proves nothing.
  const used = seen !== null && seen > s.apiNow + MINUTE ? null : seen;
  if (used === null || used <= current.entry.usedAfter) return latest;
  const still = Math.max(old.remote?.lastUsed ?? 0, begun(old, delivered)) + idleFor(s);
  const at = Math.max(still, floor);
  if (at >= latest.at) return latest;
  return { at, why: `revision ${current.entry.number} is in use and this one has stood still`, byUse: true };
}

/** When an ended revision is deleted; null: it has not ended. */
export function deleteAt(desired: Desired, entry: Entry): number | null {
  if (!entry.revoked) return null;
  return entry.revoked.why === "compromised" ? entry.revoked.at : entry.revoked.at + desired.keepRevokedFor;
}

/** The default of renewBefore: a third of the lifetime. */
export function defaultRenewBefore(days: number): number {
  return Math.floor((days * DAY) / 3 / 1_000) * 1_000;
}
