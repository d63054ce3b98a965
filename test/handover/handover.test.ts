// A token goes from a stack to an object and back, the same token all the time, with the command killed (SIGKILL) after
// each write that it makes. Real: the CLI, the apiserver, the operator, whose sweep looks for forgotten tokens every second.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startKubeFront, type KubeFront } from "../support/kube-front.ts";
import { engineFolder, root } from "../support/pulumi/engine.ts";
import { killTree } from "../support/pulumi/processes.ts";
import { Workspace, type Outcome } from "../support/pulumi/workspace.ts";
import { applyIssuer, clusterIssuer, startScene, until, type Scene } from "../support/scene.ts";
import { USER } from "../support/service-data.ts";
import { startTokenService, type TokenService } from "../support/token-service.ts";

const program = `
const { PersonalToken, ServiceToken } = require("qualytics-servicetokens");
new PersonalToken("mine");
const rotation = { retire: { minOverlap: "2h", maxOverlap: "50h" } };
for (const name of process.env.NAMES.split(",").filter(Boolean)) exports[name] = new ServiceToken(name, { serviceUser: { name: "Data Ingest" }, expiresInDays: 30, rotation, trigger: process.env.TRIGGER }).token;
`;

let scene: Scene;
/** The token service's clock: its tokens are two minutes old at once, since the use of a token counts from its second minute on. */
let behindMs = 120_000;
let front: KubeFront;
let workspace: Workspace;
let value = "";
let id = 0;

const handover = (args: readonly string[], onStart?: (pid: number) => void): Promise<Outcome> =>
  workspace.exec(process.execPath, [join(root, "cli", "main.ts"), "handover", ...args], (child) => onStart?.(child.pid ?? 0));
const TO_KUBERNETES = ["kubernetes", "ingest", "--to", "default/ingest", "--issuer", "qualytics"];
const TO_PULUMI = ["pulumi", "default/ingest"];
const inStack = async (name = "ingest"): Promise<boolean> => (await workspace.resources()).some(({ urn }) => urn.endsWith(`::${name}`));
const inCluster = async (): Promise<boolean> => (await scene.kubectl("get servicetoken ingest --ignore-not-found -o name")).trim() !== "";

/** After which of its writes a command dies: a request to the apiserver, or a command of pulumi's. */
type Death = { readonly request: RegExp } | { readonly command: string };

/** Killed where it hurts: never two owners. */
async function killed(args: readonly string[], after: Death): Promise<void> {
  let pid = 0;
  if ("request" in after) front.strike(after.request, 1, () => killTree(pid));
  workspace.setEnv({ DIE_AFTER: "command" in after ? after.command : null });
  const died = await handover(args, (started) => (pid = started));
  workspace.setEnv({ DIE_AFTER: null });
  expect(died.code, died.text).toBeNull();
  expect([await inStack(), await inCluster()], died.text).not.toEqual([true, true]);
  expect(await scene.authenticate(value)).toBe(200);
}

async function arrives(args: readonly string[]): Promise<void> {
  const done = await handover(args);
  expect(done.code, done.text).toBe(0);
  expect(done.text).not.toContain(value);
}

/** It is the same token, it is valid, and there is no other. */
async function isWhole(owner: "stack" | "object"): Promise<void> {
  expect([await inStack(), await inCluster()]).toEqual([owner === "stack", owner === "object"]);
  expect((await scene.tokens()).map((token) => [token.id, token.active])).toEqual([[id, true]]);
  expect(await scene.authenticate(value)).toBe(200);
}

async function serviceWithUser(): Promise<TokenService> {
  const service = await startTokenService({ server: { clock: () => Date.now() - behindMs } });
  await service.createServiceUser(USER);
  return service;
}

beforeAll(async () => {
  scene = await startScene({ service: serviceWithUser() });
  workspace = await Workspace.create({ program, env: { QUALYTICS_URL: scene.service.url, QUALYTICS_TOKEN: scene.service.adminToken, NAMES: "ingest" } });
  const up = await workspace.up();
  expect(up.code, up.text).toBe(0);
  behindMs = 0;
  value = (await workspace.outputs())["ingest"] ?? "";
  id = (await scene.tokens())[0]?.id ?? 0;
  front = await startKubeFront(scene.plane.url);
  const kubeconfig = join(workspace.folder, "kubeconfig");
  const admin = { apiVersion: "v1", kind: "Config", "current-context": "x", contexts: [{ name: "x", context: { cluster: "x", user: "x" } }], clusters: [{ name: "x", cluster: { server: front.url } }], users: [{ name: "x", user: { token: scene.plane.token } }] };
  writeFileSync(kubeconfig, JSON.stringify(admin), { mode: 0o600 });
  // In front of the real CLI: takes whoever started it down once the command is done.
  const bin = join(workspace.folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "pulumi"), `#!/bin/sh\n"${join(engineFolder(), "pulumi")}" "$@"\ncode=$?\ncase "$*" in "$DIE_AFTER"*) [ -n "$DIE_AFTER" ] && kill -9 $PPID;; esac\nexit $code\n`);
  chmodSync(join(bin, "pulumi"), 0o755);
  workspace.setEnv({ KUBECONFIG: kubeconfig, PATH: [bin, engineFolder(), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) });
  await applyIssuer(scene);
  await scene.kubectl("apply -f -", clusterIssuer(scene.service.url, {}));
  await scene.operator();
});
afterAll(async () => {
  workspace.remove();
  await front.close();
  await scene.close();
});

