// Brings a database to the newest schema. Decides order, exclusion and what to do with
// a database from the future; must not know what the statements mean.
import { StartError } from "../start-error.ts";
import type { Database, Queryable } from "./database.ts";
import { migrations } from "./schema.ts";

// Any fixed number: two services that start on one database take turns.
const advisoryLock = 7_311_482_003;

export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (inside) => {
    await inside.query("select pg_advisory_xact_lock($1::bigint)", [advisoryLock]);
    const done = await appliedCount(inside);
    if (done > migrations.length) {
      throw new StartError("data-newer", "The data was written by a newer version of the token service: start that version or a newer one.");
    }
    for (const [index, statements] of migrations.entries()) {
      if (index < done) continue;
      for (const statement of statements) await inside.query(statement);
      await inside.query("insert into servicetokens.migration (number, applied) values ($1, now())", [index + 1]);
    }
  });
}

/** Looks before it creates, so that a user without the right to create schemas can start on a prepared one. */
async function appliedCount(inside: Queryable): Promise<number> {
  const [found] = await inside.query<{ present: boolean }>("select to_regclass('servicetokens.migration') is not null as present");
  if (found?.present !== true) {
    await inside.query("create schema if not exists servicetokens");
    await inside.query("create table servicetokens.setting (name text primary key, value text not null)");
    await inside.query("create table servicetokens.migration (number integer primary key, applied timestamptz not null)");
  }
  const [count] = await inside.query<{ done: number }>("select count(*)::int as done from servicetokens.migration");
  return count?.done ?? 0;
}
