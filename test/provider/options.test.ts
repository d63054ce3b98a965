// Pulumi's own options and commands around a token: what they do to it, and to its neighbours. One stack; each step is
// one `up` for several of them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY_URL } from "../support/pulumi/key-service.ts";
import { startWorld, type World } from "../support/pulumi/world.ts";

const program = `
const pulumi = require("@pulumi/pulumi");
const { ServiceToken } = require("qualytics-servicetokens");
const set = JSON.parse(process.env.SET);
class Pipeline extends pulumi.ComponentResource {
  constructor(name, token) {
    // The parent's type stands in a URN, its name does not.
    super("acme:data:" + name, name);
    exports[name] = new ServiceToken("inner", args({}), { parent: this, ...token }).token;
  }
}
const args = (more) => ({ serviceUser: { name: "Data Ingest" }, expiresInDays: 30, ...more });
if (set.parents) { new Pipeline("left"); new Pipeline("right"); }
if (set.name) exports.renamed = new ServiceToken(set.name, args({ tokenName: "renamed" }), { aliases: [{ name: "before" }] }).token;
if (set.kept) exports.kept = new ServiceToken("kept", args({}), { retainOnDelete: true }).token;
if (set.replaced) exports.replaced = new ServiceToken("replaced", args({}), { replacementTrigger: set.replaced }).token;
if (set.ignored) exports.ignored = new ServiceToken("ignored", args({ expiresInDays: set.ignored }), { ignoreChanges: ["expiresInDays"] }).token;
`;

let world: World;
const before: { [name: string]: string } = {};

const up = async (set: object, ...flags: string[]): Promise<{ readonly [name: string]: string }> => {
  world.workspace.setEnv({ SET: JSON.stringify(set) });
  const { code, text } = await world.workspace.up(...flags);
  expect(code, text).toBe(0);
  return (await world.workspace.outputs()) as { [name: string]: string };
};
const active = async (): Promise<string[]> => (await world.tokens()).filter((token) => token.active).map(({ name }) => name.replace(/-[0-9a-z]{6}-[0-9a-z]{9}-/, " ")).sort();
const urnOf = async (name: string): Promise<string> => (await world.resource(name)).urn;

const ALL = { parents: true, name: "before", kept: true, replaced: "one", ignored: 30 };

beforeAll(async () => {
  world = await startWorld({ program });
  Object.assign(before, await up(ALL));
});
afterAll(() => world.close());

test("two resources of one name under different parents are two", async () => {
  expect(before["left"]).not.toBe(before["right"]);
  expect(await active()).toEqual(["ignored r1", "inner r1", "inner r1", "kept r1", "renamed r1", "replaced r1"]);
});

test("an alias keeps the token; what ignoreChanges names stays; replacementTrigger makes the new one before the old one goes", async () => {
  const after = await up({ ...ALL, name: "after", replaced: "two", ignored: 60 });
  expect(after["renamed"]).toBe(before["renamed"]);
  expect(after["ignored"]).toBe(before["ignored"]);
  expect(after["replaced"]).not.toBe(before["replaced"]);
  expect([await world.use(before["replaced"] ?? ""), await world.use(after["replaced"] ?? "")]).toEqual([401, 200]);
  expect(await active()).toEqual(["ignored r1", "inner r1", "inner r1", "kept r1", "renamed r1", "replaced r2"]);
});

test("--replace does the same for one, and so does taint; --target leaves the others; retainOnDelete leaves the token", async () => {
  const now = { ...ALL, name: "after", replaced: "two", ignored: 60 };
  const { replaced = "" } = await world.workspace.outputs();
  const after = await up(now, "--replace", await urnOf("replaced"), "--target", await urnOf("replaced"));
  expect([await world.use(replaced), await world.use(after["replaced"] ?? "")]).toEqual([401, 200]);
  expect(await active()).toContain("replaced r3");
  const tainted = await world.workspace.pulumi(["state", "taint", await urnOf("ignored"), "--yes"]);
  expect(tainted.code, tainted.text).toBe(0);
  const { ignored = "" } = await up({ ...now, kept: false });
  expect(await world.use(before["kept"] ?? "")).toBe(200);
  expect([await world.use(before["ignored"] ?? ""), await world.use(ignored)]).toEqual([401, 200]);
  expect(await active()).toEqual(["ignored r2", "inner r1", "inner r1", "kept r1", "renamed r1", "replaced r3"]);
});

test("a resource that was moved to another stack keeps its token there, and is gone here", async () => {
  const tokens = await active();
  const { renamed } = await world.workspace.outputs();
  const made = await world.workspace.pulumi(["stack", "init", "other", "--no-select", "--secrets-provider", KEY_URL]);
  expect(made.code, made.text).toBe(0);
  const moved = await world.workspace.pulumi(["state", "move", "--source", "dev", "--dest", "other", await urnOf("after"), "--yes"]);
  expect(moved.code, moved.text).toBe(0);
  world.workspace.stack = "other";
  const there = await up({ name: "after" }, "--stack", "other");
  expect(there["renamed"]).toBe(renamed);
  expect(await active()).toEqual(tokens);
  const destroyed = await world.workspace.destroy("--stack", "other");
  expect(destroyed.code, destroyed.text).toBe(0);
  expect(await active()).toEqual(tokens.filter((name) => !name.startsWith("renamed")));
  world.workspace.stack = "dev";
});

test("a renamed stack, and a state exported and imported in another backend, change nothing; destroy --run-program ends what is ours", async () => {
  const now = { ...ALL, name: null, replaced: "two", ignored: 60, kept: false };
  const tokens = await active();
  const renamed = await world.workspace.pulumi(["stack", "rename", "prod"]);
  expect(renamed.code, renamed.text).toBe(0);
  world.workspace.stack = "prod";
  const exported = await world.workspace.pulumi(["stack", "export", "--file", "state.json"]);
  expect(exported.code, exported.text).toBe(0);
  const backend = join(world.workspace.folder, "elsewhere");
  mkdirSync(backend);
  world.workspace.setEnv({ PULUMI_BACKEND_URL: `file://${backend}` });
  const made = await world.workspace.pulumi(["stack", "init", "prod", "--secrets-provider", KEY_URL]);
  expect(made.code, made.text).toBe(0);
  const imported = await world.workspace.pulumi(["stack", "import", "--file", "state.json"]);
  expect(imported.code, imported.text).toBe(0);
  await up(now, "--expect-no-changes");
  expect(await active()).toEqual(tokens);
  const destroyed = await world.workspace.destroy("--run-program");
  expect(destroyed.code, destroyed.text).toBe(0);
  expect(await active()).toEqual(["kept r1"]);
});
