// One workload that reads its token at its start, as one process sees it, and what has to hold of its restarts.
import { absent, present, unknown, type Fact, type Rollout } from "../../core/observed.ts";
import type { RestartedFor, Workloads } from "../../tokenapi/workloads.ts";
import { recordOf } from "./truth.ts";
import type { Token } from "./ledger.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** As the apiserver has it. */
export class Workload {
  exists = true;
  /** Why it may not be read or changed; null: it may. */
  refusal: string | null = null;
  /** The revision that its pods were last restarted for, as its template says; null: the template does not say. */
  marked: RestartedFor | null = null;
  /** When it was made: pods that come later read what stands there then. */
  madeAt = 0;
  /** When all of its pods will have come since that. */
  doneAt = 0;
}

/** For it, or for a later one: as the operator reads its annotation. */
const isAsked = ({ marked }: Workload, { revision, created }: RestartedFor): boolean =>
  marked !== null && (marked.created === created ? marked.revision === revision : marked.created > created && marked.revision > revision);

export class SimWorkloads implements Workloads {
  readonly #of: Process;

  constructor(of: Process) {
    this.#of = of;
  }

  async #call(name: string, of: RestartedFor, effect: (workload: Workload) => void): Promise<Fact<Rollout>> {
    const { world, clock } = this.#of;
    const readAt = clock.monotonic();
    await this.#of.park(name, 2, 100);
    const { workload } = world;
    if (world.mishap(world.profile.fault / 2)) return unknown("RestartBlocked", "The workload could not be read.");
    if (workload.refusal !== null) return unknown("RestartBlocked", workload.refusal);
    if (!workload.exists) return absent("There is no such workload.");
    effect(workload);
    const asked = isAsked(workload, of);
    const complete = asked && workload.doneAt <= world.time.now;
    await this.#of.park(name, 2, 100);
    return present({ readAt, revision: of.revision, created: of.created, asked, complete, waits: complete ? null : "it rolls out", missing: [] });
  }

  look(of: RestartedFor): Promise<Fact<Rollout>> {
    return this.#call("look-workloads", of, () => undefined);
  }

  restart(of: RestartedFor): Promise<Fact<Rollout>> {
    return this.#call("restart-workloads", of, (workload) => {
      if (isAsked(workload, of)) return;
      onRestart(this.#of.world, of);
      workload.marked = { revision: of.revision, created: of.created };
      workload.doneAt = this.#of.world.time.now + this.#of.world.random.span(1_000, 2_000_000);
    });
  }
}

/** Once for each delivered revision that has a predecessor, and for no other reason. */
function onRestart(world: World, { revision, created }: RestartedFor): void {
  world.tell(() => `  the workload restarts for r${revision}`);
  const entry = recordOf(world)?.revisions.find((other) => other.number === revision && other.created === created);
  // What is written meanwhile by others decides nothing about what was planned.
  if (!entry || world.secretTouchedAt > world.time.now - 60_000) return;
  if (entry.restart === undefined) world.broken("L5 exactly once", `the workload was restarted for r${revision}, and nobody had held an earlier value`);
  if (typeof entry.restart === "number" && world.profile.mode === "elected" && world.profile.freeze === 0) world.broken("L5 exactly once", `the workload was restarted for r${revision} again`);
}

/** Whether an old revision may be recorded as retired before its last date, as far as restarts go. */
export function isRolledOut({ world, desired }: Process, current: Token): boolean {
  const { workload, time } = world;
  const entry = recordOf(world)?.revisions.find(({ id }) => id === current.id);
  if ((desired.restart ?? []).length === 0 || entry?.restart === undefined || !workload.exists) return true;
  // What somebody did to it a moment ago may not have been seen.
  if (time.now - world.workloadTouchedAt < 120_000) return true;
  if (entry.deliveredAt !== null && workload.madeAt > entry.deliveredAt) return true;
  return isAsked(workload, { revision: entry.number, created: entry.created }) && workload.doneAt <= time.now;
}
