// A tenant who tries: "red" may do everything in its own namespace, "blue" is its neighbour, and both use one
// ClusterTokenIssuer. Each attempt gets a reason, and nothing of blue's changes.
import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterIssuer, credential, issuer, namespace, serviceToken, serviceUser, startScene, until, type Scene, type Token } from "../support/scene.ts";

const RECORD = "tokens.qualytics.io/record";
const issuerRef = { kind: "ClusterTokenIssuer", name: "shared" };
let scene: Scene;
/** Blue's token, as its Secret and the API have it. */
let theirs: { value: string; token: Token; uid: string; record: string };

const apply = (...objects: object[]): Promise<void> => scene.apply(objects);
const token = (where: string, name: string, spec: object = {}): object => serviceToken(name, { issuerRef, ...spec }, { namespace: where });
const ready = (where: string, name: string): Promise<void> => scene.areReady(`servicetoken/${name} -n ${where}`);
const record = async (where: string, name: string): Promise<string> => (await scene.read<{ metadata: { annotations: Record<string, string> } }>(`secret/${name} -n ${where}`))?.metadata.annotations[RECORD] ?? "";
const value = async (where: string, name: string): Promise<string> => Buffer.from((await scene.read<{ data: { token: string } }>(`secret/${name} -n ${where}`))?.data.token ?? "", "base64").toString("utf8");

/** Nothing of blue's has changed, at the API or in its namespace. */
async function unharmed(): Promise<void> {
  expect(await scene.authenticate(theirs.value)).toBe(200);
  expect((await scene.tokens()).find(({ id }) => id === theirs.token.id)).toMatchObject({ active: true, name: theirs.token.name });
  expect(await value("blue", "ingest")).toBe(theirs.value);
}

beforeAll(async () => {
  scene = await startScene();
  await apply(namespace("vault"), namespace("red"), namespace("blue"));
  await apply(credential(scene.service.adminToken, "qualytics-admin", "vault"), clusterIssuer(scene.service.url, { serviceUsers: ["Data *", "{namespace}.*"] }));
  await scene.operator();
  await apply(token("blue", "ingest"));
  await ready("blue", "ingest");
  const [issued] = (await scene.tokens()).filter(({ name }) => name.startsWith("blue-ingest-"));
  if (!issued) throw new Error("blue has no token");
  const uid = await scene.kubectl("get servicetoken ingest -n blue -o jsonpath={.metadata.uid}");
  theirs = { value: await value("blue", "ingest"), token: issued, uid, record: await record("blue", "ingest") };
});

afterAll(() => scene.close());

test("a Secret that is not its own is no place of delivery, whatever it is called", async () => {
  await apply(credential("precious", "database", "red"), token("red", "overwrite", { secret: { name: "database" } }));
  expect((await scene.says("servicetoken/overwrite -n red", "SecretNotOurs")).message).toContain("is not ours");
  expect(await value("red", "database")).toBe("precious");
  await expect(scene.kubectl("apply -f -", token("red", "out", { secret: { name: "../blue/ingest" } }))).rejects.toThrow(/secret\.name/);
  expect((await scene.tokens()).filter(({ name }) => name.startsWith("red-"))).toEqual([]);
  await unharmed();
});

