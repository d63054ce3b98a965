// deploy/ as a cluster administrator installs it, and the operator running as the service accounts that it makes, under
// the real authorizer and the real admission policies.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { finalizersOf, installForCluster } from "../support/installation.ts";
import { applyIssuer, clusterIssuer, credential, issuer, personalToken, namespace, serviceToken, serviceUser, startScene, until, type Operator, type Scene } from "../support/scene.ts";

const root = join(import.meta.dirname, "..", "..");
const FINALIZER = "tokens.qualytics.io/tokens";
let scene: Scene;
let operator: Operator;
let folder: string;
/** A kubeconfig of the cluster operator's service account. */
let identity: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "servicetokens-deploy-"));
  scene = await startScene();
  await installForCluster(scene);
  identity = await accountOf("servicetokens");
  await scene.apply(namespace("vault"));
  await scene.apply([credential(scene.service.adminToken, "qualytics-admin", "vault"), clusterIssuer(scene.service.url, { serviceUsers: ["Data *"] })]);
  await applyIssuer(scene);
});

afterAll(async () => {
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

async function accountOf(namespace: string): Promise<string> {
  const token = await scene.kubectl(`create token servicetokens-controller -n ${namespace} --duration=2h`);
  const path = join(folder, `${namespace}.kubeconfig`);
  writeFileSync(path, scene.plane.kubeconfigFor(token.trim()), { mode: 0o600 });
  return path;
}

const apply = (...objects: object[]): Promise<void> => scene.apply(objects);
/** What the apiserver answers to the operator's own account; empty: it did it. */
const asOperator = (args: string, stdin?: object): Promise<string> => scene.kubectl(`--kubeconfig ${identity} ${args}`, stdin).then(() => "", (error: Error) => error.message);

test("as installed for the cluster it issues tokens of both kinds, makes users, delivers, tells and tidies up", async () => {
  operator = await scene.operator("--kubeconfig", identity, "--own-namespace", "servicetokens", "--leader-elect=true");
  const issuerRef = { kind: "ClusterTokenIssuer", name: "shared" };
  await scene.apply(namespace("data"));
  await apply(
    serviceUser("exporter", { issuerRef, name: "Data Export", deletionPolicy: "Deactivate" }, { namespace: "data" }),
    serviceToken("export", { issuerRef, serviceUser: { ref: "exporter" } }, { namespace: "data" }),
    serviceToken("ingest"),
    personalToken("mine"),
  );
  await scene.areReady("serviceuser/exporter servicetoken/export -n data");
  await scene.areReady("servicetoken/ingest personaltoken/mine");
  await scene.tells("Issued and delivered revision 1 of data/export", "data");
  await scene.annotate("servicetoken/ingest", { "tokens.qualytics.io/rotate": "now" });
  await until("it rotates", async () => (await scene.status("ingest")).token?.revision === 2);
  await scene.kubectl("delete servicetoken/export serviceuser/exporter -n data --timeout=60s");
  expect(await scene.kubectl("get secret -n data -o name")).toBe("");
  await apply(serviceToken("kept", { deletionPolicy: "Orphan" }));
  await scene.ready("kept");
  await scene.remove("servicetoken/kept");
  expect(await scene.authenticate((await scene.value("kept")) ?? "")).toBe(200);
  expect(scene.logs()).not.toMatch(/forbidden|may not list/i);
}, 240_000);

test("the finalizer comes with the object: the operator writes the status and nothing else of it", async () => {
  const dry = (object: object): Promise<readonly string[] | undefined> => finalizersOf(scene, object);
  expect(await dry(serviceToken("probe", {}, { finalizers: ["example.com/other"] }))).toEqual(["example.com/other", FINALIZER]);
  expect(await dry(serviceToken("probe", {}, { finalizers: [FINALIZER] }))).toEqual([FINALIZER]);
  expect(await dry(personalToken("probe"))).toEqual([FINALIZER]);
  expect(await dry(serviceUser("probe", { name: "Probe" }))).toBeUndefined();
  expect(await dry(serviceUser("probe", { name: "Probe", deletionPolicy: "Deactivate" }))).toEqual([FINALIZER]);
  await apply(serviceToken("cheap"));
  await scene.ready("cheap");
  const { metadata } = JSON.parse(await scene.kubectl("get servicetoken cheap -o json --show-managed-fields")) as { metadata: { managedFields: { manager: string; subresource?: string }[] } };
  expect(metadata.managedFields.filter(({ manager }) => manager === "servicetokens").map(({ subresource }) => subresource)).toEqual(["status"]);
});

test("a stolen identity writes no Secret but those that the operator delivers into", async () => {
  const uid = await scene.kubectl("get servicetoken cheap -o jsonpath={.metadata.uid}");
  const owner = { apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ServiceToken", name: "cheap", uid, controller: true };
  const forged = (change: object = {}, metadata: object = {}): object => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "forged", annotations: { "tokens.qualytics.io/record": "{}" }, labels: { "app.kubernetes.io/managed-by": "servicetokens" }, ownerReferences: [owner], ...metadata },
    ...change,
  });
  const refused = async (object: object): Promise<string> => asOperator("create --dry-run=server -f -", object);
  // What it may write; each of the others departs from it in one thing.
  await until("the policy is in effect", async () => (await refused(forged({}, { annotations: {} }))) !== "");
  expect(await refused(forged())).toBe("");
  for (const metadata of [{ annotations: {} }, { labels: {} }, { ownerReferences: [] }, { ownerReferences: [{ ...owner, kind: "ServiceUser" }] }, { ownerReferences: [owner, { ...owner, uid: "x", controller: false }] }]) {
    expect(await refused(forged({}, metadata))).toContain("only Secrets that bear its record");
  }
  const minting = forged({ type: "kubernetes.io/service-account-token" }, { annotations: { "tokens.qualytics.io/record": "{}", "kubernetes.io/service-account.name": "default" } });
  expect(await refused(minting)).toContain("a type that Kubernetes itself acts on");
  expect(await asOperator("patch secret qualytics-admin --type=merge -p {\"data\":{\"token\":\"eA==\"}}")).toContain("not the operator's");
  expect(await asOperator("annotate secret qualytics-admin tokens.qualytics.io/record={}")).toContain("not the operator's");
  expect(await asOperator("delete secret qualytics-admin")).toContain("deletes only Secrets");
  expect(await asOperator("delete secret --all -n vault")).toContain("deletes only Secrets");
  // Disowning keeps the value.
  expect(await asOperator("patch secret cheap --type=merge -p {\"metadata\":{\"ownerReferences\":[]},\"data\":{\"token\":\"eA==\"}}")).toContain("only Secrets that bear its record");
  for (const act of ["get configmap -n kube-system", "create clusterrolebinding x --clusterrole=cluster-admin --user=x", "create deployment x --image=x", "create token default", "get configmap other -n servicetokens", "delete servicetoken cheap"]) {
    expect(await asOperator(act), act).toMatch(/forbidden/i);
  }
});

