// `servicetokens sweep` on a real stack: what a killed create left behind when its resource was removed.
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { root } from "../support/pulumi/engine.ts";
import { serviceUser } from "../support/pulumi/shared-service.ts";
import { assassin, startWorld, type World } from "../support/pulumi/world.ts";
import type { Outcome } from "../support/pulumi/workspace.ts";

const program = `
const { ServiceToken } = require("qualytics-servicetokens");
for (const name of (process.env.NAMES ?? "").split(",").filter(Boolean)) exports[name] = new ServiceToken(name, { serviceUser: { name: "Data Ingest" } }).token;
`;

const ISSUE = "POST /api/user-tokens";

interface Swept {
  readonly tokens: readonly { readonly id: number; readonly name: string; readonly verdict: string; readonly cleared: boolean }[];
  readonly others: number;
}

let world: World;

const sweep = (...args: string[]): Promise<Outcome> => world.workspace.exec(process.execPath, [join(root, "cli", "main.ts"), "sweep", ...args]);
const swept = async (...args: string[]): Promise<Swept> => {
  const { stdout, text, code } = await sweep("--json", ...args);
  expect(code, text).toBe(0);
  return JSON.parse(stdout) as Swept;
};
const declare = (...names: string[]): void => world.workspace.setEnv({ NAMES: names.join(",") });
const active = async (): Promise<string[]> => (await world.tokens()).filter((token) => token.active).map(({ name }) => name.replace(/-[0-9a-z]{6}-[0-9a-z]{9}-/, " ")).sort();

/** A create of `name` that dies after its POST; the resource is then removed from the program. */
async function leaveBehind(name: string, ...others: string[]): Promise<void> {
  declare(...others, name);
  const death = assassin();
  world.wire.lose(ISSUE, death.everything);
  await world.workspace.doomed(["up", "--yes", "--skip-preview"], death.onStart);
  await world.workspace.pulumi(["cancel", "--yes"]);
  declare(...others);
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
}

beforeAll(async () => {
  world = await startWorld({ program });
  declare("kept");
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  await leaveBehind("gone", "kept");
});
afterAll(() => world.close());
beforeEach(() => world.workspace.setEnv({ QUALYTICS_TOKEN: world.service.adminToken }));

test("lists what no update will ever see, with what to do, and touches nothing", async () => {
  expect(await active()).toEqual(["gone r1", "kept r1"]);
  const { code, stdout, text } = await sweep();
  expect(code, text).toBe(0);
  expect(stdout).toMatch(/^TOKEN +NAME +CREATED +LAST USED +VERDICT +WHY\n\d+ +gone-\S+-r1 +\S+Z +(never|\S+Z) +Leftover +no resource of the stack bears its mark, and nobody has used it\n/);
  expect(stdout).toContain("run this again with --apply");
  expect(await active()).toEqual(["gone r1", "kept r1"]);
});

test("two stacks of one name in two backends leave each other's tokens alone", async () => {
  const backend = `file://${join(world.workspace.folder, "elsewhere")}`;
  const before = `file://${join(world.workspace.folder, "state")}`;
  await world.workspace.exec("mkdir", [join(world.workspace.folder, "elsewhere")]);
  world.workspace.setEnv({ PULUMI_BACKEND_URL: backend });
  expect((await world.workspace.pulumi(["stack", "init", "dev"])).code).toBe(0);
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(await active()).toEqual(["gone r1", "kept r1", "kept r1"]);
  expect(await swept("--apply")).toMatchObject({ tokens: [], others: 2 });
  const destroyed = await world.workspace.destroy();
  expect(destroyed.code, destroyed.text).toBe(0);
  world.workspace.setEnv({ PULUMI_BACKEND_URL: before });
  expect(await active()).toEqual(["gone r1", "kept r1"]);
});

test("--token clears that one alone, and none that is not left behind; --apply clears all that is", async () => {
  // As a second one: names are the marks, and a hand-made token may bear one.
  const [gone] = (await world.tokens()).filter(({ name }) => name.startsWith("gone-"));
  const scope = /-([0-9a-z]{6})-[0-9a-z]{9}-r1$/.exec(gone?.name ?? "")?.[1];
  await world.service.api("POST", "/api/user-tokens", { name: `other-${scope}-zzzzzzzzz-r1`, user_id: await serviceUser(world.service, "Data Ingest") });
  const refused = await sweep("--apply", "--token", String((await world.tokens()).find(({ name }) => name.startsWith("kept-"))?.id));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^servicetokens: the token \d+ is none that this stack left behind: sweep clears nothing else\n$/);
  const one = await swept("--apply", "--token", String(gone?.id));
  expect(one.tokens.map(({ id, cleared }) => [id === gone?.id, cleared])).toContainEqual([true, true]);
  expect(await active()).toEqual(["kept r1", "other r1"]);
  const { stdout, text } = await sweep("--apply");
  expect(stdout, text).toContain("Revoked and deleted: 1 token.");
  expect(await active()).toEqual(["kept r1"]);
  const again = await sweep("--apply");
  expect(again.stdout).toContain("Nothing is left behind by tokens/dev.");
});

test("while an update runs, what it is issuing is not taken for left behind", async () => {
  declare("kept", "slow");
  let seen: Swept | null = null;
  world.wire.lose(ISSUE, async () => {
    seen = await swept("--apply");
  });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(seen).toMatchObject({ tokens: [{ verdict: "Busy", cleared: false }] });
  expect(await active()).toEqual(["kept r1", "slow r2"]);
});

test.each([
  ["a word for an id", ["--token", "x"], "--token takes the id of a token, as the table shows it"],
  ["a stack that is not there", ["--stack", "none"], "pulumi stack export failed: no stack named 'none' found"],
  ["a folder without a program", ["--cwd", "/"], "there is no Pulumi.yaml in / or above it"],
  ["a folder that is not there", ["--cwd", "/nowhere"], "there is no Pulumi.yaml in /nowhere"],
])("%s is refused in a sentence", async (_, args, sentence) => {
  const { code, stderr } = await sweep(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test("the credential of somebody who may not: where it came from, and what to put there", async () => {
  const member = await serviceUser(world.service, "Data Ingest");
  const { body } = await world.service.api<{ bearer_token: string }>("POST", "/api/user-tokens", { name: "member", user_id: member });
  world.workspace.setEnv({ QUALYTICS_TOKEN: body.bearer_token });
  const { code, stderr } = await sweep();
  expect([code, stderr]).toEqual([1, expect.stringContaining("The token came from the environment variable QUALYTICS_TOKEN: put a valid token of an administrator there.")]);
});

test("no credential: the same words as the provider has", async () => {
  world.workspace.setEnv({ QUALYTICS_TOKEN: null });
  const { code, stderr } = await sweep();
  expect(code).toBe(1);
  expect(stderr).toContain("There is no credential for the token API");
});
