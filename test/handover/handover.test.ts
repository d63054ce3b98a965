// A token goes from a stack to an object and back, the same token all the time, with the command killed (SIGKILL) after
// each write that it makes. Real: the CLI, the apiserver, the operator, whose sweep looks for forgotten tokens every second.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startKubeFront, type KubeFront } from "../support/kube-front.ts";
import { engineFolder, root } from "../support/pulumi/engine.ts";
import { killTree } from "../support/pulumi/processes.ts";
import { Workspace, type Outcome } from "../support/pulumi/workspace.ts";
import { applyIssuer, clusterIssuer, startScene, type Scene } from "../support/scene.ts";
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

/** After which write the command is killed: a request to the cluster, or one of the CLI's commands. */
type Where = { readonly request: RegExp } | { readonly command: string };

/** It is the same token, it is valid, and there is no other. */
async function isUntouched(): Promise<void> {
  expect((await scene.tokens()).map((token) => [token.id, token.active])).toEqual([[id, true]]);
  expect(await scene.authenticate(value)).toBe(200);
}

/** Killed there: never two owners, and the token is as it was. */
async function killed(args: readonly string[], where: Where): Promise<void> {
  let pid = 0;
  if ("request" in where) front.strike(where.request, 1, () => killTree(pid));
  workspace.setEnv({ DIE_AFTER: "command" in where ? where.command : null });
  const { code, text } = await handover(args, (started) => (pid = started));
  workspace.setEnv({ DIE_AFTER: null });
  expect(code, text).toBeNull();
  expect([await inStack(), await inCluster()], text).not.toEqual([true, true]);
  await isUntouched();
}

/** Ctrl-C after one of the CLI's commands: the same, and what to do is said. */
async function interrupted(args: readonly string[], command: string): Promise<void> {
  workspace.setEnv({ DIE_AFTER: command, DIE_BY: "INT" });
  const { code, stderr } = await handover(args);
  workspace.setEnv({ DIE_AFTER: null, DIE_BY: null });
  expect([code, stderr]).toEqual([130, expect.stringContaining("run this again with the same words")]);
  expect([await inStack(), await inCluster()]).not.toEqual([true, true]);
  await isUntouched();
}

/** Run once more, it has nothing left to do, or goes on to the end. */
async function arrives(args: readonly string[], owner: "stack" | "object", last: string): Promise<void> {
  const { code, stdout, text } = await handover(args);
  expect(code, text).toBe(0);
  expect(stdout).toContain(last);
  expect(text).not.toContain(value);
  expect([await inStack(), await inCluster()]).toEqual([owner === "stack", owner === "object"]);
  await isUntouched();
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
  writeFileSync(join(bin, "pulumi"), `#!/bin/sh\n"${join(engineFolder(), "pulumi")}" "$@"\ncode=$?\ncase "$*" in "$DIE_AFTER"*) [ -n "$DIE_AFTER" ] && kill -"\${DIE_BY:-9}" $PPID && while kill -0 $PPID; do sleep 0.1; done;; esac\nexit $code\n`);
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

test("a cluster that is not there, and a kubeconfig that is not, are told apart", async () => {
  const [gone, none] = [join(workspace.folder, "gone"), join(workspace.folder, "none")];
  const away = { "current-context": "x", contexts: [{ name: "x", context: { cluster: "x", user: "x" } }], clusters: [{ name: "x", cluster: { server: "http://127.0.0.1:1" } }], users: [{ name: "x", user: { token: "none" } }] };
  writeFileSync(gone, JSON.stringify(away));
  const refused = await handover([...TO_KUBERNETES, "--kubeconfig", gone]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^servicetokens: the cluster cannot be reached: .* Look at the kubeconfig and whether the cluster runs, and run this again\n$/)]);
  const missing = await handover([...TO_KUBERNETES, "--kubeconfig", none]);
  expect([missing.code, missing.stderr]).toEqual([1, `servicetokens: there is no way to a cluster: the kubeconfig ${none} cannot be read (ENOENT)\n`]);
  expect(await inStack()).toBe(true);
});

test("from the stack to an object, killed after each of its writes, one after the other", { timeout: 300_000 }, async () => {
  await killed(TO_KUBERNETES, { request: /^POST .*\/secrets\b/ });
  // Found by its record, and written once more.
  await killed(TO_KUBERNETES, { request: /^PATCH .*\/secrets\/ingest/ });
  await interrupted(TO_KUBERNETES, "state delete");
  await killed(TO_KUBERNETES, { request: /^PATCH .*\/secrets\/ingest/ });
  await killed(TO_KUBERNETES, { request: /^POST .*\/servicetokens\?(?!.*dryRun)/ });
  await killed(TO_KUBERNETES, { request: /^PATCH .*\/secrets\/ingest/ });
  await arrives(TO_KUBERNETES, "object", "default/ingest owns the token already: nothing is left to do.");
  expect((await scene.ready("ingest")).token).toMatchObject({ id, revision: 1, state: "Active" });
  expect(await scene.value("ingest")).toBe(value);
});

test("and back, killed after each of its writes, and the program changes nothing of what arrived", { timeout: 300_000 }, async () => {
  await killed(TO_PULUMI, { request: /^PATCH .*\/secrets\/ingest/ });
  await killed(TO_PULUMI, { request: /^PATCH .*\/servicetokens\/ingest/ });
  await killed(TO_PULUMI, { request: /^DELETE .*\/servicetokens\/ingest/ });
  await killed(TO_PULUMI, { request: /^PATCH .*\/secrets\/ingest/ });
  await killed(TO_PULUMI, { command: "import" });
  await killed(TO_PULUMI, { request: /^PATCH .*\/secrets\/ingest/ });
  await arrives(TO_PULUMI, "stack", "is in the stack already: nothing is left to do.");
  expect(await scene.value("ingest")).toBe(value);
  const up = await workspace.up("--expect-no-changes");
  expect(up.code, up.text).toBe(0);
  expect((await workspace.outputs())["ingest"]).toBe(value);
  expect(workspace.filesWith(value)).toEqual([]);
});

test("once more there and back without a kill, over the Secret that the first way back has left", { timeout: 300_000 }, async () => {
  await arrives(TO_KUBERNETES, "object", "4. The ServiceToken default/ingest is there.");
  await scene.ready("ingest");
  await arrives(TO_PULUMI, "stack", "is in the stack. The program needs:");
  expect((await workspace.up("--expect-no-changes")).code).toBe(0);
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
