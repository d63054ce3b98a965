// Bad input: refused by the apiserver with what to write instead, or told by the operator where the apiserver let it
// through. An object that is no good keeps no other one from being delivered.
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyIssuer, issuer, serviceToken, serviceUser, startScene, until, type Condition, type Scene } from "../support/scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await startScene();
  await applyIssuer(scene);
  await scene.operator("--leader-elect=true");
});

afterAll(() => scene.close());

const conditionOf = (kind: string, name: string, type: string): Promise<Condition> =>
  until(`${kind}/${name} has ${type}`, async () => {
    return (await scene.statusOf(`${kind}/${name}`)).conditions?.find((condition) => condition.type === type);
  }, 60_000);

test.each<[string, object, string]>([
  ["an unknown word", { secret: { template: { token: "{{ .token }}", x: "{{ .password }}" } } }, "an expression of the template is not understood"],
  ["an unknown function", { secret: { template: { token: "{{ .token | sha256 }}" } } }, "base64, json, url, host and shell"],
  ["a loop", { secret: { template: { token: "{{ range .token }}{{ end }}" } } }, "an expression of the template is not understood"],
  ["an expression without an end", { secret: { template: { token: "{{ .token", other: "{{ .token }}" } } }, "an expression of the template is not understood"],
  ["a key that no Secret can have", { secret: { template: { "..token": "{{ .token }}" } } }, "does not begin with '..'"],
  ["a label that is none", { secret: { labels: { team: "data team" } } }, "the value of a label"],
  ["an annotation of ours", { secret: { annotations: { "tokens.qualytics.io/record": "{}" } } }, "are not free"],
  ["a name that is none", { secret: { name: "Not A Name" } }, "spec.secret.name"],
  ["a Secret that opens the cluster", { secret: { type: "kubernetes.io/service-account-token" } }, "use Opaque"],
  ["a type that asks for other keys", { secret: { type: "kubernetes.io/tls" } }, "needs the keys tls.crt and tls.key in secret.template"],
  ["a type that asks for one of two keys", { secret: { type: "kubernetes.io/basic-auth" } }, "needs the key username or password in secret.template"],
  ["a token name of two lines", { tokenName: "data\ningest" }, "leave out line breaks"],
  ["a token name that reads backwards", { tokenName: "data-\u202Etsegni" }, "marks of writing direction"],
  ["a token name that ends in a wide space", { tokenName: "data\u3000" }, "begins or ends with a space"],
  ["a service user of two lines", { serviceUser: { name: "Data\nIngest" } }, "name is one line of plain text"],
  ["a service user that ends in a space", { serviceUser: { name: "Data Ingest " } }, "name begins or ends with a space"],
  ["something else to restart", { restart: [{ kind: "Pod", name: "x" }] }, "Deployment"],
  ["the same restart twice", { restart: [{ kind: "Deployment", name: "x" }, { kind: "Deployment", name: "x" }] }, "Duplicate value"],
  ["days as text", { expiresInDays: "ninety" }, "expiresInDays"],
  ["a duration in days", { rotation: { renewBefore: "3d" } }, "renewBefore"],
  ["no issuer", { issuerRef: { name: "" } }, "issuerRef.name"],
])("%s is refused at admission, with what to write", async (_, spec, message) => {
  expect(await scene.refusal(serviceToken("refused", spec))).toContain(message);
});

test.each<[string, string, string]>([
  ["of two lines", "Data\nIngest", "leave out line breaks"],
  ["that reads backwards", "Data \u202Etsegni", "marks of writing direction"],
  ["that begins with a space", " Data Ingest", "name begins or ends with a space"],
])("a service user's name %s is refused at admission", async (_, name, message) => {
  expect(await scene.refusal(serviceUser("refused", { name }))).toContain(message);
});

