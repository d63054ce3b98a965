// What a person orders through the program: revoke and restore, compromised, rollback, another lifetime, due dates.
// One stack of several tokens, so that one `up` serves several orders.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../support/pulumi/world.ts";

const program = `
const { ServiceToken } = require("qualytics-servicetokens");
const args = JSON.parse(process.env.ARGS);
for (const [name, more] of Object.entries(args)) {
  const token = new ServiceToken(name, { serviceUser: { name: "Data Ingest" }, expiresInDays: 30, ...more });
  exports[name] = token.token;
}
`;

const quick = { retire: { when: "Deadline", minOverlap: "0s", maxOverlap: "0s" }, keepRevokedFor: "1h" };

/** As much as one resource says in practice; the window is open whenever the test runs. */
const LARGEST = "warehouse-ingest-nightly-production-eu-central";
const largest = {
  tokenName: LARGEST,
  expiresInDays: 180,
  onExternalChange: "Restore",
  deletionPolicy: "Revoke",
  trigger: "first",
  rotation: { renewBefore: "720h", every: "1440h", verify: false, retire: { when: "Unused", minOverlap: "2h", idleFor: "48h", maxOverlap: "240h" }, keepRevokedFor: "336h", windows: [{ cron: "0 0 * * 0-6", duration: "25h", timeZone: "Europe/Zurich" }] },
};

/** What the program declares; the tests change it step by step. */
const args: Record<string, Record<string, unknown>> = {
  paused: { state: "Revoked" },
  revoked: {},
  leaked: {},
  rolled: { rotation: quick },
  longer: { rotation: { renewBefore: "1h" } },
  whole: { expiresInDays: 90, rotation: { ...largest.rotation, windows: [] } },
  [LARGEST]: largest,
  due: { expiresInDays: 1, rotation: { renewBefore: "86395s", retire: { minOverlap: "1s", idleFor: "1s", maxOverlap: "1h" } } },
};

let world: World;
const before: Record<string, string> = {};

const up = async (): Promise<string> => {
  world.workspace.setEnv({ ARGS: JSON.stringify(args) });
  const { code, text } = await world.workspace.up();
  expect(code, text).toBe(0);
  return text;
};

beforeAll(async () => {
  world = await startWorld({ program });
  await up();
  Object.assign(before, await world.workspace.outputs());
});
afterAll(() => world.close());

test("a whole resource fits into 2 KiB of state, a third of it the encrypted token; also with a whole rotation block", async () => {
  const resource = await world.resource("leaked");
  expect(JSON.stringify(resource).length).toBeLessThan(1_900);
  expect(Object.keys(resource)).not.toContain("sourcePosition");
  expect(Object.keys(resource)).not.toContain("stackTrace");
  expect(JSON.stringify(await world.resource("whole")).length).toBeLessThan(2_100);
});

test("state: Revoked from the start issues nothing yet", async () => {
  expect(before["paused"]).toBeUndefined();
  expect((await world.resource("paused")).outputs).toMatchObject({ revision: 0, state: "Revoked" });
  expect(await world.tokens()).toHaveLength(7);
});

test("one up carries out all orders", async () => {
  const { renewAt } = (await world.resource("due")).outputs;
  await sleep(Math.max(0, Date.parse(String(renewAt)) - Date.now()));
  args["revoked"] = { state: "Revoked" };
  args["leaked"] = { compromised: 1 };
  args["rolled"] = { rotation: quick, trigger: { build: 2 } };
  args["longer"] = { rotation: { renewBefore: "1h" }, expiresInDays: 60 };
  args["paused"] = {};
  args[LARGEST] = { ...largest, trigger: "second" };
  const text = await up();
  expect(text).toContain("Revoked revision 1 of revoked: the spec says state: Revoked.");
  expect(text).toContain("Revoked revision 1: reported as compromised.");
  // What was announced is not said again when it begins. Of what was compromised the revocation was announced.
  const begun = text.split("\n").filter((line) => line.endsWith("Issuing revision 2.") && !line.includes("Due now: "));
  expect(begun.filter((line) => !line.includes("leaked: Revision 1 was compromised."))).toEqual([]);
  expect(text).toContain("Due now: Revision 1 is due for renewal. Issuing revision 2.");
  expect(text).toContain("Issued and delivered revision 1 of paused.");
});

