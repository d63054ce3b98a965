// A token of our scope whose resource is gone: what becomes of it. The object was deleted with its finalizer taken
// away, or it is younger than the backup that the cluster came back from. Decides for one token; who looks for them,
// and when it is certain that nothing declares it any more, is the front's.
import { DAY } from "./duration.ts";
import type { Remote } from "./observed.ts";
import { isUnused } from "./situation.ts";

export type OrphanPolicy = "Report" | "Retire";

export interface OrphanCase {
  readonly remote: Remote;
  /** Since when nothing is known to declare it, by the API's clock; milliseconds since 1970. */
  readonly since: number;
  readonly apiNow: number;
  readonly policy: OrphanPolicy;
  /** Somebody else was seen to issue under a mark of ours: it may be theirs, and none is touched. */
  readonly contested: boolean;
}

/** clear: revoke and delete it. retire: revoke it, and keep it for a restore. say: leave it, and name it. */
export type OrphanDeed = "clear" | "retire" | "say";

/** There is no spec left to say these: they are the defaults of rotation.retire. */
const STOOD_STILL = DAY;
const LONGEST = 7 * DAY;

export function judgeOrphan({ remote, since, apiNow, policy, contested }: OrphanCase): OrphanDeed {
  if (contested) return "say";
  if (isUnused(remote)) return "clear";
  if (policy === "Report") return "say";
  const still = Math.max(remote.lastUsed ?? 0, since) + STOOD_STILL <= apiNow;
  return still || since + LONGEST <= apiNow ? "retire" : "say";
}
