// What the operator says and does while its surroundings are broken, and that it heals by itself.
import { afterAll, beforeAll, expect, test } from "vitest";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { startProxy, type Proxy } from "../support/proxy.ts";
import { applyIssuer, credential, issuer, namespace, serviceToken, startScene, until, type Condition, type Scene } from "../support/scene.ts";

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

/** A namespace of its own with issuer and credential. */
async function place(name: string, url: string): Promise<void> {
  await scene.apply(namespace(name));
  await scene.apply([credential(scene.service.adminToken, "qualytics-admin", name), issuer(url)], name);
}

test("a kubeconfig that is missing, and wrong flags, end with a sentence that says what to do", () => {
  expect(controller("--kubeconfig", "/nowhere/kubeconfig")).toMatchObject({ code: 1, stderr: expect.stringContaining("with --kubeconfig FILE") });
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
  await scene.apply(serviceToken("waiting"));
  await until("the issuer is missed", async () => (await condition("servicetoken", "waiting", "Ready"))?.reason === "IssuerNotFound");
  await scene.apply(issuer(proxy.url));
  const missing = await until("the credential is missed", async () => {
    const ready = await condition("tokenissuer", "qualytics", "Ready");
    return ready?.reason === "CredentialDenied" && ready;
  });
  expect(missing.message).toContain("There is no Secret qualytics-admin");
  await until("its token says so too", async () => (await condition("servicetoken", "waiting", "Ready"))?.message.includes("There is no Secret qualytics-admin"));
  await scene.apply(credential("wrong"));
  const wrong = await until("the credential is refused", async () => {
    const ready = await condition("tokenissuer", "qualytics", "Ready");
    return ready?.reason === "CredentialDenied" && !ready.message.includes("There is no Secret") && ready;
  });
  expect(wrong.message).not.toContain("wrong\"");
  await until("its token says that, too", async () => {
    const ready = await condition("servicetoken", "waiting", "Ready");
    return ready?.reason === "CredentialDenied" && !ready.message.includes("There is no Secret");
  });
  await scene.apply(credential(scene.service.adminToken));
  await scene.ready("waiting");
});

test.concurrent("a token whose issuer never answered says that from the start", async () => {
  await scene.apply(namespace("silent"));
  await scene.apply([serviceToken("unheard"), credential(scene.service.adminToken, "qualytics-admin", "silent"), issuer("http://127.0.0.1:9")], "silent");
  await until("the token says so", async () => {
    const { conditions = [] } = await scene.statusOf("servicetoken/unheard -n silent");
    return conditions.some(({ reason, message }) => reason === "IssuerNotReady" && message.includes("The issuer qualytics is not ready: The token API at 127.0.0.1:9 cannot be reached"));
  });
});

test("the policy of the issuer is told in words, and lifting it is enough", async () => {
  await applyIssuer(scene, { url: proxy.url, policy: { maxExpiresInDays: 30 } });
  await scene.apply(serviceToken("long", { expiresInDays: 60 }));
  const stalled = await until("it is refused", async () => condition("servicetoken", "long", "Stalled"));
  expect([stalled.reason, stalled.message]).toEqual(["PolicyForbids", expect.stringContaining("at most 30 days")]);
  expect((await condition("servicetoken", "waiting", "Ready"))?.status).toBe("True");
  await applyIssuer(scene, { url: proxy.url });
  await scene.ready("long");
});

// From here on side by side: what is cut off, what changes its url and what moves have namespaces of their own.

test.concurrent("an issuer that names another url is told from an empty API, and a person's word lets it go on there: same token, same value", async () => {
  const other = scene.service.url.replace("127.0.0.1", "localhost");
  await place("renamed", scene.service.url);
  await scene.apply(serviceToken("patient"), "renamed");
  await scene.areReady("servicetoken/patient -n renamed");
  const ready = async (): Promise<Condition | undefined> => condition("servicetoken", "patient -n renamed", "Ready");
  const tokens = async (): Promise<unknown> => (await scene.tokens()).filter(({ name }) => name.startsWith("renamed-")).map(({ id, active }) => [id, active]);
  const value = async (): Promise<string> => scene.kubectl("get secret patient -n renamed -o jsonpath={.data.token}");
  const [before, delivered] = [await tokens(), await value()];
  await scene.apply(issuer(other), "renamed");
  const changed = await until("it is noticed", async () => {
    const now = await ready();
    return now?.reason === "IssuerChanged" && now;
  });
  expect([changed.status, changed.message]).toEqual(["Unknown", expect.stringContaining("put the url back")]);
  expect(await tokens()).toEqual(before);
  await scene.apply(issuer(scene.service.url), "renamed");
  await scene.areReady("servicetoken/patient -n renamed");
  await scene.apply(issuer(other), "renamed");
  const words = await until("it asks for a person's word", async () => /issuerChange: \{from: "(.+)", to: "(.+)"\}/.exec((await ready())?.message ?? ""));
  const [, from, to] = words;
  await scene.kubectl(`patch servicetoken patient -n renamed --type merge -p ${JSON.stringify({ spec: { issuerChange: { from, to } } })}`);
  await until("it goes on", async () => (await ready())?.status === "True");
  expect([await tokens(), await value()]).toEqual([before, delivered]);
  await scene.apply(issuer(scene.service.url), "renamed");
  await scene.kubectl(`patch servicetoken patient -n renamed --type merge -p ${JSON.stringify({ spec: { issuerChange: { from: to, to: from } } })}`);
  await until("and back", async () => (await ready())?.status === "True" && !(await condition("servicetoken", "patient -n renamed", "Stalled")));
  expect([await tokens(), await value()]).toEqual([before, delivered]);
}, 120_000);

