// Whether the consumers of the current revision were restarted for it, and when to look at them again.
// Knows no workload: what was seen of them is one fact, present, absent or unknown.
import { MINUTE, SECOND } from "./duration.ts";
import type { Rollout } from "./observed.ts";
import type { Entry } from "./record.ts";
import type { Revision, Situation } from "./situation.ts";

/** Between two looks at workloads that are under way; longer the longer they take. */
const LOOK_AGAIN = 2 * SECOND;
const LOOK_AGAIN_MOST = 10 * MINUTE;

/** Whether the spec restarts workloads, and this revision was delivered to ones that held an earlier value. */
export function isOwed(s: Pick<Situation, "desired">, { entry }: Revision): boolean {
  return (s.desired.restart ?? []).length > 0 && entry.restart !== undefined;
}

const isFor = ({ revision, created }: Rollout, entry: Entry): boolean => revision === entry.number && created === entry.created;

/** What was seen of the workloads, as far as it speaks of this revision. */
export function seenOf(s: Pick<Situation, "observed">, { entry }: Revision): Rollout | null {
  const { rollout } = s.observed;
  return rollout?.is === "present" && isFor(rollout.value, entry) ? rollout.value : null;
}

/** Whether a consumer may still hold an earlier value, because it was not restarted yet or is not known to be. */
export function isRolling(s: Pick<Situation, "desired" | "observed">, current: Revision): boolean {
  if (!isOwed(s, current) || s.observed.rollout?.is === "absent") return false;
  const seen = seenOf(s, current);
  return !(seen?.asked && seen.complete);
}

/** Why it is not over, for people. */
export function awaited(s: Pick<Situation, "desired" | "observed">, current: Revision): string {
  const { rollout } = s.observed;
  if (rollout?.is === "unknown") return rollout.message;
  return seenOf(s, current)?.waits ?? `${(s.desired.restart ?? []).join(", ")} has to roll out`;
}

/** How long a look is good for, milliseconds. */
export function lookAgainAfter(s: Pick<Situation, "apiNow">, { entry }: Revision): number {
  const since = s.apiNow - (typeof entry.restart === "number" ? entry.restart : (entry.deliveredAt ?? s.apiNow));
  return Math.min(LOOK_AGAIN_MOST, Math.max(LOOK_AGAIN, since / 10));
}

/** What was complete may have been taken back since: a look that an old one is to retire by is not older. */
const RECENT = MINUTE;

/** Whether an old revision that may go by what was seen of the workloads has to wait for a newer look. */
export function isDated(s: Pick<Situation, "desired" | "observed">, current: Revision): boolean {
  const seen = seenOf(s, current);
  return isOwed(s, current) && seen !== null && seen.readAt + RECENT <= s.observed.monotonic;
}

/** Whether the workloads have to be looked at to know more than is known. */
export function isStale(s: Pick<Situation, "observed" | "apiNow">, current: Revision): boolean {
  const { rollout, monotonic } = s.observed;
  if (!rollout) return true;
  if (rollout.is !== "present") return false;
  return !isFor(rollout.value, current.entry) || rollout.value.readAt + lookAgainAfter(s, current) <= monotonic;
}