test.each([
  ["{{ .token }} {{ .url }}", true],
  ['{{- .user ":" .token | base64 | json -}}', true],
  ['{"a": {"b": "{{ .token }}"}} }} {', true],
  ["{{ .token }", false],
  ["{{ .token | base64 url }}", false],
  ["{{.token}}{{", false],
])("the apiserver and the operator agree on the template %s", async (template, isGood) => {
  const said = await scene.refusal(serviceToken("dry", { secret: { template: { token: "{{ .token }}", template } } }));
  expect(said === "", said).toBe(isGood);
});

test("an order that nobody can read is said, and everything else goes on", async () => {
  await scene.apply(serviceToken("ordered", {}, { annotations: { "tokens.qualytics.io/compromised": "r1", "tokens.qualytics.io/paused": "yes" } }));
  await scene.ready("ordered");
  const { reason, message } = await conditionOf("servicetoken", "ordered", "Stalled");
  expect(reason).toBe("SpecInvalid");
  expect(message).toContain('tokens.qualytics.io/compromised says "r1", and nothing is done: write the number of a revision');
  expect(message).toContain('tokens.qualytics.io/paused says "yes", and nothing is done: write "true"');
});

test.each<[string, object, string]>([
  ["a url that is none", { url: "http://[::1" }, "url is an address"],
  ["certificates that are none", { caBundle: "not PEM" }, "caBundle holds PEM certificates"],
])("an issuer with %s is refused at admission", async (_, spec, message) => {
  expect(await scene.refusal(issuer(scene.service.url, spec, "odd"))).toContain(message);
});

test("an issuer with a broken certificate says so", async () => {
  await scene.apply(issuer(scene.service.url.replace("http:", "https:"), { caBundle: "-----BEGIN CERTIFICATE-----\nnope\n-----END CERTIFICATE-----\n" }, "odd"));
  expect(await conditionOf("tokenissuer", "odd", "Stalled")).toMatchObject({ reason: "IssuerInvalid", message: expect.stringContaining("caBundle") as string });
  await scene.kubectl("delete tokenissuer odd");
});

/** A CRD as it was before any rule: everything is kept as it is written. */
async function withoutRules(...kinds: string[]): Promise<void> {
  for (const kind of kinds) {
    const crd = JSON.parse(await scene.kubectl(`get crd ${kind}.tokens.qualytics.io -o json`)) as { spec: { versions: { selectableFields?: unknown; schema: { openAPIV3Schema: { properties: { spec: object } } } }[] } };
    const [version] = crd.spec.versions;
    delete version?.selectableFields;
    if (version) version.schema.openAPIV3Schema.properties.spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    await scene.kubectl("replace -f -", crd);
  }
}

const without = (kind: string, name: string): object => ({ apiVersion: "tokens.qualytics.io/v1alpha1", kind, metadata: { name }, spec: {} });

