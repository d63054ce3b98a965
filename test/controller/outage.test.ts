// What the operator says and does while its surroundings are broken, and that it heals by itself.
import { afterAll, beforeAll, expect, test } from "vitest";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { startProxy, type Proxy } from "../support/proxy.ts";
import { applyIssuer, credential, issuer, serviceToken, startScene, until, type Condition, type Scene } from "../support/scene.ts";

let scene: Scene;
let proxy: Proxy;

beforeAll(async () => {
  scene = await startScene();
  proxy = await startProxy(scene.service.url);
});

afterAll(async () => {
  await scene.close();
  await proxy.close();
});

const condition = async (kind: string, name: string, type: string): Promise<Condition | undefined> => (await scene.statusOf(`${kind}/${name}`)).conditions?.find((each) => each.type === type);

function controller(...flags: string[]): { code: number | null; stderr: string } {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, "..", "..", "cli", "main.ts"), "controller", ...flags], { encoding: "utf8", timeout: 60_000 });
  return { code: run.status, stderr: run.stderr };
}

test("a kubeconfig that is missing, and wrong flags, end with a sentence that says what to do", () => {
  expect(controller("--kubeconfig", "/nowhere/kubeconfig")).toMatchObject({ code: 1, stderr: expect.stringContaining("Give --kubeconfig FILE") });
  expect(controller("--kubeconfig", scene.plane.kubeconfigPath, "--concurrency", "many")).toMatchObject({ code: 1, stderr: expect.stringContaining("whole number") });
  expect(controller("--kubeconfig", scene.plane.kubeconfigPath, "--leader-elect=maybe")).toMatchObject({ code: 1, stderr: expect.stringContaining("true or false") });
});

test("without CRDs the operator says which to install, and goes on by itself once they are there", async () => {
  await scene.kubectl("delete crd servicetokens.tokens.qualytics.io tokenissuers.tokens.qualytics.io");
  const starting = scene.operator("--metrics", "127.0.0.1:0");
  await until("it says so", () => Promise.resolve(scene.logs().includes("install the CRDs with")));
  await scene.kubectl(`apply -f ${join(import.meta.dirname, "..", "..", "crds")}`);
  await (await starting).stop();
});

test("a missing issuer, a missing credential, a wrong one: each is named, and mending it is enough", async () => {
  await scene.operator();
  await scene.kubectl("apply -f -", serviceToken("waiting"));
  await until("the issuer is missed", async () => (await condition("servicetoken", "waiting", "Ready"))?.reason === "IssuerNotFound");
  await scene.kubectl("apply -f -", issuer(proxy.url));
  const missing = await until("the credential is missed", async () => {
    const ready = await condition("tokenissuer", "qualytics", "Ready");
    return ready?.reason === "CredentialDenied" && ready;
  });
  expect(missing.message).toContain("There is no Secret qualytics-admin");
  await scene.kubectl("apply -f -", credential("wrong"));
  const wrong = await until("the credential is refused", async () => {
    const ready = await condition("tokenissuer", "qualytics", "Ready");
    return ready?.reason === "CredentialDenied" && !ready.message.includes("There is no Secret") && ready;
  });
  expect(wrong.message).not.toContain("wrong\"");
  await scene.kubectl("apply -f -", credential(scene.service.adminToken));
  await scene.ready("waiting");
});

test("the policy of the issuer is told in words, and lifting it is enough", async () => {
  await applyIssuer(scene, { url: proxy.url, policy: { maxExpiresInDays: 30 } });
  await scene.kubectl("apply -f -", serviceToken("long", { expiresInDays: 60 }));
  const stalled = await until("it is refused", async () => condition("servicetoken", "long", "Stalled"));
  expect([stalled.reason, stalled.message]).toEqual(["PolicyForbids", expect.stringContaining("at most 30 days")]);
  expect((await condition("servicetoken", "waiting", "Ready"))?.status).toBe("True");
  await applyIssuer(scene, { url: proxy.url });
  await scene.ready("long");
});

test("an API that is down: what is delivered stays Ready, new tokens wait, and all goes on when it is back", async () => {
  await until("the wire is up", async () => (await condition("tokenissuer", "qualytics", "Ready"))?.status === "True");
  const value = (await scene.value("waiting")) ?? "";
  proxy.cut();
  await until("the issuer says so", async () => (await condition("tokenissuer", "qualytics", "Ready"))?.status === "False", 60_000);
  await scene.kubectl("apply -f -", serviceToken("patient"));
  await until("the new one waits", async () => (await condition("servicetoken", "patient", "Ready"))?.status === "False");
  expect((await condition("servicetoken", "waiting", "Ready"))?.status).toBe("True");
  expect((await scene.tokens()).filter(({ name }) => name.startsWith("default-patient-"))).toEqual([]);
  proxy.heal();
  await scene.ready("patient");
  expect(await scene.value("waiting")).toBe(value);
  expect(await scene.authenticate(value)).toBe(200);
});

