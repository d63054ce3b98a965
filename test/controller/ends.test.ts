// Deletions that must not hang, on a control plane with the controllers that empty namespaces and collect garbage. Each
// finishes by itself, or says what it waits for and how to let it go. Those that are about a namespace of their own wait
// side by side.
import { afterAll, beforeAll, expect, test } from "vitest";
import { join } from "node:path";
import { applyIssuer, credential, issuer, personalToken, serviceToken, serviceUser, startScene, until, type Operator, type Scene } from "../support/scene.ts";
import { startPreparedService } from "../support/service-data.ts";

let scene: Scene;
let operator: Operator;

beforeAll(async () => {
  scene = await startScene({ controllerManager: true });
  await applyIssuer(scene);
  operator = await scene.operator();
});

afterAll(() => scene.close());

interface Held {
  readonly metadata: { readonly finalizers?: readonly string[] };
}

const apply = (...objects: object[]): Promise<void> => scene.apply(objects);
const named = async (prefix: string): Promise<{ active: boolean }[]> => (await scene.tokens()).filter(({ name }) => name.startsWith(prefix));
const gone = (what: string): Promise<unknown> => until(`${what} is gone`, async () => (await scene.read(what)) === null, 60_000);

/** A namespace of its own with issuer and credential. */
async function place(name: string, url = scene.service.url, token = scene.service.adminToken): Promise<void> {
  await scene.kubectl(`create namespace ${name}`);
  await scene.apply([credential(token, "qualytics-admin", name), issuer(url)], name);
}

test.concurrent("a namespace that goes takes its tokens along, though issuer and credential go with it", async () => {
  await place("leaving");
  await apply(
    serviceUser("worker", { name: "Leaving", deletionPolicy: "Deactivate" }, { namespace: "leaving" }),
    serviceToken("one", { serviceUser: { ref: "worker" } }, { namespace: "leaving" }),
    personalToken("two", {}, { namespace: "leaving" }),
  );
  await scene.areReady("servicetoken/one personaltoken/two serviceuser/worker -n leaving");
  await scene.kubectl("delete namespace leaving --timeout=120s");
  expect(await named("leaving-")).toEqual([]);
  const personal = (await scene.service.api<{ name: string }[]>("GET", "/api/user-tokens")).body;
  expect(personal.filter(({ name }) => name.startsWith("leaving-"))).toEqual([]);
  const users = (await scene.service.api<{ items: { name: string; deleted_at: string | null }[] }>("GET", "/api/users?type=Service&include_deleted=true")).body.items;
  expect(users.find(({ name }) => name === "Leaving")?.deleted_at).not.toBeNull();
}, 240_000);

test.concurrent("an issuer that is deleted first waits for its tokens, says for which, and issues nothing new", async () => {
  await place("early");
  await apply(serviceToken("held", {}, { namespace: "early" }));
  await scene.areReady("servicetoken/held -n early");
  await until("the issuer is held", async () => ((await scene.read<Held>("tokenissuer/qualytics -n early"))?.metadata.finalizers ?? []).length > 0);
  await scene.kubectl("delete tokenissuer qualytics -n early --wait=false");
  const { message } = await scene.says("tokenissuer/qualytics -n early", "DeletionBlocked");
  expect(message).toContain("ServiceToken early/held");
  expect(message).toContain("tokens.qualytics.io/abandon");
  await apply(serviceToken("late", {}, { namespace: "early" }));
  expect((await scene.says("servicetoken/late -n early", "PolicyForbids")).message).toContain("is being deleted");
  await scene.kubectl("delete servicetoken held late -n early --timeout=60s");
  await gone("tokenissuer/qualytics -n early");
  expect(await named("early-")).toEqual([]);
}, 120_000);

test.concurrent("an issuer that nothing needs goes at once, and so does one of an operator that never saw it work", async () => {
  await place("idle", "https://127.0.0.1:1");
  await scene.says("tokenissuer/qualytics -n idle", "IssuerNotReady");
  await scene.kubectl("delete tokenissuer qualytics -n idle --timeout=20s");
});

