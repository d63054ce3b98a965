// Deaths and lost answers between the POST and the state. Whatever happens: the next up leaves exactly one active token.
// Deaths at every other step, and of the CLI: kills.test.ts.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { assassin, startWorld, type World } from "../support/pulumi/world.ts";

const program = `
const { ServiceToken } = require("qualytics-servicetokens");
const token = new ServiceToken(process.env.NAME, {
  serviceUser: { name: "Data Ingest" },
  trigger: process.env.TRIGGER,
  compromised: process.env.COMPROMISED ? Number(process.env.COMPROMISED) : undefined,
  rotation: { verify: process.env.VERIFY !== "no", retire: { when: "Deadline", minOverlap: "0s", maxOverlap: "0s" }, keepRevokedFor: "0s" },
});
exports.token = token.token;
exports.revision = token.revision;
`;

const ISSUE = "POST /api/user-tokens";
const UP = ["up", "--yes", "--skip-preview"];

let world: World;
let count = 0;
let name = "";

const mine = async () => (await world.tokens()).filter((token) => token.name.startsWith(`${name}-`));
const outputs = () => world.workspace.outputs() as Promise<{ token?: string; revision?: number }>;

/** The state's token authenticates, and no other of ours is active. */
async function isWhole(least: number): Promise<void> {
  const { token = "", revision = 0 } = await outputs();
  expect(revision).toBeGreaterThanOrEqual(least);
  expect(await world.use(token)).toBe(200);
  const active = (await mine()).filter((token) => token.active);
  expect(active).toHaveLength(1);
  expect(active[0]?.name).toMatch(new RegExp(`-r${revision}$`));
}

beforeAll(async () => {
  world = await startWorld({ program });
});
afterAll(() => world.close());
// A resource of its own for each, in the same stack: the one before is destroyed by the same up.
beforeEach(() => {
  name = `crash${++count}`;
  world.workspace.setEnv({ NAME: name, TRIGGER: null });
});

test("the provider is killed after the POST of a create", async () => {
  const death = assassin();
  world.wire.lose(ISSUE, death.provider);
  const killed = await world.workspace.doomed(UP, death.onStart);
  expect(killed.code).not.toBe(0);
  expect((await mine()).map(({ active }) => active)).toEqual([true]);
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(up.stdout).toContain("Revision 1 of crash1 is recorded nowhere and nobody has used it: clearing it.");
  await isWhole(2);
});

test("the answer to the POST is lost and everything lives: the same up mends it", async () => {
  world.wire.lose(ISSUE);
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  await isWhole(2);
});

test("the provider is killed after the POST of a rotation: consumers keep a valid token", async () => {
  expect((await world.workspace.up()).code).toBe(0);
  const { token: first = "" } = await outputs();
  world.workspace.setEnv({ TRIGGER: "now" });
  const death = assassin();
  world.wire.lose(ISSUE, death.provider);
  expect((await world.workspace.doomed(UP, death.onStart)).code).not.toBe(0);
  expect((await outputs()).token).toBe(first);
  expect(await world.use(first)).toBe(200);
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  // No overlap is asked for, and yet the old one goes only after the new one stands in the state.
  expect(await world.use(first)).toBe(200);
  expect((await world.workspace.up()).code).toBe(0);
  expect(await world.use(first)).toBe(401);
  await isWhole(2);
});

test("a token that does not authenticate is handed to nobody and withdrawn", async () => {
  world.wire.onlyFor(world.service.adminToken);
  const up = await world.workspace.up();
  world.wire.onlyFor(null);
  expect(up.code).not.toBe(0);
  expect(up.text).toMatch(/Revision 1 of crash\d does not authenticate \(the API answered 401\): it was withdrawn/);
  expect(await mine()).toEqual([]);
});

test("a failure half-way is kept with the resource, and the next up goes on from there", async () => {
  expect((await world.workspace.up()).code).toBe(0);
  const { outputs: old } = await world.resource(name);
  // A leaked token is revoked before its successor is issued: let that revocation be answered by nobody.
  world.workspace.setEnv({ COMPROMISED: "1", QUALYTICS_TIMEOUT: "1" });
  const revoke = `PUT /api/user-tokens/${String(old["tokenId"])}`;
  const again = (): void => world.wire.lose(revoke, again);
  world.wire.lose(revoke, again);
  const failed = await world.workspace.up();
  expect(failed.code, failed.text).not.toBe(0);
  expect(failed.text).toContain("The connection to the token API");
  expect(failed.text).toMatch(/(Done before: Revok.+|Nothing was done before\.) The next pulumi up (goes on: |looks again)/);
  expect((await world.resource(name)).initErrors).toHaveLength(1);
  world.wire.lose("nothing");
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  await isWhole(2);
});
