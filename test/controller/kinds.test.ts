// PersonalToken, ServiceUser and ClusterTokenIssuer on a real apiserver, against the real token service.
import { afterAll, beforeAll, expect, test } from "vitest";
import { kstatus, type Kstatus } from "../support/kstatus.ts";
import { applyIssuer, clusterIssuer, credential, issuer, namespace, personalToken, serviceToken, serviceUser, startScene, until, type Scene } from "../support/scene.ts";

let scene: Scene;

interface Listed {
  readonly id: number;
  readonly name: string;
  readonly role: string;
  readonly teams: readonly string[];
  readonly deleted_at: string | null;
}

beforeAll(async () => {
  scene = await startScene();
  await applyIssuer(scene);
  await scene.operator();
});

afterAll(() => scene.close());

const apply = (...objects: object[]): Promise<void> => scene.apply(objects);
const users = async (): Promise<readonly Listed[]> => (await scene.service.api<{ items: Listed[] }>("GET", "/api/users?type=Service&include_deleted=true&size=100")).body.items;
const user = async (name: string): Promise<Listed | undefined> => (await users()).find((each) => each.name === name);
const kstatusOf = async (object: string): Promise<Kstatus | undefined> => {
  const read = await scene.read<Parameters<typeof kstatus>[0]>(object);
  return read ? kstatus(read) : undefined;
};
const valueIn = async (secret: string, where: string): Promise<string> => Buffer.from((await scene.read<{ data: { token: string } }>(`secret/${secret} -n ${where}`))?.data.token ?? "", "base64").toString("utf8");

test("a new object of every kind is in progress from its first moment", async () => {
  await scene.apply(namespace("idle"));
  await apply(
    serviceToken("fresh", { issuerRef: { name: "none" } }, { namespace: "idle" }),
    personalToken("fresh", { issuerRef: { name: "none" } }, { namespace: "idle" }),
    serviceUser("fresh", { issuerRef: { name: "none" }, name: "Fresh" }, { namespace: "idle" }),
  );
  for (const kind of ["servicetoken", "personaltoken", "serviceuser"]) {
    // What kstatus looks at: -1 at creation, by the CRD's default, and its own generation once the operator has spoken.
    await scene.says(`${kind}/fresh -n idle`, "IssuerNotFound");
    const { observedGeneration, conditions } = await scene.statusOf(`${kind}/fresh -n idle`);
    expect([kind, observedGeneration, conditions?.map(({ type, status }) => `${type} ${status}`)]).toEqual([kind, 1, ["Ready False", "Stalled True"]]);
  }
  const dry = async (object: object): Promise<Parameters<typeof kstatus>[0]> => JSON.parse(await scene.kubectl("create --dry-run=server -o json -f -", object)) as Parameters<typeof kstatus>[0];
  // As they are stored, before the operator has seen them.
  for (const object of [serviceToken("dry"), personalToken("dry"), serviceUser("dry", { name: "Dry" }), issuer("https://host", {}, "dry"), clusterIssuer("https://host", {}, "dry")]) expect(kstatus(await dry(object))).toBe("InProgress");
  expect(await kstatusOf("servicetoken/fresh -n idle")).toBe("Failed");
});

test("what is applied together in the wrong order is waited for, and nobody is called", async () => {
  await scene.apply(namespace("together"));
  await scene.apply([credential(scene.service.adminToken, "qualytics-admin", "together"), serviceToken("first", { serviceUser: { ref: "then" } }), serviceUser("then", { name: "Applied Together" }), issuer(scene.service.url)], "together");
  await scene.areReady("servicetoken/first serviceuser/then -n together");
  await scene.tells("Issued and delivered revision 1 of together/first", "together");
  expect((await scene.all<{ type: string; note: string }>("event", "together")).filter(({ type }) => type === "Warning").map(({ note }) => note)).toEqual([]);
});

test("a token whose ServiceUser cannot be made says why, and goes on when it can", async () => {
  const at = { issuerRef: { name: "strict" } };
  await apply(issuer(scene.service.url, { policy: { roles: ["Member"] } }, "strict"), serviceUser("forbidden", { ...at, name: "Never Made", role: "Editor" }), serviceToken("forbidden", { ...at, serviceUser: { ref: "forbidden" } }));
  expect((await scene.says("servicetoken/forbidden", "NoServiceUser")).message).toContain("The ServiceUser forbidden has made no service user. The issuer's policy does not allow the role Editor");
  await apply(serviceUser("forbidden", { ...at, name: "Never Made" }));
  await scene.areReady("serviceuser/forbidden servicetoken/forbidden");
});

