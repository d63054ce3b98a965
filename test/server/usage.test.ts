// When a last use is written: it only moves forward, and is not lost when a write fails.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openInMemory } from "../../server/storage/embedded.ts";
import type { Database } from "../../server/storage/database.ts";
import { migrate } from "../../server/storage/migration.ts";
import { Usage } from "../../server/storage/usage.ts";
import { MovableClock, addPerson } from "./world.ts";

let database: Database;
let tokenId: number;

beforeAll(async () => {
  database = await openInMemory();
  await migrate(database);
  ({ tokenId } = await addPerson(database, new MovableClock()));
});
afterAll(() => database.close());

const second = Date.parse("2026-01-15T10:30:00Z") / 1_000;
const stored = async (): Promise<number> => (await database.query<{ at: Date }>("select last_used as at from servicetokens.token where id = $1", [tokenId]))[0]?.at.getTime() ?? 0;

it("only moves forward, whichever process writes last", async () => {
  const [one, other] = [new Usage(database, () => undefined), new Usage(database, () => undefined)];
  await one.note(tokenId, second + 10);
  await other.note(tokenId, second + 5);
  await one.settle();
  await other.settle();
  expect(await stored()).toBe((second + 10) * 1_000);
});

it("is kept when a write fails, and written by the next one", async () => {
  let down = true;
  const shaky: Database = {
    ...database,
    shared: false,
    query: (text, values) => (down ? Promise.reject(new Error("The database is away.")) : database.query(text, values)),
  };
  const usage = new Usage(shaky, () => undefined);
  await usage.note(tokenId, second + 20);
  await expect(usage.settle()).rejects.toThrow("away");
  down = false;
  await usage.settle();
  expect(await stored()).toBe((second + 20) * 1_000);
});