test("a Secret of somebody else is taken over only where the Secret itself says so too", async () => {
  await scene.kubectl("create secret generic theirs --from-literal=token=mine");
  await apply(serviceToken("adopting", { secret: { name: "theirs", adopt: true } }));
  const { message } = await scene.says("servicetoken/adopting", "SecretNotWritable");
  // The policy's own sentence could quote a value: which policy it was is told, and docs/troubleshooting.md has the rest.
  expect(message).toContain("ValidatingAdmissionPolicy 'servicetokens-secrets' with binding 'servicetokens-secrets' denied request");
  expect(await scene.value("theirs")).toBe("mine");
  await scene.annotate("secret/theirs", { "tokens.qualytics.io/adopt": "true" });
  // Without waiting for the five minutes after which a refused write is tried again. What was not taken over yet stays.
  await scene.remove("servicetoken/adopting");
  expect(await scene.value("theirs")).toBe("mine");
  await apply(serviceToken("adopting", { secret: { name: "theirs", adopt: true } }));
  await scene.ready("adopting");
  expect(await scene.authenticate((await scene.value("theirs")) ?? "")).toBe(200);
});

test("without the right to restart it says which right is missing, the old token waits, and the right is enough", async () => {
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "reader" }, spec: { selector: { matchLabels: { app: "reader" } }, template: { metadata: { labels: { app: "reader" } }, spec: { containers: [{ name: "main", image: "example.com/none" }] } } } };
  const role = JSON.parse(await scene.kubectl("get clusterrole servicetokens-controller -o json")) as { rules: { apiGroups: string[] }[] };
  const without = { ...role, rules: role.rules.filter(({ apiGroups }) => !apiGroups.includes("apps")) };
  expect(without.rules).toHaveLength(role.rules.length - 1);
  await scene.kubectl("replace -f -", without);
  await until("the right is gone", async () => (await asOperator("get deployment reader")).includes("(Forbidden)"));
  await apply(deployment, serviceToken("read", { restart: [{ kind: "Deployment", name: "reader" }], rotation: { retire: { when: "Deadline", minOverlap: "1s", maxOverlap: "168h" } } }));
  await scene.ready("read");
  const first = (await scene.value("read")) ?? "";
  await scene.annotate("servicetoken/read", { "tokens.qualytics.io/rotate": "now" });
  const { message } = await scene.says("servicetoken/read", "RestartBlocked");
  expect(message).toContain("grant it get and patch on deployments of apps in this namespace");
  expect([await scene.authenticate(first), await scene.authenticate((await scene.value("read")) ?? "")]).toEqual([200, 200]);
  const annotations = (): Promise<string> => scene.kubectl("get deployment reader -o jsonpath={.spec.template.metadata.annotations}");
  expect(await annotations()).toBe("");
  await scene.kubectl("apply -f -", { ...role, metadata: { name: "servicetokens-controller" } });
  // A start looks at once; otherwise it is looked at again within half a minute.
  await operator.stop();
  operator = await scene.operator("--kubeconfig", identity, "--own-namespace", "servicetokens", "--leader-elect=true");
  await until("it is restarted", async () => (await annotations()).includes("revision 2 of default/read"), 60_000);
  expect(await scene.authenticate(first)).toBe(200);
});