test.each([
  ["a name that is no resource's", ["kubernetes", "ingst", "--to", "default/ingest", "--issuer", "qualytics"], 'The stack has no token resource named "ingst": did you mean ingest?'],
  ["an object without a namespace", ["kubernetes", "ingest", "--to", "ingest", "--issuer", "qualytics"], '"ingest" names no object: write NAMESPACE/NAME'],
  ["an issuer that is not there", ["kubernetes", "ingest", "--to", "default/ingest", "--issuer", "none"], "There is no TokenIssuer none in the namespace default."],
  ["an issuer of the whole cluster", ["kubernetes", "ingest", "--to", "default/ingest", "--issuer", "shared"], "An object of the ClusterTokenIssuer shared cannot take over a token that was named elsewhere, since others use that issuer too: make a TokenIssuer in the namespace."],
  ["a token of a person", ["kubernetes", "mine", "--to", "default/ingest", "--issuer", "qualytics"], "is a PersonalToken, which belongs to the person whose credential it is: only a ServiceToken can be handed over."],
  ["an object that is not there", ["pulumi", "default/none"], "There is no ServiceToken default/none, and no Secret that a handover of one to "],
  ["a time that is none", ["pulumi", "default/none", "--timeout", "soon"], '--timeout takes seconds, not "soon"'],
])("%s is refused in a sentence, and nothing is done", async (_, args, sentence) => {
  const { code, stderr } = await handover(args);
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(await inStack()).toBe(true);
});

test("from the stack to an object, killed after the Secret was written, after the stack let go, and after the Secret has its new owner", { timeout: 300_000 }, async () => {
  await killed(TO_KUBERNETES, { request: /^POST .*\/secrets\b/ });
  expect([await inStack(), await inCluster()]).toEqual([true, false]);
  await killed(TO_KUBERNETES, { command: "state delete" });
  expect([await inStack(), await inCluster()]).toEqual([false, false]);
  await killed(TO_KUBERNETES, { request: /^PATCH .*\/secrets\/ingest/ });
  await arrives(TO_KUBERNETES);
  await isWhole("object");
  expect((await scene.ready("ingest")).token).toMatchObject({ id, revision: 1, state: "Active" });
  expect(await scene.value("ingest")).toBe(value);
  const again = await handover(TO_KUBERNETES);
  expect(again.stdout, again.text).toContain("default/ingest owns the token already: nothing is left to do.");
});

test("and back, killed after the object was asked to go, after the record has its new owner, and after the import; the program changes nothing of what arrived", { timeout: 300_000 }, async () => {
  await killed(TO_PULUMI, { request: /^DELETE .*\/servicetokens\/ingest/ });
  await until("the operator lets it go", async () => !(await inCluster()), 60_000);
  await killed(TO_PULUMI, { request: /^PATCH .*\/secrets\/ingest/ });
  expect(await inStack()).toBe(false);
  await killed(TO_PULUMI, { command: "import" });
  expect(await inStack()).toBe(true);
  await arrives(TO_PULUMI);
  await isWhole("stack");
  expect(await scene.value("ingest")).toBe(value);
  const up = await workspace.up("--expect-no-changes");
  expect(up.code, up.text).toBe(0);
  expect((await workspace.outputs())["ingest"]).toBe(value);
  expect(workspace.filesWith(value)).toEqual([]);
});

test("once more over the Secret that the way back left, killed after that was written: the stack still owns it", async () => {
  await killed(TO_KUBERNETES, { request: /^PATCH .*\/secrets\/ingest/ });
  await isWhole("stack");
  expect(await scene.value("ingest")).toBe(value);
});

test("a secret that is not the token's is proved wrong, and nothing is done", async () => {
  workspace.setEnv({ NAMES: "ingest,other" });
  expect((await workspace.up()).code).toBe(0);
  const exported = await workspace.pulumi(["stack", "export", "--show-secrets", "--file", "state.json"]);
  expect(exported.code, exported.text).toBe(0);
  const { other = "" } = await workspace.outputs();
  const file = join(workspace.project, "state.json");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(value, other));
  expect((await workspace.pulumi(["stack", "import", "--file", "state.json"])).code).toBe(0);
  const refused = await handover(TO_KUBERNETES);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("the list does not show a use of that token");
  expect(await inStack()).toBe(true);
  expect(await inCluster()).toBe(false);
  expect((await scene.tokens()).map(({ active }) => active)).toEqual([true, true]);
});
