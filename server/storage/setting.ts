// Small named values that belong to the data as a whole. Decides that the first writer
// wins, so that two services on one database agree; must not know what they mean.
import type { Queryable } from "./database.ts";

/** The value under this name, which is `fallback` from now on if there was none. */
export async function settleSetting(database: Queryable, name: string, fallback: string): Promise<string> {
  await database.query("insert into servicetokens.setting (name, value) values ($1, $2) on conflict (name) do nothing", [name, fallback]);
  const [row] = await database.query<{ value: string }>("select value from servicetokens.setting where name = $1", [name]);
  return row?.value ?? fallback;
}

export async function writeSetting(database: Queryable, name: string, value: string): Promise<void> {
  await database.query(
    "insert into servicetokens.setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
    [name, value],
  );
}
