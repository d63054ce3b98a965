// From --data to a database and its signing keys. Decides what the word stands for; must
// not know any table.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import { type KeySource, keyInMemory, keysInDatabase, keysInFolder } from "./credential/signing-key.ts";
import { StartError, reasonOf } from "./start-error.ts";
import type { Database } from "./storage/database.ts";
import { makeEmbedded, openEmbedded, openInMemory } from "./storage/embedded.ts";
import { lockFolder } from "./storage/folder-lock.ts";
import { openPostgres } from "./storage/postgres.ts";

export interface OpenedData {
  readonly database: Database;
  /** Where the keys lie when the environment brings none. */
  readonly ownKeys: KeySource;
}

/** What has to be undone, in the order in which it was done. */
export type Undo = (() => unknown)[];

/** Every step is taken, also after one that failed; the first failure is told. */
export async function takeApart(undo: Undo): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures[0];
}

export function isPostgres(data: string): boolean {
  return /^postgres(ql)?:\/\//.test(data);
}

export async function openData(data: string, logger: Pick<Logger, "warn">, undo: Undo): Promise<OpenedData> {
  const opened = await openAny(data, logger, undo);
  undo.push(() => opened.database.close());
  return opened;
}

async function openAny(data: string, logger: Pick<Logger, "warn">, undo: Undo): Promise<OpenedData> {
  if (data === "memory:") return { database: await openInMemory(), ownKeys: keyInMemory() };
  if (isPostgres(data)) {
    const database = await openPostgres(data, (cause) => logger.warn({ reason: reasonOf(cause) }, "Database connection lost"));
    return { database, ownKeys: keysInDatabase(database) };
  }
  if (data === "" || /^[a-z][a-z0-9+]+:/i.test(data)) {
    throw new StartError("data-unusable", `The data "${data}" is nothing this service can open: give --data a folder, memory: or postgres://...`);
  }
  return openFolder(data, undo);
}

/** A folder that a token service has run on. */
export function isUsedFolder(folder: string): boolean {
  return existsSync(join(folder, "database"));
}

async function openFolder(folder: string, undo: Undo): Promise<OpenedData> {
  const inner = join(folder, "database");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StartError("data-unusable", `The data folder ${folder} cannot be made: name a folder that this user may write with --data (${reasonOf(cause)}).`, cause);
  }
  const lock = lockFolder(folder);
  undo.push(() => lock.release());
  try {
    return { database: await openOrMake(inner, join(folder, "database-is-being-made")), ownKeys: keysInFolder(folder) };
  } catch (cause) {
    throw new StartError("data-unusable", `The database in ${folder} cannot be opened: restore the folder from a backup, or name another one with --data (${reasonOf(cause)}).`, cause);
  }
}

/** A process that was killed while it made the database left none: nothing was answered from it, so it is made anew. */
async function openOrMake(inner: string, mark: string): Promise<Database> {
  if (existsSync(mark)) rmSync(inner, { recursive: true, force: true });
  if (existsSync(inner)) return openEmbedded(inner);
  closeSync(openSync(mark, "w", 0o600));
  syncFolder(mark);
  mkdirSync(inner, { mode: 0o700 });
  const database = await makeEmbedded(inner);
  rmSync(mark);
  // A mark that a power cut brings back would have the database made anew.
  syncFolder(mark);
  return database;
}

/** The folder that a file was put into or taken from. */
function syncFolder(path: string): void {
  const handle = openSync(dirname(path), "r");
  fsyncSync(handle);
  closeSync(handle);
}
