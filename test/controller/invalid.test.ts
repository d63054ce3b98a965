// Bad input: refused by the apiserver with what to write instead, or told by the operator where the apiserver let it
// through. An object that is no good keeps no other one from being delivered.
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyIssuer, issuer, serviceToken, startScene, until, type Condition, type Scene } from "../support/scene.ts";

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
  ["something else to restart", { restart: [{ kind: "Pod", name: "x" }] }, "Deployment"],
  ["the same restart twice", { restart: [{ kind: "Deployment", name: "x" }, { kind: "Deployment", name: "x" }] }, "Duplicate value"],
  ["days as text", { expiresInDays: "ninety" }, "expiresInDays"],
  ["a duration in days", { rotation: { renewBefore: "3d" } }, "renewBefore"],
  ["no issuer", { issuerRef: { name: "" } }, "issuerRef.name"],
])("%s is refused at admission, with what to write", async (_, spec, message) => {
  const said = await scene.kubectl("apply -f -", serviceToken("refused", spec)).then(() => "it was accepted", (error: Error) => error.message);
  expect(said).toContain(message);
});

test.each([
  ["{{ .token }} {{ .url }}", true],
  ['{{- .user ":" .token | base64 | json -}}', true],
  ['{"a": {"b": "{{ .token }}"}} }} {', true],
  ["{{ .token }", false],
  ["{{ .token | base64 url }}", false],
  ["{{.token}}{{", false],
])("the apiserver and the operator agree on the template %s", async (template, isGood) => {
  const said = await scene.kubectl("apply --dry-run=server -f -", serviceToken("dry", { secret: { template: { token: "{{ .token }}", template } } })).then(() => "", (error: Error) => error.message);
  expect(said === "", said).toBe(isGood);
});

test("an order that nobody can read is said, and everything else goes on", async () => {
  await scene.kubectl("apply -f -", serviceToken("ordered", {}, { annotations: { "tokens.qualytics.io/compromised": "r1", "tokens.qualytics.io/paused": "yes" } }));
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
  const said = await scene.kubectl("apply -f -", issuer(scene.service.url, spec, "odd")).then(() => "it was accepted", (error: Error) => error.message);
  expect(said).toContain(message);
});

test("an issuer with a broken certificate says so", async () => {
  await scene.kubectl("apply -f -", issuer(scene.service.url.replace("http:", "https:"), { caBundle: "-----BEGIN CERTIFICATE-----\nnope\n-----END CERTIFICATE-----\n" }, "odd"));
  expect(await conditionOf("tokenissuer", "odd", "Stalled")).toMatchObject({ reason: "IssuerInvalid", message: expect.stringContaining("caBundle") as string });
  await scene.kubectl("delete tokenissuer odd");
});

test("what an older CRD let through is told, one by one, and nobody waits for it", async () => {
  // As it was before any rule: everything is kept as it is written.
  const crd = JSON.parse(await scene.kubectl("get crd servicetokens.tokens.qualytics.io -o json")) as { spec: { versions: { selectableFields?: unknown; schema: { openAPIV3Schema: { properties: { spec: object } } } }[] } };
  const [version] = crd.spec.versions;
  delete version?.selectableFields;
  if (version) version.schema.openAPIV3Schema.properties.spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  await scene.kubectl("replace -f -", crd);
  await until("the rules are gone", async () => (await scene.kubectl("apply --dry-run=server -f -", serviceToken("probe", { expiresInDays: "x" })).catch(() => "refused")) !== "refused", 60_000);
  const odd: readonly [string, object, string][] = [
    ["odd-template", { secret: { template: { token: "{{ .nothing }}" } } }, ".nothing is not known"],
    ["odd-days", { expiresInDays: "ninety" }, "expiresInDays"],
    ["odd-duration", { rotation: { retire: { minOverlap: "soon" } } }, "minOverlap"],
    ["odd-state", { state: "revoked" }, "state"],
    ["odd-restart", { restart: "everything" }, "restart: write a list of kind and name"],
    ["odd-secret", { secret: 7, rotation: { renewBefore: "900000h" } }, "renewBefore must be shorter"],
    ["odd-labels", { secret: { labels: { "app.kubernetes.io/managed-by": "me" } } }, "leave it out"],
  ];
  await scene.kubectl("apply -f -", [...odd.map(([name, spec]) => serviceToken(name, spec)), { apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ServiceToken", metadata: { name: "odd-empty" }, spec: {} }, serviceToken("good")]);
  await scene.ready("good");
  for (const [name, , words] of odd) {
    const { reason, message } = await conditionOf("servicetoken", name, "Stalled");
    expect([name, reason, message]).toEqual([name, "SpecInvalid", expect.stringContaining(words)]);
  }
  await conditionOf("servicetoken", "odd-empty", "Ready");
  expect((await scene.tokens()).filter(({ name }) => name.startsWith("default-odd-"))).toEqual([]);
  // What is mended is delivered; what is not can be deleted.
  await scene.kubectl("apply -f -", serviceToken("odd-days", { expiresInDays: 90 }));
  await scene.ready("odd-days");
  await scene.kubectl(`delete servicetoken ${odd.map(([name]) => name).join(" ")} odd-empty --timeout=60s`);
});
