// Brings a database to the newest schema. Decides order, exclusion and what to do with
// a database from the future; must not know what the statements mean.
import { StartError } from "../start-error.ts";
import type { Database, Queryable } from "./database.ts";
import { migrations } from "./schema.ts";

// Any fixed number: two services that start on one database take turns.
const advisoryLock = 7_311_482_003;

export const newestSchema = migrations.length;

export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (inside) => {
    await lockSchema(inside);
    const version = await schemaVersion(inside);
    if (version > newestSchema) throw newerData();
    await bringTo(inside, newestSchema, version);
  });
}

/** Until the transaction ends, nobody else looks at or changes the schema by way of this file. */
export async function lockSchema(inside: Queryable): Promise<void> {
  await inside.query("select pg_advisory_xact_lock($1::bigint)", [advisoryLock]);
}

/** 0: there is nothing of ours yet. Only looks. */
export async function schemaVersion(inside: Queryable): Promise<number> {
  const [found] = await inside.query<{ present: boolean }>("select to_regclass('servicetokens.migration') is not null as present");
  if (found?.present !== true) return 0;
  const [count] = await inside.query<{ done: number }>("select count(*)::int as done from servicetokens.migration");
  return count?.done ?? 0;
}

/** `from` is what schemaVersion says. */
export async function bringTo(inside: Queryable, version: number, from: number): Promise<void> {
  // Created only where it is not there, so that a user without the right to create schemas can start on a prepared one.
  if (from === 0) await createMemory(inside);
  for (const [index, statements] of migrations.entries()) {
    if (index < from || index >= version) continue;
    for (const statement of statements) await inside.query(statement);
    await inside.query("insert into servicetokens.migration (number, applied) values ($1, now())", [index + 1]);
  }
}

export function newerData(): StartError {
  return new StartError("data-newer", "The data was written by a newer version of the token service and was left as it is: start that version or a newer one.");
}

async function createMemory(inside: Queryable): Promise<void> {
  const [found] = await inside.query<{ present: boolean }>("select to_regclass('servicetokens.migration') is not null as present");
  if (found?.present === true) return;
  await inside.query("create schema if not exists servicetokens");
  await inside.query("create table servicetokens.setting (name text primary key, value text not null)");
  await inside.query("create table servicetokens.migration (number integer primary key, applied timestamptz not null)");
}