test("a Secret that says it belongs to blue's token is not written, not even with consent", async () => {
  const owner = { apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ServiceToken", name: "ingest", uid: theirs.uid, controller: true };
  await apply({ apiVersion: "v1", kind: "Secret", metadata: { name: "claimed", namespace: "red", ownerReferences: [owner] }, data: { token: "bWluZQ==" } });
  await apply(token("red", "claimed"), token("red", "adopting", { secret: { name: "claimed", adopt: true } }));
  for (const name of ["claimed", "adopting"]) expect((await scene.says(`servicetoken/${name} -n red`, "SecretNotOurs")).message).toContain("belongs to");
  expect(await value("red", "claimed")).toBe("mine");
  await unharmed();
});

test("a template cannot read what it must not", async () => {
  for (const curious of ["{{ .credential }}", '{{ lookup "v1" "Secret" "vault" "qualytics-admin" }}', "{{ .token | file }}"]) {
    const said = await scene.kubectl("apply -f -", token("red", "curious", { secret: { template: { token: "{{ .token }}", curious } } })).then(() => "accepted", (error: Error) => error.message);
    expect(said).toContain("an expression of the template is not understood");
  }
  const all = await scene.kubectl("get secret,servicetoken,events -n red -o json");
  expect(all).not.toContain(scene.service.adminToken);
  expect(all).not.toContain(Buffer.from(scene.service.adminToken).toString("base64"));
});

test("a name that is blue's, or looks like it, is another token", async () => {
  await apply(namespace("red-blue"), token("red", "mimic", { tokenName: theirs.token.name.slice(0, 200) }), token("red", "blue-ingest"), token("red-blue", "ingest"));
  for (const [where, name] of [["red", "mimic"], ["red", "blue-ingest"], ["red-blue", "ingest"]] as const) await ready(where, name);
  const values = await Promise.all([value("red", "mimic"), value("red", "blue-ingest"), value("red-blue", "ingest")]);
  expect(new Set([...values, theirs.value]).size).toBe(4);
  await scene.remove("servicetoken/mimic -n red", "servicetoken/blue-ingest -n red");
  expect(await scene.authenticate(values[2] ?? "")).toBe(200);
  await unharmed();
});

test("a Secret swapped for a copy of blue's is refused, and deleting the object ends nothing of blue's", async () => {
  await apply(token("red", "swapped"));
  await ready("red", "swapped");
  await scene.kubectl(`annotate secret swapped -n red --overwrite ${RECORD}=${theirs.record}`);
  expect((await scene.says("servicetoken/swapped -n red", "SecretNotOurs")).message).toContain("record of another resource");
  await scene.remove("servicetoken/swapped -n red");
  await until("its own token is gone", async () => (await scene.tokens()).every(({ name }) => !name.startsWith("red-swapped-")));
  await unharmed();
});

test("nor does a record under its own mark that names blue's token", async () => {
  await apply(token("red", "forger"));
  await ready("red", "forger");
  const own = JSON.parse(await record("red", "forger")) as { revisions: object[] };
  const forged = { ...own, revisions: [...own.revisions, ...(JSON.parse(theirs.record) as { revisions: { number: number }[] }).revisions.map((entry) => ({ ...entry, number: 7 }))] };
  await scene.kubectl(`annotate secret forger -n red --overwrite ${RECORD}=${JSON.stringify(forged)}`);
  expect((await scene.says("servicetoken/forger -n red", "SecretNotOurs")).message).toContain("names tokens that are not of this resource");
  await scene.annotate("servicetoken/forger -n red", { "tokens.qualytics.io/compromised": "7" });
  await scene.remove("servicetoken/forger -n red");
  await until("its own token is gone", async () => (await scene.tokens()).every(({ name }) => !name.startsWith("red-forger-")));
  await unharmed();
});

test("an issuer of its own reads no Secret of another namespace", async () => {
  const reaching = { ...issuer(scene.service.url, { credentialsSecretRef: { name: "qualytics-admin", namespace: "vault" } }) };
  await expect(scene.kubectl("apply -n red -f -", reaching)).rejects.toThrow(/unknown field "spec.credentialsSecretRef.namespace"/);
  await scene.kubectl("apply -n red --validate=false -f -", reaching);
  expect((await scene.says("tokenissuer/qualytics -n red", "CredentialDenied")).message).toContain("no Secret qualytics-admin in the namespace red");
});

test("a ServiceUser of another namespace is none of its own, and a status that lies deactivates nobody", async () => {
  await apply(serviceUser("loader", { issuerRef, name: "blue.loader" }, { namespace: "blue" }), token("red", "borrowed", { serviceUser: { ref: "loader" } }));
  await scene.areReady("serviceuser/loader -n blue");
  expect((await scene.says("servicetoken/borrowed -n red", "NoServiceUser")).message).toContain("no ServiceUser loader in this namespace");
  const id = Number(await scene.kubectl("get serviceuser loader -n blue -o jsonpath={.status.user.id}"));
  await apply(serviceUser("liar", { issuerRef, name: "red.liar", deletionPolicy: "Deactivate" }, { namespace: "red" }));
  await scene.areReady("serviceuser/liar -n red");
  await scene.kubectl(`patch serviceuser liar -n red --subresource=status --type=merge -p {"status":{"user":{"id":${id}}}}`);
  await scene.remove("serviceuser/liar -n red");
  const { items } = (await scene.service.api<{ items: { name: string; deleted_at: string | null }[] }>("GET", "/api/users?type=Service&include_deleted=true")).body;
  const state = (name: string): boolean | undefined => items.find((user) => user.name === name)?.deleted_at === null;
  expect([state("blue.loader"), state("red.liar")]).toEqual([true, false]);
  await unharmed();
});