test("a PersonalToken is one of the issuer's own user, and goes with its object", async () => {
  await apply(personalToken("mine"));
  await scene.kubectl("wait --for=condition=Ready personaltoken/mine --timeout=30s");
  const value = (await scene.value("mine")) ?? "";
  expect([await kstatusOf("personaltoken/mine"), await kstatusOf("tokenissuer/qualytics")]).toEqual(["Current", "Current"]);
  const own = await scene.service.api<{ id: number }>("GET", "/api/users/me");
  const me = await scene.service.api<{ id: number }>("GET", "/api/users/me", undefined, value);
  expect([me.status, me.body.id]).toEqual([200, own.body.id]);
  expect(await scene.kubectl("get secret mine -o jsonpath={.metadata.ownerReferences[0].kind}")).toBe("PersonalToken");
  expect(await scene.kubectl("get events")).toContain("Issued and delivered revision 1 of default/mine");
  const named = async (): Promise<number> => (await scene.service.api<{ name: string }[]>("GET", "/api/user-tokens")).body.filter(({ name }) => name.startsWith("default-mine-")).length;
  await scene.annotate("personaltoken/mine", { "tokens.qualytics.io/rotate": "now" });
  await until("it is rotated", async () => (await named()) === 2 && (await scene.value("mine")) !== value);
  await scene.remove("personaltoken/mine");
  expect([await named(), await scene.authenticate(value)]).toEqual([0, 401]);
});

test("a ServiceToken and a PersonalToken of one name do not meet, and one Secret belongs to one of them", async () => {
  await apply(serviceToken("twin"), personalToken("twin", { secret: { name: "twin-personal" } }));
  await scene.ready("twin");
  await scene.areReady("personaltoken/twin");
  await apply(personalToken("rival", { secret: { name: "twin" } }));
  const { message } = await scene.says("personaltoken/rival", "SecretNotOurs");
  expect(message).toContain("belongs to the ServiceToken twin");
});

test("a ServiceUser is made, kept at its role and teams, and its tokens name it by ref", async () => {
  await apply(serviceToken("by-ref", { serviceUser: { ref: "exporter" } }));
  expect((await scene.says("servicetoken/by-ref", "NoServiceUser")).message).toContain("There is no ServiceUser exporter in this namespace");
  await apply(serviceUser("exporter", { name: "Data Export", role: "Editor" }));
  await scene.areReady("serviceuser/exporter");
  await scene.ready("by-ref");
  const made = await user("Data Export");
  expect(made).toMatchObject({ role: "Editor", deleted_at: null });
  expect(await scene.kubectl("get serviceuser exporter --no-headers")).toMatch(new RegExp(`^exporter\\s+True\\s+Data Export\\s+Editor\\s+${made?.id}\\s`));
  await scene.service.api("PUT", `/api/users/${made?.id}`, { role: "Admin" });
  await until("the role is taken back", async () => (await user("Data Export"))?.role === "Editor");
  await apply(serviceUser("exporter", { name: "Data Export", role: "Member" }));
  await until("another role is given", async () => (await user("Data Export"))?.role === "Member");
  expect(await scene.kubectl("apply -f -", serviceUser("exporter", { name: "Other" })).catch((error: Error) => error.message)).toContain("make another ServiceUser object");
});

test("Deactivate waits while the user has active tokens, says so, and goes on by itself", async () => {
  await apply(serviceUser("exporter", { name: "Data Export", deletionPolicy: "Deactivate" }));
  await until("it is held", async () => (await scene.read<{ metadata: { finalizers?: string[] } }>("serviceuser/exporter"))?.metadata.finalizers?.includes("tokens.qualytics.io/tokens"));
  await scene.kubectl("delete serviceuser exporter --wait=false");
  const { message } = await scene.says("serviceuser/exporter", "ServiceUserInUse");
  expect(message).toContain("Data Export still has one active token");
  expect(message).toContain("tokens.qualytics.io/abandon");
  expect((await user("Data Export"))?.deleted_at).toBeNull();
  expect(await kstatusOf("serviceuser/exporter")).toBe("Terminating");
  await scene.remove("servicetoken/by-ref");
  await scene.kubectl("wait --for=delete serviceuser/exporter --timeout=30s");
  expect((await user("Data Export"))?.deleted_at).not.toBeNull();
});

