// What reads its token at its start and has to be restarted for a new one. The executor asks through this port and
// nothing else; in Kubernetes these are Deployments and their like, elsewhere there are none.
import type { Fact, Rollout } from "../core/observed.ts";

/** A revision as restarts know it; see Rollout. */
export type RestartedFor = Pick<Rollout, "revision" | "created">;

export interface Workloads {
  /** How far they are for a revision. Never throws for what the world does: what cannot be seen is unknown. */
  look(of: RestartedFor): Promise<Fact<Rollout>>;
  /** Restarts those that were not restarted for this revision or a later one yet; answers how far they are then. Never throws either. */
  restart(of: RestartedFor): Promise<Fact<Rollout>>;
}
