// One token from create to destroy, by the real CLI against the real token service. The steps build on each other.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../support/pulumi/world.ts";

const program = `
const { ServiceToken } = require("qualytics-servicetokens");
const token = new ServiceToken("ingest", {
  serviceUser: { name: "Data Ingest" },
  tokenName: "data-ingest",
  expiresInDays: 30,
  trigger: process.env.TRIGGER,
  rotation: { retire: { minOverlap: "1s", idleFor: "1h", maxOverlap: process.env.MAX_OVERLAP ?? "1h" }, keepRevokedFor: process.env.KEEP ?? "1h" },
}, { protect: true });
exports.token = token.token;
exports.name = token.tokenName;
exports.next = token.nextAction;
`;

/** What a second look costs: who am I, which users, which tokens. */
const LISTS = ["GET /api/users", "GET /api/user-tokens/service", "GET /api/users/me"].sort();

let world: World;
let first: string;
let rotatedAt = 0;

beforeAll(async () => {
  world = await startWorld({ program });
});
afterAll(() => world.close());

test("create issues one token, verified, as a secret", async () => {
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  const outputs = await world.workspace.outputs();
  first = outputs["token"] ?? "";
  expect(await world.use(first)).toBe(200);
  const tokens = await world.tokens();
  expect(tokens).toHaveLength(1);
  expect(tokens[0]?.name).toMatch(/^data-ingest-[0-9a-z]{6}-[0-9a-z]{9}-r1$/);
  expect(outputs["name"]).toBe(tokens[0]?.name);
  // "created" says as much: a line for each of hundreds would hide what matters.
  expect(up.stdout).not.toContain("Issued and delivered");
});

test("no file of stack, CLI or project holds the plaintext", () => {
  expect(world.workspace.filesWith(first)).toEqual([]);
  expect(world.workspace.filesWith(world.service.adminToken)).toEqual([]);
});

test("the id is the mark", async () => {
  const { id, outputs } = await world.resource("ingest");
  expect(outputs).toMatchObject({ revision: 1, state: "Active", usage: "NotUsed", retiring: [] });
  expect(outputs["tokenName"]).toContain(`-${id}-r1`);
});

test("a changed trigger shows in words in the preview, and nothing is done by it", async () => {
  world.workspace.setEnv({ TRIGGER: "monday" });
  world.wire.taken();
  const preview = await world.workspace.pulumi(["preview"]);
  expect(preview.code, preview.text).toBe(0);
  expect(preview.stdout).toContain("1 to update");
  expect(preview.stdout).toContain("Due now: A rotation was asked for. Issuing revision 2.");
  expect(preview.stdout).toMatch(/pulumi-nodejs:dynamic\/servicetokens:ServiceToken \(ingest\):/);
  expect(preview.stdout).not.toContain('=> "data-ingest"');
  expect(world.wire.taken().sort()).toEqual(LISTS);
});

test("it rotates in place, under protect, and the old token stays valid", async () => {
  const { id } = await world.resource("ingest");
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  rotatedAt = Date.now();
  const { token: second = "" } = await world.workspace.outputs();
  expect(second).not.toBe(first);
  expect([await world.use(first), await world.use(second)]).toEqual([200, 200]);
  const after = await world.resource("ingest");
  expect(after.id).toBe(id);
  expect(after.outputs["retiring"]).toMatchObject([{ revision: 1 }]);
  expect(after.outputs["nextAction"]).toMatch(/^Retire at .*: /);
});

test("while both are in use, an up changes nothing and sends three lists", async () => {
  world.wire.taken();
  const up = await world.workspace.up();
  expect(up.stdout, up.text).toContain("2 unchanged");
  expect(world.wire.taken().sort()).toEqual(LISTS);
  // And says, under the stack, what comes next.
  expect(up.stdout).toMatch(/pulumi:pulumi:Stack \(tokens-dev\):\n\s+Nothing is due for ingest\. Next: Retire at \S+Z: /);
});

test("the old one retires when its time is over, and is deleted when it was kept long enough", async () => {
  world.workspace.setEnv({ MAX_OVERLAP: "2s" });
  // The API tells its time in whole seconds.
  await sleep(Math.max(0, rotatedAt + 3_500 - Date.now()));
  const retire = await world.workspace.up();
  expect(retire.stdout, retire.text).toContain("Retired revision 1 of ingest.");
  expect(await world.use(first)).toBe(401);
  expect((await world.tokens()).map(({ active }) => active).sort()).toEqual([false, true]);
  world.workspace.setEnv({ KEEP: "1s" });
  await sleep(1_000);
  const tidy = await world.workspace.up();
  expect(tidy.stdout, tidy.text).toContain("Deleting revision 1.");
  expect(await world.tokens()).toHaveLength(1);
  const rest = await world.workspace.up();
  expect(rest.stdout, rest.text).toContain("2 unchanged");
});

test("a protected token is not destroyed; an unprotected one is revoked and deleted", async () => {
  const refused = await world.workspace.destroy();
  expect(refused.code).not.toBe(0);
  expect(await world.tokens()).toHaveLength(1);
  await world.workspace.pulumi(["state", "unprotect", "--all", "--yes"]);
  const destroyed = await world.workspace.destroy();
  expect(destroyed.code, destroyed.text).toBe(0);
  expect(await world.tokens()).toEqual([]);
});
