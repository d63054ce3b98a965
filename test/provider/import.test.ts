// `servicetokens import pulumi` and the real `pulumi import`: tokens made by hand become resources, with their secrets
// where these were proved, and without them otherwise.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../support/pulumi/engine.ts";
import { serviceUser } from "../support/pulumi/shared-service.ts";
import { startWorld, type World } from "../support/pulumi/world.ts";
import type { Outcome } from "../support/pulumi/workspace.ts";

interface Issued {
  readonly id: number;
  readonly bearer_token: string;
}

let world: World;
let user = 0;
const made: { [name: string]: Issued } = {};

const run = (...args: string[]): Promise<Outcome> => world.workspace.exec(process.execPath, [join(root, "cli", "main.ts"), "import", "pulumi", ...args]);
const make = async (name: string, days: number | null): Promise<void> => {
  made[name] = (await world.service.api<Issued>("POST", "/api/user-tokens", { name, user_id: user, expires_in_days: days })).body;
};

beforeAll(async () => {
  world = await startWorld({ program: "" });
  user = await serviceUser(world.service, "Data Ingest");
  await make("nightly load", 30);
  await make("lost", null);
  // A resource's, of whatever stack.
  await make("other-aaaaaa-111111111-r1", 30);
});
afterAll(() => world.close());

test.each([
  ["no owner", [], "either --service-user NAME, or --personal"],
  ["an owner that is none", ["--service-user", "Nobody"], 'there is no service user named "Nobody"'],
  ["a token that is none", ["--service-user", "Data Ingest", "--token-id", "4711"], 'that owner has no token "4711"'],
  ["a token that a resource owns", ["--service-user", "Data Ingest", "--token-name", "other-aaaaaa-111111111-r1"], "bears the mark of a resource: servicetokens handover moves it"],
  ["a file that is there", ["--service-user", "Data Ingest", "--out", "Pulumi.yaml"], "there is a Pulumi.yaml already, and it may hold secrets: remove it, or name another file with --out"],
  ["a folder", ["--service-user", "Data Ingest", "--out", "."], ". is a folder: name a file in it, as in --out import.json"],
  ["a folder that is not there", ["--service-user", "Data Ingest", "--out", "none/import.json"], "none/import.json cannot be written (ENOENT): name another file with --out"],
])("%s is refused in a sentence", async (_, args, sentence) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test("a secret that is another token's is not taken, and not repeated", async () => {
  world.workspace.write({ "secrets.json": JSON.stringify({ lost: made["nightly load"]?.bearer_token }) });
  const { code, text } = await run("--service-user", "Data Ingest", "--secrets", "secrets.json");
  expect(code).toBe(1);
  expect(text).toContain("the list does not show a use of that token");
  expect(text).not.toContain(made["nightly load"]?.bearer_token);
});

test("the file holds what was proved, for its owner's eyes only, and the program is told", async () => {
  world.workspace.write({ "secrets.json": JSON.stringify({ "nightly load": made["nightly load"]?.bearer_token }) });
  const { code, stdout, text } = await run("--service-user", "Data Ingest", "--secrets", "secrets.json");
  expect(code, text).toBe(0);
  expect(stdout).toContain("Proved by use, kept as they are: nightly-load.");
  expect(stdout).toContain("Without their secrets: lost.");
  expect(stdout).toContain("Left out, since resources own them: other-aaaaaa-111111111-r1.");
  expect(stdout).toContain(`new ServiceToken("nightly-load", { serviceUser: { id: ${user} }, tokenName: "nightly load", expiresInDays: 30 });`);
  expect(stdout).toContain(`new ServiceToken("lost", { serviceUser: { id: ${user} }, neverExpires: true });`);
  expect(statSync(join(world.workspace.project, "import.json")).mode & 0o777).toBe(0o600);
});

test("pulumi import takes it in, the program changes nothing of the proved one, and renews the other", async () => {
  const imported = await world.workspace.pulumi(["import", "--file", "import.json", "--generate-code=false", "--protect=false", "--yes"]);
  expect(imported.code, imported.text).toBe(0);
  expect(readFileSync(join(world.workspace.folder, "state", ".pulumi", "stacks", "tokens", "dev.json"), "utf8")).not.toContain(made["nightly load"]?.bearer_token);
  world.workspace.write({
    "index.js": `
const { ServiceToken } = require("qualytics-servicetokens");
exports.load = new ServiceToken("nightly-load", { serviceUser: { id: ${user} }, tokenName: "nightly load", expiresInDays: 30 }).token;
exports.lost = new ServiceToken("lost", { serviceUser: { id: ${user} }, neverExpires: true }).token;
`,
  });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(up.stdout).toContain("1 updated");
  const outputs = await world.workspace.outputs();
  expect(outputs["load"]).toBe(made["nightly load"]?.bearer_token);
  expect(await world.use(outputs["lost"] ?? "")).toBe(200);
  expect(outputs["lost"]).not.toBe(made["lost"]?.bearer_token);
  // Whoever holds the old one has time.
  expect(await world.use(made["lost"]?.bearer_token ?? "")).toBe(200);
  expect((await world.resource("lost")).outputs).toMatchObject({ revision: 2, retiring: [{ revision: 1, tokenId: made["lost"]?.id }] });
});

test("what the stack has already is not imported twice; destroy ends the imported ones too", async () => {
  const again = await run("--service-user", "Data Ingest", "--token-name", "nightly load", "--out", "again.json");
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("is this stack's already");
  await make("third", 30);
  const rest = await run("--service-user", "Data Ingest", "--out", "rest.json");
  expect(rest.stdout, rest.text).toContain("rest.json takes in 1 token.");
  expect(rest.stdout).toMatch(/Left out, since resources own them: .*nightly load/);
  const destroyed = await world.workspace.destroy();
  expect(destroyed.code, destroyed.text).toBe(0);
  expect((await world.tokens()).map(({ name }) => name)).toEqual(["other-aaaaaa-111111111-r1", "third"]);
});
