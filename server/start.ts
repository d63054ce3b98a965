// Puts the token service together and takes it apart again. Decides the order: lock,
// database, schema, key, administrator, listen; must not know any rule or endpoint.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { bootstrapAdmin } from "./credential/bootstrap.ts";
import { BearerTokens } from "./credential/bearer.ts";
import { checkedSecret, newSigningKey, signingKeyInDatabase, signingKeyInFolder } from "./credential/signing-key.ts";
import { buildApp } from "./http/app.ts";
import { type ListenAddress, parseListenAddress, urlOf } from "./listen-address.ts";
import { type Clock, currentSecond, dateOf, systemClock } from "./rules/moment.ts";
import type { Service } from "./rules/service.ts";
import { StartError, reasonOf } from "./start-error.ts";
import type { Database } from "./storage/database.ts";
import { openEmbedded } from "./storage/embedded.ts";
import { lockFolder } from "./storage/folder-lock.ts";
import { migrate } from "./storage/migration.ts";
import { openPostgres } from "./storage/postgres.ts";
import { settleSetting, writeSetting } from "./storage/setting.ts";
import { ensureTeams } from "./storage/team-table.ts";
import { Usage } from "./storage/usage.ts";

export interface ServerOptions {
  /** HOST:PORT; port 0 takes any free one. */
  readonly listen: string;
  /** A folder, `memory:`, or `postgres://...`. */
  readonly data: string;
  readonly adminTokenFile: string;
  /** Default: JSON lines on stderr. */
  readonly logger?: Logger;
  /** Teams that exist besides Public; the API has no call that makes one. */
  readonly teams?: readonly string[];
  /** Default: JWT_SIGNING_SECRET of the environment, else a generated one kept with the data. */
  readonly signingSecret?: string;
  /** Default: API_AUTH_ALLOW_QUALYTICS_ISSUER of the environment is not `false`. */
  readonly acceptTokens?: boolean;
  readonly clock?: Clock;
}

export interface RunningServer {
  readonly url: string;
  /** Answers what is under way, writes what is pending, frees the data. */
  close(): Promise<void>;
}

/** Rejects with a StartError when a person has to change something first. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const address = parseListenAddress(options.listen);
  const logger = options.logger ?? pino({ name: "token-service" }, pino.destination(2));
  const undo: Undo = [];
  try {
    const service = await openService(options, logger, undo);
    const outcome = await bootstrapAdmin(service, options.adminTokenFile);
    logger.info({ file: options.adminTokenFile }, outcome === "kept" ? "Administrator token in the file is valid and kept" : "Administrator token issued into the file");
    const app = buildApp(service, logger);
    undo.push(() => app.close());
    const url = urlOf({ ...address, port: await listen(app, address) });
    logger.info({ url }, "Token service listens");
    let closed: Promise<void> | undefined;
    return { url, close: () => (closed ??= takeApart(undo)) };
  } catch (cause) {
    await takeApart(undo);
    throw cause;
  }
}

/** What has to be undone, in the order in which it was done. */
type Undo = (() => unknown)[];

/** Every step is taken, also after one that failed; the first failure is told. */
async function takeApart(undo: Undo): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.reverse()) {
    try {
      await step();
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures[0];
}

interface OpenedData {
  readonly database: Database;
  /** Read only when the environment brings no secret. */
  readonly ownKey: () => string | Promise<string>;
}

async function openService(options: ServerOptions, logger: Logger, undo: Undo): Promise<Service> {
  const given = options.signingSecret ?? process.env["JWT_SIGNING_SECRET"];
  const secret = given === undefined || given === "" ? undefined : checkedSecret(given);
  const { database, ownKey } = await openData(options.data, logger, undo);
  undo.push(() => database.close());
  await migrate(database);
  const bearer = await BearerTokens.with(secret ?? (await ownKey()));
  await warnOfNewKey(database, bearer.fingerprint(), logger);
  const clock = options.clock ?? systemClock;
  await ensureTeams(database, options.teams ?? [], dateOf(currentSecond(clock)));
  const usage = new Usage(database, (cause) => logger.error({ reason: reasonOf(cause) }, "Last use not written yet"));
  undo.push(() => usage.close());
  return { database, bearer, usage, clock, acceptTokens: options.acceptTokens ?? process.env["API_AUTH_ALLOW_QUALYTICS_ISSUER"] !== "false" };
}

async function openData(data: string, logger: Logger, undo: Undo): Promise<OpenedData> {
  if (data === "memory:") return { database: await openEmbedded(), ownKey: newSigningKey };
  if (/^postgres(ql)?:\/\//.test(data)) {
    const database = await openPostgres(data, (cause) => logger.warn({ reason: reasonOf(cause) }, "Database connection lost"));
    return { database, ownKey: () => signingKeyInDatabase(database) };
  }
  if (data === "" || /^[a-z][a-z0-9+]+:/i.test(data)) {
    throw new StartError("data-unusable", `The data "${data}" is nothing this service can open: give --data a folder, memory: or postgres://...`);
  }
  return openFolder(data, undo);
}

async function openFolder(folder: string, undo: Undo): Promise<OpenedData> {
  const inner = join(folder, "database");
  try {
    mkdirSync(inner, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StartError("data-unusable", `The data folder ${folder} cannot be made: name a folder that this user may write with --data (${reasonOf(cause)}).`, cause);
  }
  const lock = lockFolder(folder);
  undo.push(() => lock.release());
  try {
    return { database: await openEmbedded(inner), ownKey: () => signingKeyInFolder(folder) };
  } catch (cause) {
    throw new StartError("data-unusable", `The database in ${folder} cannot be opened: restore the folder from a backup, or name another one with --data (${reasonOf(cause)}).`, cause);
  }
}

/** The tokens stay in the list but nobody gets in with one: say why before anyone asks. */
async function warnOfNewKey(database: Database, fingerprint: string, logger: Logger): Promise<void> {
  if ((await settleSetting(database, "signing_key_fingerprint", fingerprint)) === fingerprint) return;
  logger.warn("The signing key is another one than before: tokens issued so far are no longer accepted");
  await writeSetting(database, "signing_key_fingerprint", fingerprint);
}

async function listen(app: ReturnType<typeof buildApp>, address: ListenAddress): Promise<number> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (cause) {
    throw new StartError("listen-unusable", `Cannot listen on ${address.host}:${address.port}: free the address or give another one with --listen (${reasonOf(cause)}).`, cause);
  }
  const bound = app.server.address();
  return bound === null || typeof bound === "string" ? address.port : bound.port;
}
