// Writes all data into one file. Decides that it is of one moment, also while services
// run on the database, and that the file is there whole or not at all; must not know what
// the rows mean. The file holds the signing keys: who has it can sign.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import type { KeySource } from "../credential/signing-key.ts";
import { StartError, reasonOf } from "../start-error.ts";
import type { Database, Queryable } from "../storage/database.ts";
import { newerData, newestSchema, schemaVersion } from "../storage/migration.ts";
import { type BackupHead, LineHash, format, tables } from "./form.ts";

const fetchSize = 1_000;

export interface BackupOutcome {
  readonly rows: number;
}

export async function backup(database: Database, keys: KeySource | undefined, file: string, now: Date): Promise<BackupOutcome> {
  if (existsSync(file)) throw new StartError("backup-unusable", `The file ${file} is there already and is left alone: name another one with --to.`);
  const fresh = `${file}.new`;
  const hash = new LineHash();
  let rows = 0;
  const handle = create(fresh);
  const write = (value: unknown): void => {
    const line = JSON.stringify(value);
    hash.add(line);
    writeSync(handle, `${line}\n`);
  };
  try {
    const secrets = (await keys?.read()) ?? [];
    await database.transaction(async (inside) => {
      await inside.query("set transaction isolation level repeatable read");
      const head: BackupHead = { format, schema: await knownVersion(inside), created: now.toISOString() };
      write(head);
      write({ keys: secrets });
      rows = await writeRows(inside, write);
    });
    writeSync(handle, `${JSON.stringify(hash.end())}\n`);
    fsyncSync(handle);
    renameSync(fresh, file);
  } catch (cause) {
    rmSync(fresh, { force: true });
    throw cause;
  } finally {
    closeSync(handle);
  }
  return { rows };
}

async function writeRows(inside: Queryable, write: (value: unknown) => void): Promise<number> {
  let rows = 0;
  for (const table of tables) {
    const [found] = await inside.query<{ present: boolean }>("select to_regclass($1) is not null as present", [`servicetokens.${table}`]);
    if (found?.present !== true) continue;
    // The keys have a line of their own, whatever they lie in.
    const kept = table === "setting" ? "where t.name <> 'signing_key'" : "";
    await inside.query(`declare backup_${table} no scroll cursor for select row_to_json(t)::text as row from servicetokens.${table} t ${kept}`);
    for (;;) {
      const page = await inside.query<{ row: string }>(`fetch ${fetchSize} from backup_${table}`);
      for (const { row } of page) write({ table, row: JSON.parse(row) as unknown });
      rows += page.length;
      if (page.length < fetchSize) break;
    }
    await inside.query(`close backup_${table}`);
  }
  return rows;
}

async function knownVersion(inside: Queryable): Promise<number> {
  const version = await schemaVersion(inside);
  if (version === 0) throw new StartError("data-unusable", "There is nothing to back up: no token service has run on this data yet.");
  if (version > newestSchema) throw newerData();
  return version;
}

function create(path: string): number {
  try {
    rmSync(path, { force: true });
    return openSync(path, "wx", 0o600);
  } catch (cause) {
    throw new StartError("backup-unusable", `The backup cannot be written to ${path}: name a file in an existing folder that this user may write with --to (${reasonOf(cause)}).`, cause);
  }
}