test.concurrent("another issuerRef: a new revision there, the old one ends at the issuer that it came from", async () => {
  const first = scene.service.url.replace("127.0.0.1", "localhost");
  await place("moving", first);
  const rotation = { retire: { when: "Deadline", minOverlap: "2s", maxOverlap: "2s" }, keepRevokedFor: "1s" };
  await scene.apply([{ ...issuer(scene.service.url), metadata: { name: "second" } }, serviceToken("nomad", { rotation })], "moving");
  await scene.areReady("servicetoken/nomad -n moving");
  const value = async (): Promise<string> => Buffer.from(await scene.kubectl("get secret nomad -n moving -o jsonpath={.data.token}"), "base64").toString("utf8");
  const old = await value();
  await scene.kubectl(`patch servicetoken nomad -n moving --type merge -p ${JSON.stringify({ spec: { issuerRef: { name: "second" } } })}`);
  const next = await until("the next revision is delivered", async () => {
    const now = await value();
    return now !== old && now;
  });
  expect(await scene.authenticate(next)).toBe(200);
  await until("the old one ends where it was issued", async () => (await scene.authenticate(old)) === 401);
  expect((await condition("servicetoken", "nomad -n moving", "FormerIssuer"))?.message).toContain(first);
  const named = JSON.parse(await scene.kubectl("get secret nomad -n moving -o json")) as { metadata: { annotations: { [name: string]: string } } };
  expect(JSON.parse(named.metadata.annotations["tokens.qualytics.io/record"] ?? "{}")).toMatchObject({ issuer: { ref: "TokenIssuer/second", url: scene.service.url }, former: { ref: "TokenIssuer/qualytics", url: first } });
  await scene.kubectl("delete servicetoken nomad -n moving");
  await until("nothing is left", async () => !(await scene.tokens()).some(({ name }) => name.startsWith("moving-nomad-")));
}, 120_000);

test.concurrent("an API that is down: what is delivered stays Ready, new tokens wait, all goes on when it is back, and a deletion names the way out and takes it when asked", async () => {
  await until("the wire is up", async () => (await condition("tokenissuer", "qualytics", "Ready"))?.status === "True");
  const value = (await scene.value("waiting")) ?? "";
  proxy.cut();
  await until("the issuer says so", async () => (await condition("tokenissuer", "qualytics", "Ready"))?.status === "False", 60_000);
  await scene.apply(serviceToken("patient"));
  await until("the new one waits", async () => (await condition("servicetoken", "patient", "Ready"))?.status === "False");
  expect((await condition("servicetoken", "waiting", "Ready"))?.status).toBe("True");
  expect((await scene.tokens()).filter(({ name }) => name.startsWith("default-patient-"))).toEqual([]);
  proxy.heal();
  await scene.ready("patient");
  expect(await scene.value("waiting")).toBe(value);
  expect(await scene.authenticate(value)).toBe(200);
  proxy.cut();
  await until("the issuer says so", async () => (await condition("tokenissuer", "qualytics", "Ready"))?.status === "False", 60_000);
  await scene.kubectl("delete servicetoken patient --wait=false");
  const blocked = await until("it is blocked", async () => {
    const ready = await condition("servicetoken", "patient", "Ready");
    return (ready?.message.includes("tokens.qualytics.io/abandon") ?? false) && ready;
  }, 60_000);
  expect(blocked.status).toBe("False");
  await scene.annotate("servicetoken/patient", { "tokens.qualytics.io/abandon": "true" });
  await until("it is let go", async () => (await scene.read("servicetoken/patient")) === null, 60_000);
}, 240_000);
