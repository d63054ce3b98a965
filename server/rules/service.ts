// What every rule works with. Decides nothing: it names the parts that start-up puts
// together, so that a test can put together the same with another clock.
import type { BearerTokens } from "../credential/bearer.ts";
import type { Database } from "../storage/database.ts";
import type { Usage } from "../storage/usage.ts";
import type { Clock } from "./moment.ts";

export interface Service {
  readonly database: Database;
  readonly bearer: BearerTokens;
  readonly usage: Usage;
  readonly clock: Clock;
  /** False: a deployment that refuses every token of its own making. */
  readonly acceptTokens: boolean;
}
