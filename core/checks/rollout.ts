// Restarts of consumers: once for each new revision, never again for the same one.
// That it was done is recorded, so that neither a restart of ours nor somebody who takes the annotation away repeats it.
import { act, normal, stall, warning, type Check, type Hit } from "../hit.ts";
import { restarted } from "../recording.ts";
import { isDated, isOwed, isStale, seenOf } from "../rollout.ts";
import type { Revision, Situation } from "../situation.ts";

function due(s: Situation): Revision | null {
  const { current, copy, desired, record } = s;
  if (!current || !record || current.entry.restart !== "due" || !isOwed(s, current)) return null;
  return current.seen === "active" && copy?.value === "intact" && !desired.paused ? current : null;
}

export const restartDue: Check = {
  name: "restart-due",
  why: "consumers that read their token at their start are restarted for a new one, once",
  ask(s) {
    const current = due(s);
    if (!current || !s.record) return null;
    const { number, created } = current.entry;
    const { rollout } = s.observed;
    if (rollout?.is === "unknown") return null;
    const seen = seenOf(s, current);
    if (rollout?.is !== "absent" && !seen) return act({ do: "Look", at: "rollout", after: s.observed.monotonic }, "Restarting", `Revision ${number} is delivered: looking at what has to restart for it.`);
    if (seen && !seen.asked) {
      const names = (s.desired.restart ?? []).filter((name) => !seen.missing.includes(name)).join(", ");
      const message = `Restarted ${names} for revision ${number} of ${s.desired.resource}.`;
      return act({ do: "Restart", revision: number, created }, "Restarting", `Restarting ${names} for revision ${number}.`, normal("Restarted", message));
    }
    const missing = seen ? seen.missing : (s.desired.restart ?? []);
    const message = missing.length === 0 ? `All that spec.restart names was restarted for revision ${number}.` : `There is no ${missing.join(", ")} to restart for revision ${number} of ${s.desired.resource}: correct spec.restart.`;
    return act({ do: "Record", record: restarted(s.record, number, s.apiNow) }, "Restarting", message, missing.length === 0 ? null : warning("RestartBlocked", message));
  },
};

export const restartBlocked: Check = {
  name: "restart-blocked",
  why: "says why a restart that is due does not come; everything else goes on",
  ask(s) {
    const current = due(s);
    if (!current || s.observed.rollout?.is !== "unknown") return null;
    return stall("RestartBlocked", `Consumers cannot be restarted for revision ${current.entry.number}: ${s.observed.rollout.message}`);
  },
};

/** A retirement that only waits for a rollout looks at it; null: it is looked at often enough. */
export function watchRollout(s: Situation, current: Revision): ReturnType<Check["ask"]> {
  return isStale(s, current) ? lookAtRollout(s, current) : null;
}

/** The last look before an old revision goes. */
export const checkRollout = (s: Situation, current: Revision): ReturnType<Check["ask"]> => (isDated(s, current) ? lookAtRollout(s, current) : null);

function lookAtRollout(s: Situation, current: Revision): Hit {
  return act({ do: "Look", at: "rollout", after: s.observed.monotonic }, "Retiring", `Looking whether what was restarted for revision ${current.entry.number} has rolled out.`);
}