test("what we write of the largest resource, with a retiring revision, is half of what lies in the state", async () => {
  const resource = await world.resource(LARGEST);
  expect(resource.outputs).toMatchObject({ revision: 2, retiring: [{ revision: 1 }] });
  // Pulumi's own words about a resource, the encrypted token, and the text that names the provider, twice.
  const { token, __provider, ...outputs } = resource.outputs;
  const ours = JSON.stringify([{ ...resource.inputs, __provider: undefined }, outputs]).length;
  expect(ours).toBeLessThan(1_250);
  expect(JSON.stringify(resource).length).toBeLessThan(2_700);
});

test("state: Revoked revokes and keeps the value", async () => {
  const outputs = await world.workspace.outputs();
  expect(outputs["revoked"]).toBe(before["revoked"]);
  expect(await world.use(before["revoked"] ?? "")).toBe(401);
  expect((await world.resource("revoked")).outputs).toMatchObject({ state: "Revoked", revision: 1 });
});

test("a compromised revision is revoked and deleted at once, and a new one issued", async () => {
  const { leaked = "" } = await world.workspace.outputs();
  expect(await world.use(before["leaked"] ?? "")).toBe(401);
  expect(await world.use(leaked)).toBe(200);
  const names = (await world.tokens()).map(({ name }) => name).filter((name) => name.startsWith("leaked-"));
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/-r2$/);
});

test("a due date rotates without any change in the program", async () => {
  expect((await world.resource("due")).outputs).toMatchObject({ revision: 2, retiring: [{ revision: 1 }] });
  expect(await world.use(before["due"] ?? "")).toBe(200);
});

test("another lifetime is a new revision", async () => {
  const { outputs } = await world.resource("longer");
  expect(outputs["revision"]).toBe(2);
  const issued = (await world.tokens()).find(({ id }) => id === outputs["tokenId"]);
  expect(Date.parse(String(outputs["expiresAt"])) - Date.parse(issued?.created ?? "")).toBe(60 * 86_400_000);
});

test("back to Active restores the same secret; without an overlap the old one goes with the next up", async () => {
  expect(await world.use(before["rolled"] ?? "")).toBe(200);
  args["revoked"] = { state: "Active" };
  await up();
  expect((await world.workspace.outputs())["revoked"]).toBe(before["revoked"]);
  expect(await world.use(before["revoked"] ?? "")).toBe(200);
  expect(await world.use(before["rolled"] ?? "")).toBe(401);
});

test("rollback restores a retired revision, and delivers nothing", async () => {
  const { rolled } = await world.workspace.outputs();
  args["rolled"] = { ...args["rolled"], rollback: 1 };
  args["revoked"] = { deletionPolicy: "Revoke" };
  args["longer"] = { ...args["longer"], deletionPolicy: "Orphan" };
  await up();
  expect(await world.use(before["rolled"] ?? "")).toBe(200);
  expect((await world.workspace.outputs())["rolled"]).toBe(rolled);
});

test("what is removed from the program goes by its deletionPolicy", async () => {
  const { longer = "" } = await world.workspace.outputs();
  for (const name of ["revoked", "longer", "leaked"]) delete args[name];
  await up();
  const left = (await world.tokens()).filter(({ name }) => /^(revoked|longer|leaked)-/.test(name));
  expect(left.filter(({ name }) => name.startsWith("revoked-")).map(({ active }) => active)).toEqual([false]);
  expect(left.filter(({ name }) => name.startsWith("leaked-"))).toEqual([]);
  expect(await world.use(longer)).toBe(200);
});
