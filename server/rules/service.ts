// What every rule works with. Decides nothing: it names the parts that start-up puts
// together, so that a test can put together the same with another clock.
import type { BearerTokens } from "../credential/bearer.ts";
import type { KeyRing } from "../credential/key-ring.ts";
import type { CredentialLookup } from "../storage/credential-lookup.ts";
import type { Database } from "../storage/database.ts";
import type { Usage } from "../storage/usage.ts";
import type { ChainedEntry } from "./audit-entry.ts";
import type { Clock } from "./moment.ts";

export interface Service {
  readonly database: Database;
  readonly bearer: BearerTokens;
  /** Keys that may be exchanged while the service runs; absent: they stay. */
  readonly keys?: Pick<KeyRing, "refresh" | "refreshForStranger">;
  readonly credentials: CredentialLookup;
  readonly usage: Usage;
  readonly clock: Clock;
  /** False: a deployment that refuses every token of its own making. */
  readonly acceptTokens: boolean;
  /** True: on this machine, anybody may sign in as anybody. */
  readonly development?: boolean;
  /** Told of every entry of the audit log once it is committed. */
  readonly onAudit?: (entry: ChainedEntry) => void;
}