test("one that was deactivated is reactivated, also when somebody deactivates it later", async () => {
  await apply(serviceUser("again", { name: "Data Export" }));
  await scene.areReady("serviceuser/again");
  const id = (await user("Data Export"))?.id;
  expect(await users().then((all) => all.filter(({ name }) => name === "Data Export"))).toHaveLength(1);
  await scene.service.api("DELETE", `/api/users/${id}`);
  await until("it is active again", async () => (await user("Data Export"))?.deleted_at === null);
  await scene.remove("serviceuser/again");
  expect((await user("Data Export"))?.deleted_at).toBeNull();
});

test("a name that the API does not give is told, and nothing is taken", async () => {
  await apply(serviceUser("clash", { name: "data INGEST" }));
  expect((await scene.says("serviceuser/clash", "ServiceUserNameTaken")).message).toContain("Choose another name");
  await apply(serviceUser("teamless", { name: "Teamless", teams: ["No Such Team"] }));
  expect((await scene.says("serviceuser/teamless", "ServiceUserRefused")).message).toContain("Correct the spec");
  expect(await user("Teamless")).toBeUndefined();
});

test("of two objects for one user the older one has the say", async () => {
  await apply(serviceUser("first", { name: "Shared", role: "Editor" }));
  await scene.areReady("serviceuser/first");
  await apply(serviceUser("second", { name: "Shared", role: "Admin", deletionPolicy: "Deactivate" }));
  expect((await scene.says("serviceuser/second", "ServiceUserClaimed")).message).toContain("ServiceUser object first manages");
  expect((await user("Shared"))?.role).toBe("Editor");
  await scene.remove("serviceuser/second");
  expect(await user("Shared")).toMatchObject({ role: "Editor", deleted_at: null });
});

test("a ClusterTokenIssuer serves the namespaces that its policy selects, from a credential that they cannot read", async () => {
  await scene.apply(namespace("vault"));
  await apply(credential(scene.service.adminToken, "qualytics-admin", "vault"), namespace("team-a", { tokens: "yes" }), namespace("team-b"));
  await apply(clusterIssuer(scene.service.url, { namespaceSelector: { matchLabels: { tokens: "yes" } }, serviceUsers: ["Data *", "{namespace}.*"] }));
  await scene.areReady("clustertokenissuer/shared");
  const issuerRef = { kind: "ClusterTokenIssuer", name: "shared" };
  await apply(serviceToken("ours", { issuerRef }, { namespace: "team-a" }), serviceToken("ours", { issuerRef }, { namespace: "team-b" }));
  await scene.areReady("servicetoken/ours -n team-a");
  expect(await scene.authenticate(await valueIn("ours", "team-a"))).toBe(200);
  const { message } = await scene.says("servicetoken/ours -n team-b", "PolicyForbids");
  expect(message).toContain("does not serve the namespace team-b");
  // A label is enough, in both directions: what is issued stays, and nothing more comes.
  await scene.kubectl("label namespace team-b tokens=yes");
  await scene.areReady("servicetoken/ours -n team-b");
  await scene.kubectl("label namespace team-b tokens-");
  await scene.annotate("servicetoken/ours -n team-b", { "tokens.qualytics.io/rotate": "now" });
  await until("the rotation is refused", async () => (await scene.statusOf("servicetoken/ours -n team-b")).nextAction?.reason.includes("does not serve"));
  expect((await scene.statusOf("servicetoken/ours -n team-b")).conditions?.[0]).toMatchObject({ type: "Ready", status: "True" });
});