test("what an older CRD let through is told, one by one, and nobody waits for it", async () => {
  await withoutRules("servicetokens", "tokenissuers", "serviceusers");
  const probes = [serviceToken("probe", { expiresInDays: "x" }), issuer(scene.service.url, { url: 7 }, "probe"), serviceUser("probe", { name: 7 })];
  for (const probe of probes) await until("the rules are gone", async () => (await scene.refusal(probe)) === "", 60_000);
  const odd: readonly [string, object, string][] = [
    ["odd-template", { secret: { template: { token: "{{ .nothing }}" } } }, ".nothing is not known"],
    ["odd-days", { expiresInDays: "ninety" }, "expiresInDays"],
    ["odd-duration", { rotation: { retire: { minOverlap: "soon" } } }, "minOverlap"],
    ["odd-state", { state: "revoked" }, "state"],
    ["odd-user", { serviceUser: { name: "Data\u202EIngest" } }, "serviceUser.name: name is one line of plain text"],
    ["odd-restart", { restart: "everything" }, "restart: write a list of kind and name"],
    ["odd-secret", { secret: 7, rotation: { renewBefore: "900000h" } }, "renewBefore must be shorter"],
    ["odd-labels", { secret: { labels: { "app.kubernetes.io/managed-by": "me" } } }, "leave it out"],
    ["odd-name", { tokenName: "data\u202Etsegni" }, "leave out line breaks"],
  ];
  const { url } = scene.service;
  const issuers: readonly [string, object, string][] = [
    ["odd-policy", issuer(url, { policy: { minOverlap: "soon", serviceUsers: "all" } }, "odd-policy"), "policy.minOverlap: write a duration"],
    ["odd-interval", issuer(url, { resyncInterval: 7 }, "odd-interval"), "resyncInterval: write a text"],
    ["odd-second", issuer(url, { resyncInterval: "0s" }, "odd-second"), "resyncInterval: it must be at least 1s"],
    ["odd-url", issuer(url.replace("http://", "http://me:secret@"), {}, "odd-url"), "url: it holds no user and password"],
    ["odd-selector", issuer(url, { policy: { maxExpiresInDays: 1000, allowNever: "no" } }, "odd-selector"), "policy.maxExpiresInDays: write a whole number from 1 to 365; policy.allowNever: write true or false"],
    ["odd-issuer", without("TokenIssuer", "odd-issuer"), "credentialsSecretRef: it is missing"],
  ];
  const users: readonly [string, object, string][] = [
    ["odd-role", serviceUser("odd-role", { name: "Odd Role", role: "Owner" }), "role: write one of Member"],
    ["odd-teams", serviceUser("odd-teams", { name: "Odd Teams", teams: "all" }), "teams: write a list of texts"],
    ["odd-line", serviceUser("odd-line", { name: "Odd\nLine" }), "leave out line breaks"],
    ["odd-user", without("ServiceUser", "odd-user"), "name: it is missing"],
  ];
  const of = (list: readonly [string, object, string][]): object[] => list.map(([, object]) => object);
  await scene.apply([...odd.map(([name, spec]) => serviceToken(name, spec)), ...of(issuers), ...of(users), without("ServiceToken", "odd-empty")]);
  // One that names an issuer nobody can read, and one that names nothing odd.
  await scene.apply([serviceToken("at-odd", { issuerRef: { name: "odd-policy" } }), serviceToken("good"), serviceUser("good", { name: "Good" })]);
  await scene.ready("good");
  await scene.areReady("serviceuser/good");
  for (const [kind, all, reason] of [["servicetoken", odd, "SpecInvalid"], ["tokenissuer", issuers, "IssuerInvalid"], ["serviceuser", users, "SpecInvalid"]] as const) {
    for (const [name, , words] of all) {
      const stalled = await conditionOf(kind, name, "Stalled");
      expect([name, stalled.reason, stalled.message]).toEqual([name, reason, expect.stringContaining(words)]);
    }
  }
  await conditionOf("servicetoken", "odd-empty", "Ready");
  expect(await conditionOf("servicetoken", "at-odd", "Ready")).toMatchObject({ status: "False", reason: "IssuerNotReady", message: expect.stringContaining("policy.minOverlap: write a duration") as string });
  expect((await scene.tokens()).filter(({ name }) => /^default-(odd|at-odd)-/.test(name))).toEqual([]);
  // What is mended is delivered; what is not can be deleted.
  await scene.apply([serviceToken("odd-days", { expiresInDays: 90 }), issuer(scene.service.url, {}, "odd-policy"), serviceUser("odd-role", { name: "Odd Role" })]);
  for (const name of ["odd-days", "at-odd"]) await scene.ready(name);
  await scene.areReady("serviceuser/odd-role");
  await scene.kubectl(`delete servicetoken ${odd.map(([name]) => name).join(" ")} odd-empty at-odd --timeout=60s`);
  await scene.remove("tokenissuer/odd-policy", ...["interval", "second", "url", "selector", "issuer"].map((name) => `tokenissuer/odd-${name}`));
  await scene.remove("serviceuser/odd-role", "serviceuser/odd-teams", "serviceuser/odd-line", "serviceuser/odd-user");
});