test("an issuer that names another url is told from an empty API: nothing is issued, nothing revoked", async () => {
  const before = await scene.tokens();
  await applyIssuer(scene, { url: scene.service.url });
  const changed = await until("it is noticed", async () => {
    const ready = await condition("servicetoken", "patient", "Ready");
    return ready?.reason === "IssuerChanged" && ready;
  });
  expect([changed.status, changed.message]).toEqual(["Unknown", expect.stringContaining("put the url back")]);
  expect((await scene.tokens()).map(({ id, active }) => [id, active])).toEqual(before.map(({ id, active }) => [id, active]));
  await applyIssuer(scene, { url: proxy.url });
  await scene.ready("patient");
});

test("a person's word lets it go on at the other url: what is seen there stays, with the same value", async () => {
  const value = await scene.value("patient");
  const before = await scene.tokens();
  await applyIssuer(scene, { url: scene.service.url });
  const words = await until("it asks for it", async () => /issuerChange: \{from: "(.+)", to: "(.+)"\}/.exec((await condition("servicetoken", "patient", "Ready"))?.message ?? ""));
  const [, from, to] = words;
  await scene.kubectl(`patch servicetoken patient --type merge -p ${JSON.stringify({ spec: { issuerChange: { from, to } } })}`);
  await until("it goes on", async () => (await condition("servicetoken", "patient", "Ready"))?.status === "True");
  expect(await scene.value("patient")).toBe(value);
  expect((await scene.tokens()).map(({ id, active }) => [id, active])).toEqual(before.map(({ id, active }) => [id, active]));
  await applyIssuer(scene, { url: proxy.url });
  await scene.kubectl(`patch servicetoken patient --type merge -p ${JSON.stringify({ spec: { issuerChange: { from: to, to: from } } })}`);
  await until("and back", async () => (await condition("servicetoken", "patient", "Ready"))?.status === "True" && !(await condition("servicetoken", "patient", "Stalled")));
});

test("another issuerRef: a new revision there, the old one ends at the issuer that it came from", async () => {
  const rotation = { retire: { when: "Deadline", minOverlap: "2s", maxOverlap: "2s" }, keepRevokedFor: "1s" };
  await scene.kubectl("apply -f -", [{ ...issuer(scene.service.url), metadata: { name: "second" } }, serviceToken("nomad", { rotation })]);
  await scene.ready("nomad");
  const first = (await scene.value("nomad")) ?? "";
  await scene.kubectl(`patch servicetoken nomad --type merge -p ${JSON.stringify({ spec: { issuerRef: { name: "second" } } })}`);
  const second = await until("the next revision is delivered", async () => {
    const value = await scene.value("nomad");
    return value !== first && value;
  });
  expect(await scene.authenticate(second)).toBe(200);
  await until("the old one ends where it was issued", async () => (await scene.authenticate(first)) === 401);
  expect((await condition("servicetoken", "nomad", "FormerIssuer"))?.message).toContain(proxy.url);
  const named = JSON.parse(await scene.kubectl("get secret nomad -o json")) as { metadata: { annotations: { [name: string]: string } } };
  expect(JSON.parse(named.metadata.annotations["tokens.qualytics.io/record"] ?? "{}")).toMatchObject({ issuer: { ref: "TokenIssuer/second", url: scene.service.url }, former: { ref: "TokenIssuer/qualytics", url: proxy.url } });
  await scene.kubectl("delete servicetoken nomad");
  await until("nothing is left", async () => !(await scene.tokens()).some(({ name }) => name.startsWith("default-nomad-")));
});

test("a deletion that cannot reach the API names the way out, and takes it when asked", async () => {
  proxy.cut();
  await until("the issuer says so", async () => (await condition("tokenissuer", "qualytics", "Ready"))?.status === "False", 60_000);
  await scene.kubectl("delete servicetoken patient --wait=false");
  const blocked = await until("it is blocked", async () => {
    const ready = await condition("servicetoken", "patient", "Ready");
    return (ready?.message.includes("tokens.qualytics.io/abandon") ?? false) && ready;
  }, 60_000);
  expect(blocked.status).toBe("False");
  await scene.kubectl("annotate servicetoken patient tokens.qualytics.io/abandon=true");
  await until("it is let go", async () => (await scene.read("servicetoken/patient")) === null, 60_000);
});