test("its policy says which service users, which roles, and that nobody becomes its own user", async () => {
  const issuerRef = { kind: "ClusterTokenIssuer", name: "shared" };
  const at = { namespace: "team-a" };
  await scene.service.createServiceUser("Payroll", "Admin");
  const payroll = (await user("Payroll"))?.id;
  await apply(
    serviceToken("payroll", { issuerRef, serviceUser: { name: "Payroll" } }, at),
    // By its number it is the same user.
    serviceToken("payroll-id", { issuerRef, serviceUser: { id: payroll } }, at),
    personalToken("root", { issuerRef }, at),
    serviceUser("mine", { issuerRef, name: "team-a.loader" }, at),
    serviceUser("theirs", { issuerRef, name: "team-b.loader" }, at),
    serviceUser("root", { issuerRef, name: "team-a.root", role: "Admin" }, at),
    serviceUser("takeover", { issuerRef, name: "Payroll", deletionPolicy: "Deactivate" }, at),
  );
  for (const name of ["payroll", "payroll-id"]) expect((await scene.says(`servicetoken/${name} -n team-a`, "PolicyForbids")).message).toContain("does not allow tokens for the service user Payroll");
  expect((await scene.says("personaltoken/root -n team-a", "PolicyForbids")).message).toContain("issues no personal tokens");
  await scene.areReady("serviceuser/mine -n team-a");
  for (const name of ["theirs", "takeover"]) expect((await scene.says(`serviceuser/${name} -n team-a`, "PolicyForbids")).message).toContain("does not let this namespace manage");
  expect((await scene.says("serviceuser/root -n team-a", "PolicyForbids")).message).toContain("does not allow the role Admin");
  await scene.remove("serviceuser/takeover -n team-a");
  expect(await user("Payroll")).toMatchObject({ role: "Admin", deleted_at: null });
  expect(await user("team-b.loader")).toBeUndefined();
  expect(await user("team-a.root")).toBeUndefined();
});

test("what can be known to be wrong is refused at admission, with what to write instead", async () => {
  expect(await scene.refusal(serviceToken("bad", { serviceUser: { name: "a", ref: "b" } }))).toContain("Too many");
  expect(await scene.refusal(serviceToken("bad", { serviceUser: {} }))).toContain("exactly one of name, id and ref");
  expect(await scene.refusal(serviceToken("bad", { secret: { type: "kubernetes.io/service-account-token" } }))).toContain("use Opaque");
  expect(await scene.refusal(serviceToken("bad", { secret: { annotations: { "tokens.qualytics.io/record": "{}" } } }))).toContain("choose a prefix of your own");
  expect(await scene.refusal(personalToken("bad", { expiresInDays: 1, rotation: { renewBefore: "24h" } }))).toContain("renewBefore must be shorter");
  expect(await scene.refusal(personalToken("bad", { issuerRef: { kind: "Issuer", name: "x" } }))).toContain("supported values");
  expect(await scene.refusal(serviceUser("bad", { name: "x", role: "Owner" }))).toContain("supported values");
  expect(await scene.refusal(issuer("https://me:secret@host/"))).toContain("holds no user and password");
  expect(await scene.refusal(issuer("https://host/?a=b"))).toContain("no ? and no #");
  expect(await scene.refusal(issuer("https://host", { caBundle: "nothing" }))).toContain("PEM certificates");
  expect(await scene.refusal(issuer("https://host", { credentialsSecretRef: { name: "x", namespace: "vault" } }))).toContain("namespace");
  const wide = clusterIssuer("https://host", {}, "bad") as { spec: object };
  expect(await scene.refusal({ ...wide, spec: { ...wide.spec, credentialsSecretRef: { name: "x" } } })).toContain("namespace");
  expect(await scene.refusal(clusterIssuer("https://host", { namespaceSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }, "bad"))).toContain("In and NotIn take values");
});

test("an issuer without a gate says so", async () => {
  await apply({ apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ClusterTokenIssuer", metadata: { name: "open" }, spec: { url: scene.service.url, credentialsSecretRef: { name: "qualytics-admin", namespace: "vault" } } });
  await scene.areReady("clustertokenissuer/open");
  expect((await scene.statusOf("clustertokenissuer/open")).conditions?.[0]?.message).toContain("Its policy allows every namespace and tokens of every service user.");
  await apply(serviceToken("open", { issuerRef: { kind: "ClusterTokenIssuer", name: "open" } }, { namespace: "team-b" }));
  await scene.areReady("servicetoken/open -n team-b");
});

test("a token that nobody used is no orphan while its object stands, of whichever kind", async () => {
  // Many resyncs have gone by since it was issued, and it has never been used.
  const { conditions } = await scene.statusOf("personaltoken/twin");
  expect(conditions?.[0]).toMatchObject({ type: "Ready", status: "True" });
  expect(await scene.authenticate((await scene.value("twin-personal")) ?? "")).toBe(200);
});

test("all kinds are found by what they name", async () => {
  expect(await scene.kubectl("get qualytics -A --no-headers")).toContain("serviceuser.tokens.qualytics.io/mine");
  expect(await scene.kubectl("get servicetokens -A --field-selector spec.issuerRef.kind=ClusterTokenIssuer -o name")).toContain("ours");
  expect((await scene.kubectl("get serviceusers -A --field-selector spec.name=Payroll -o name")).trim()).toBe("");
});