test("as installed for one namespace it works there with one Role, and in another one that gives it the same Role; it neither sees nor touches any other", async () => {
  const overlay = join(folder, "overlay");
  cpSync(join(root, "deploy", "namespace"), join(overlay, "base"), { recursive: true });
  writeFileSync(join(overlay, "kustomization.yaml"), "namespace: team\nresources: [base]\n");
  await scene.apply(namespace("team"));
  await scene.kubectl(`apply --validate=strict -k ${overlay}`);
  const account = await accountOf("team");
  // Otherwise the cluster's operator would work here as well.
  await operator.stop();
  await scene.apply([credential(scene.service.adminToken, "qualytics-admin", "team"), issuer(scene.service.url)], "team");
  await scene.apply(namespace("team-two"));
  const { rules } = JSON.parse(await scene.kubectl("get role servicetokens-controller -n team -o json")) as { rules: object[] };
  await scene.kubectl("apply -f -", { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "servicetokens-controller", namespace: "team-two" }, rules });
  await scene.kubectl("create rolebinding servicetokens-controller -n team-two --role=servicetokens-controller --serviceaccount=team:servicetokens-controller");
  await scene.apply([credential(scene.service.adminToken, "qualytics-admin", "team-two"), issuer(scene.service.url)], "team-two");
  const both = await scene.operator("--kubeconfig", account, "--namespace", "team,team-two", "--leader-elect=true");
  await apply(
    serviceUser("loader", { name: "Data Loader" }, { namespace: "team" }),
    serviceToken("own", { serviceUser: { ref: "loader" } }, { namespace: "team" }),
    personalToken("mine", {}, { namespace: "team" }),
    serviceToken("shared", { issuerRef: { kind: "ClusterTokenIssuer", name: "shared" } }, { namespace: "team" }),
    serviceToken("elsewhere"),
    serviceToken("own", {}, { namespace: "team-two" }),
  );
  await scene.areReady("servicetoken/own personaltoken/mine serviceuser/loader -n team");
  await scene.areReady("servicetoken/own -n team-two");
  for (const where of ["team", "team-two"]) expect(await scene.kubectl(`get configmap/servicetokens-identity lease/servicetokens-controller -n ${where} -o name`)).toContain("lease");
  expect(await both.looks()).toBeGreaterThan(4);
  expect((await scene.says("servicetoken/shared -n team", "IssuerNotFound")).message).toContain("works in one namespace only");
  expect((await scene.status("elsewhere")).observedGeneration).toBe(-1);
  const can = (what: string): Promise<string> => scene.kubectl(`--kubeconfig ${account} auth can-i ${what}`).then((text) => text.trim(), () => "no");
  expect([await can("get secrets -n team"), await can("get secrets -n default"), await can("list servicetokens -A"), await can("get namespaces")]).toEqual(["yes", "no", "no", "no"]);
  await scene.remove("servicetoken/own -n team");
  expect(await scene.kubectl("get secret own -n team --ignore-not-found -o name")).toBe("");
  await both.stop();
}, 120_000);
