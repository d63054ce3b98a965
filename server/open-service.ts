// From settings to the parts that every rule works with. Decides the order: data, schema,
// keys; must not know any rule or endpoint.
import type { Logger } from "pino";
import { parseDuration } from "../core/duration.ts";
import { type KeyChange, type KeyRing, noteKeyChange, openKeyRing } from "./credential/key-ring.ts";
import { type KeySource, keysGiven } from "./credential/signing-key.ts";
import { ensureDevelopers, refuseOpenDevelopment } from "./development.ts";
import { type Undo, isPostgres, openData } from "./open-data.ts";
import type { ChainedEntry } from "./rules/audit-entry.ts";
import { type Clock, currentSecond, dateOf, systemClock } from "./rules/moment.ts";
import type { Service } from "./rules/service.ts";
import type { Settings } from "./settings/settings.ts";
import { StartError, reasonOf } from "./start-error.ts";
import { lookUpCredentials } from "./storage/credential-lookup.ts";
import { migrate } from "./storage/migration.ts";
import { ensureTeams } from "./storage/team-table.ts";
import { Usage } from "./storage/usage.ts";

export interface OpenedService {
  readonly service: Service;
  readonly keys: KeyRing;
}

export interface Surroundings {
  readonly logger: Logger;
  readonly undo: Undo;
  readonly onAudit: (entry: ChainedEntry) => void;
  /** Instead of the environment. */
  readonly signingSecret?: string | undefined;
  readonly clock?: Clock | undefined;
}

export async function openService(settings: Settings, { logger, undo, onAudit, signingSecret, clock: given }: Surroundings): Promise<OpenedService> {
  refuseDevelopmentOnPostgres(settings);
  if (settings.development) refuseOpenDevelopment(settings.listen);
  const clock = offsetClock(given ?? systemClock, settings.clockOffset);
  const environmentKeys = keysOfEnvironment(signingSecret);
  const { database, ownKeys } = await openData(settings.data, logger, undo);
  await migrate(database);
  const keys = await openKeyRing(environmentKeys ?? ownKeys);
  tellKeyChange(await noteKeyChange({ database, clock, onAudit }, keys.bearer), logger);
  await ensureTeams(database, settings.teams, dateOf(currentSecond(clock)));
  if (settings.development) await ensureDevelopers(database, dateOf(currentSecond(clock)));
  const usage = new Usage(database, (cause) => logger.error({ reason: reasonOf(cause) }, "Last use not written yet"));
  undo.push(() => usage.close());
  return { keys, service: { database, credentials: lookUpCredentials(database), bearer: keys.bearer, keys, usage, clock, acceptTokens: settings.acceptTokens, development: settings.development, onAudit } };
}

export function keysOfEnvironment(signingSecret: string | undefined = process.env["JWT_SIGNING_SECRET"]): KeySource | undefined {
  return signingSecret === undefined || signingSecret === "" ? undefined : keysGiven(signingSecret, process.env["JWT_SIGNING_SECRET_PREVIOUS"] ?? "");
}

export function tellKeyChange(change: KeyChange | undefined, logger: Logger): void {
  if (change === undefined) return;
  if (change.accepted) logger.info({ fingerprint: change.now }, "Tokens are signed with a new key; those signed with the key before stay valid");
  else logger.warn({ fingerprint: change.now }, "The signing key is another one than before: tokens issued so far are no longer accepted");
}

/** What only makes sense while developing, on data that others may rely on: only for who says so twice. */
function refuseDevelopmentOnPostgres({ data, development, fault, clockOffset, developmentOnPostgres }: Settings): void {
  if (!isPostgres(data) || (development && developmentOnPostgres)) return;
  const asked = [development ? "--development" : "", fault.length > 0 ? "--fault" : "", clockOffset === undefined ? "" : "--clock-offset"].filter((flag) => flag !== "");
  if (asked.length === 0) return;
  throw new StartError("settings-unusable", `${asked.join(" and ")} on a PostgreSQL database would harm whoever relies on it: use a folder or memory: for --data, or, if nobody does, add both --development and --development-on-postgres.`);
}

function offsetClock(clock: Clock, offset: string | undefined): Clock {
  if (offset === undefined) return clock;
  const behind = offset.startsWith("-");
  const size = parseDuration(behind ? offset.slice(1) : offset);
  if (size === null) throw new StartError("settings-unusable", `The clock offset "${offset}" is no duration: write it as in 2160h, or -10m.`);
  return () => clock() + (behind ? -size : size);
}
