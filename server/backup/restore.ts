// Brings a backup into an empty folder or database. Decides that a file is read through
// before anything is touched, that nothing that is there is overwritten, and that all of
// it comes or nothing; must not know what the rows mean.
import { createReadStream } from "node:fs";
import type { KeySource } from "../credential/signing-key.ts";
import { audited, commandActor } from "../rules/audited.ts";
import { systemClock } from "../rules/moment.ts";
import { StartError, reasonOf } from "../start-error.ts";
import type { Database, Queryable } from "../storage/database.ts";
import { bringTo, lockSchema, newestSchema, schemaVersion } from "../storage/migration.ts";
import { type BackupEnd, type BackupHead, type BackupRow, LineHash, type Table, counted, format, tables } from "./form.ts";

const insertSize = 500;

export interface CheckedBackup {
  readonly head: BackupHead;
  readonly keys: readonly string[];
  readonly rows: number;
}

/** Reads all of it once and says whether it is whole. */
export async function checkBackup(file: string): Promise<CheckedBackup> {
  const hash = new LineHash();
  let head: BackupHead | undefined;
  let keys: readonly string[] = [];
  let end: BackupEnd | undefined;
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    const value = parsed(file, number, line);
    if (end !== undefined) throw broken(file, "something follows its end");
    if ("end" in value) {
      end = value as unknown as BackupEnd;
      continue;
    }
    hash.add(line);
    if (number === 1) head = headOf(file, value);
    else if (number === 2) keys = value["keys"] as string[];
    else if (!tables.includes(value["table"] as Table)) throw broken(file, `line ${number} is of no table that is known`);
  }
  const wanted = hash.end();
  if (head === undefined || end === undefined) throw broken(file, "its end is missing");
  if (end.lines !== wanted.lines || end.sha256 !== wanted.sha256) throw broken(file, "its content is not what was written");
  return { head, keys, rows: wanted.lines - 2 };
}

export async function restore(database: Database, keys: KeySource, file: string): Promise<CheckedBackup> {
  const checked = await checkBackup(file);
  const service = { database, clock: systemClock };
  await database.transaction(async (inside) => {
    await lockSchema(inside);
    if ((await schemaVersion(inside)) !== 0) {
      throw new StartError("data-in-use", "There is data of a token service already and it is left alone: restore into an empty folder or database.");
    }
    await bringTo(inside, checked.head.schema, 0);
    // What an empty service begins with is in the backup, as it was.
    for (const table of tables.toReversed()) if (table !== "audit" && (await exists(inside, table))) await inside.query(`delete from servicetokens.${table}`);
    await insertAll(inside, file);
    for (const table of counted) {
      await inside.query(`select setval(pg_get_serial_sequence('servicetokens.${table}', 'id'), coalesce((select max(id) from servicetokens.${table}), 0) + 1, false)`);
    }
    await bringTo(inside, newestSchema, checked.head.schema);
    if (checked.keys.length > 0) await keys.write?.(checked.keys, inside);
  });
  await audited(service, commandActor, async (_inside, record) => record({ action: "data.restored", detail: { created: checked.head.created, rows: checked.rows } }));
  return checked;
}

async function insertAll(inside: Queryable, file: string): Promise<void> {
  let table: Table | undefined;
  let rows: unknown[] = [];
  const flush = async (): Promise<void> => {
    if (table !== undefined && rows.length > 0) {
      await inside.query(`insert into servicetokens.${table} overriding system value select * from json_populate_recordset(null::servicetokens.${table}, $1::json)`, [JSON.stringify(rows)]);
    }
    rows = [];
  };
  for await (const line of linesOf(file)) {
    const value = JSON.parse(line) as Partial<BackupRow>;
    if (value.table === undefined) continue;
    if (value.table !== table || rows.length >= insertSize) await flush();
    table = value.table;
    rows.push(value.row);
  }
  await flush();
}

async function exists(inside: Queryable, table: Table): Promise<boolean> {
  const [found] = await inside.query<{ present: boolean }>("select to_regclass($1) is not null as present", [`servicetokens.${table}`]);
  return found?.present === true;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, "utf8");
  try {
    // By the line feed alone: readline would also end a line within a name that holds U+2028.
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest !== "") yield rest;
  } catch (cause) {
    throw new StartError("backup-unusable", `The backup ${file} cannot be read: name a file that this user may read with --from (${reasonOf(cause)}).`, cause);
  } finally {
    stream.destroy();
  }
}

function parsed(file: string, number: number, line: string): Record<string, unknown> {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw broken(file, `line ${number} is no JSON object`);
}

function headOf(file: string, value: Record<string, unknown>): BackupHead {
  if (value["format"] !== format || typeof value["schema"] !== "number") throw broken(file, `it does not begin like one`);
  if (value["schema"] > newestSchema) throw new StartError("data-newer", `The backup ${file} was written by a newer version of the token service: restore it with that version or a newer one.`);
  return value as unknown as BackupHead;
}

function broken(file: string, why: string): StartError {
  return new StartError("backup-unusable", `The file ${file} is no whole backup, since ${why}: take another one. Nothing was touched.`);
}