test.concurrent("with the API gone for good each deletion names the way out, and one annotation on the issuer lets all go", async () => {
  const other = await startPreparedService();
  await place("lost", other.url, other.adminToken);
  await apply(
    serviceUser("worker", { name: "Worker", deletionPolicy: "Deactivate" }, { namespace: "lost" }),
    serviceToken("one", {}, { namespace: "lost" }),
    personalToken("two", {}, { namespace: "lost" }),
  );
  await scene.areReady("servicetoken/one personaltoken/two serviceuser/worker -n lost");
  await other.kill();
  await scene.says("tokenissuer/qualytics -n lost", "IssuerNotReady");
  await scene.kubectl("delete servicetoken/one personaltoken/two serviceuser/worker tokenissuer/qualytics -n lost --wait=false");
  for (const object of ["servicetoken/one", "personaltoken/two", "serviceuser/worker", "tokenissuer/qualytics"]) {
    expect((await scene.says(`${object} -n lost`, "DeletionBlocked")).message).toContain("tokens.qualytics.io/abandon");
  }
  await scene.kubectl("annotate tokenissuer qualytics -n lost tokens.qualytics.io/abandon=true");
  for (const object of ["servicetoken/one", "personaltoken/two", "serviceuser/worker", "tokenissuer/qualytics"]) await gone(`${object} -n lost`);
  await scene.kubectl("delete namespace lost --timeout=60s");
}, 240_000);

test("a credential that is deleted first is remembered for deletions, and for nothing else", async () => {
  await place("bare");
  await apply(serviceToken("left", {}, { namespace: "bare" }));
  await scene.areReady("servicetoken/left -n bare");
  await scene.kubectl("delete secret qualytics-admin -n bare");
  await scene.says("tokenissuer/qualytics -n bare", "CredentialDenied");
  const looks = await operator.looks();
  await scene.kubectl("annotate servicetoken left -n bare tokens.qualytics.io/rotate=now");
  await until("it has been looked at", async () => (await operator.looks()) > looks);
  expect(await named("bare-")).toHaveLength(1);
  await scene.kubectl("delete servicetoken left -n bare --timeout=60s");
  expect(await named("bare-")).toEqual([]);
}, 120_000);

test("removed CRDs take every token along, and the operator works on once they are back", async () => {
  await apply(serviceToken("before"), personalToken("before", { secret: { name: "before-personal" } }));
  await scene.ready("before");
  await scene.areReady("personaltoken/before");
  const crds = join(import.meta.dirname, "..", "..", "crds");
  await scene.kubectl(`delete -f ${crds} --timeout=120s`);
  expect(await named("default-before")).toEqual([]);
  expect(await scene.kubectl("get secret before before-personal --ignore-not-found -o name")).toBe("");
  await scene.kubectl(`apply -f ${crds}`);
  await scene.kubectl("wait --for=condition=Established crd --all --timeout=60s");
  await scene.kubectl("apply -f -", [issuer(scene.service.url), serviceToken("after")]);
  // The watches of a kind that was gone are tried again at most half a minute apart.
  await scene.areReady("servicetoken/after");
}, 360_000);

test("removed while the operator is down they wait for it, and its start ends the waiting", async () => {
  await operator.stop();
  const crds = join(import.meta.dirname, "..", "..", "crds");
  await scene.kubectl(`delete -f ${crds} --wait=false`);
  await until("the CRD waits for its objects", async () => (await scene.kubectl("get crd servicetokens.tokens.qualytics.io -o jsonpath={.status.conditions[?(@.type==\"Terminating\")].status}")) === "True");
  await scene.operator();
  await until("every CRD is gone", async () => (await scene.kubectl("get crd -o name")).trim() === "", 60_000);
  expect(await named("default-after")).toEqual([]);
  // Kinds without objects were gone at once: they hold nobody up.
  expect(scene.logs()).toContain("Working without it until it is there");
  await scene.kubectl(`apply -f ${crds}`);
  await scene.kubectl("wait --for=condition=Established crd --all --timeout=60s");
  await scene.kubectl("apply -f -", [issuer(scene.service.url), serviceToken("again")]);
  await scene.areReady("servicetoken/again");
}, 360_000);
