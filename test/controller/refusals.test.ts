// A Secret that cannot be written burns no tokens: quota, admission policy, webhook, immutable, foreign, each by the real
// apiserver. It is said what to do, it heals by itself, and nobody else is held up.
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CertificateAuthority } from "../support/certificate.ts";
import { applyIssuer, credential, issuer, namespace, serviceToken, startScene, until, type Condition, type Scene } from "../support/scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await startScene();
  await applyIssuer(scene);
  await scene.operator("--leader-elect=true");
});

afterAll(() => scene.close());

const conditions = async (name: string, namespace = "default"): Promise<readonly Condition[]> => (await scene.statusOf(`servicetoken/${name} -n ${namespace}`)).conditions ?? [];
const stalled = (name: string, namespace?: string): Promise<Condition> =>
  until(`${name} is stalled`, async () => (await conditions(name, namespace)).find(({ type }) => type === "Stalled"), 60_000);
const ready = (name: string, namespace?: string): Promise<unknown> =>
  until(`${name} is Ready`, async () => (await conditions(name, namespace)).some(({ type, status }) => type === "Ready" && status === "True"), 90_000);
const named = async (name: string, namespace = "default"): Promise<number> => (await scene.tokens()).filter((token) => token.name.startsWith(`${namespace}-${name}-`)).length;

async function issued(name: string): Promise<string> {
  await scene.apply(serviceToken(name));
  await ready(name);
  return (await scene.value(name)) ?? "";
}

// First: once a Secret of the same form was written in a namespace, the next one there is not tried out before its token is issued.
test("an admission policy: it is named, its words are not repeated, no token is issued, and others are delivered", async () => {
  await scene.kubectl("apply -f -", [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "team-required" },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["secrets"] }] },
        matchConditions: [{ name: "one-name", expression: "request.name == 'governed'" }],
        // A policy that repeats what it saw.
        validations: [{ expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", messageExpression: "'a team is missing beside ' + object.data.token" }],
      },
    },
    { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicyBinding", metadata: { name: "team-required" }, spec: { policyName: "team-required", validationActions: ["Deny"] } },
  ]);
  await until("the policy is in force", async () => {
    const tried = await scene.kubectl("create secret generic governed --from-literal=token=x --dry-run=server").catch((error: Error) => error.message);
    return tried.includes("denied request");
  }, 60_000);
  await scene.apply(serviceToken("governed"));
  const { reason, message } = await stalled("governed");
  expect([reason, message]).toEqual(["SecretNotWritable", expect.stringContaining("ValidatingAdmissionPolicy 'team-required' with binding 'team-required' denied request")]);
  expect(message).not.toContain("beside");
  await scene.apply(serviceToken("ungoverned"));
  await ready("ungoverned");
  // That another one was written is no reason to believe in this one: tried again at once, it is tried by a dry run.
  await scene.apply(serviceToken("governed", { rotation: { keepRevokedFor: "1h" } }));
  await until("it was tried again", async () => {
    const { observedGeneration, conditions: now = [] } = await scene.statusOf("servicetoken/governed");
    return observedGeneration === 2 && now.some(({ reason: why }) => why === "SecretNotWritable");
  }, 60_000);
  expect(await named("governed")).toBe(0);
  await scene.apply(serviceToken("governed", { secret: { labels: { team: "data" } } }));
  await ready("governed");
  expect(await named("governed")).toBe(1);
});

test.concurrent("a quota: it is named, no token is issued, and more room is enough", async () => {
  await scene.apply(namespace("crowded"));
  await scene.apply([credential(scene.service.adminToken, "qualytics-admin", "crowded"), issuer(scene.service.url)], "crowded");
  await scene.kubectl("create quota few -n crowded --hard=count/secrets=1");
  // What the quota controller would have counted: one Secret, the credential.
  await scene.kubectl("patch quota few -n crowded --subresource=status --type=merge -p {\"status\":{\"hard\":{\"count/secrets\":\"1\"},\"used\":{\"count/secrets\":\"1\"}}}");
  await scene.apply([serviceToken("one"), serviceToken("two")], "crowded");
  for (const name of ["one", "two"]) {
    const { reason, message } = await stalled(name, "crowded");
    expect([reason, message]).toEqual(["SecretNotWritable", expect.stringContaining("exceeded quota: few, requested: count/secrets=1")]);
  }
  expect((await scene.tokens()).filter(({ name }) => name.startsWith("crowded-"))).toEqual([]);
  await scene.kubectl("delete quota few -n crowded");
  await ready("one", "crowded");
  await ready("two", "crowded");
  expect([await named("one", "crowded"), await named("two", "crowded")]).toEqual([1, 1]);
});

test.concurrent("a webhook that refuses, and one that does not answer: each is named, its words are not repeated, no token is issued, and it heals", async () => {
  const authority = new CertificateAuthority();
  let mode: "denies" | "hangs up" | "allows" = "denies";
  let asked = 0;
  const webhook = createServer(authority.serverCertificate(), (request, response) => {
    asked += 1;
    if (mode === "hangs up") return void request.socket.destroy();
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      const { uid, object } = (JSON.parse(body) as { request: { uid: string; object: { data: object } } }).request;
      // It repeats what it saw.
      const answer = mode === "allows" ? { uid, allowed: true } : { uid, allowed: false, status: { message: `no beside ${JSON.stringify(object.data)}` } };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: answer }));
    });
  });
  webhook.listen(0, "127.0.0.1");
  await once(webhook, "listening");
  try {
    await scene.apply(namespace("hooked"));
    await scene.apply([credential(scene.service.adminToken, "qualytics-admin", "hooked"), issuer(scene.service.url)], "hooked");
    const clientConfig = { url: `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/`, caBundle: Buffer.from(authority.cert).toString("base64") };
    const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["secrets"] }];
    const matchConditions = [{ name: "there", expression: "request.namespace == 'hooked'" }];
    const hook = { name: "secrets.example.com", clientConfig, rules, matchConditions, sideEffects: "None", admissionReviewVersions: ["v1"], failurePolicy: "Fail", timeoutSeconds: 5 };
    await scene.kubectl("apply -f -", { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration", metadata: { name: "secrets-example" }, webhooks: [hook] });
    await until("the webhook is in force", async () => (await scene.kubectl("create secret generic probe -n hooked --from-literal=token=x --dry-run=server").catch((error: Error) => error.message)).includes("denied the request"), 60_000);
    await scene.apply(serviceToken("one"), "hooked");
    const { reason, message } = await stalled("one", "hooked");
    expect([reason, message]).toEqual(["SecretNotWritable", expect.stringContaining('admission webhook "secrets.example.com" denied the request')]);
    expect(message).not.toContain("beside");
    mode = "hangs up";
    asked = 0;
    await scene.apply([serviceToken("one", { rotation: { keepRevokedFor: "1h" } }), serviceToken("two")], "hooked");
    const says = (name: string): Promise<boolean> => conditions(name, "hooked").then((all) => all.some(({ type, status, message: why }) => type === "Ready" && status === "False" && why.includes('failed calling webhook "secrets.example.com"')));
    for (const name of ["one", "two"]) await until(`${name} says that it does not answer`, () => says(name), 60_000);
    expect(asked).toBeGreaterThan(1);
    expect([await named("one", "hooked"), await named("two", "hooked")]).toEqual([0, 0]);
    mode = "allows";
    for (const name of ["one", "two"]) await ready(name, "hooked");
    expect([await named("one", "hooked"), await named("two", "hooked")]).toEqual([1, 1]);
  } finally {
    await scene.kubectl("delete validatingwebhookconfiguration secrets-example --ignore-not-found");
    webhook.closeAllConnections();
    webhook.close();
  }
}, 240_000);

test.concurrent("an immutable Secret: a rotation burns nothing, the old token stays, and deleting the Secret is enough", async () => {
  const value = await issued("frozen");
  await scene.kubectl("patch secret frozen --type=merge -p {\"immutable\":true}");
  await scene.annotate("servicetoken/frozen", { "tokens.qualytics.io/rotate": "now" });
  const { reason, message } = await stalled("frozen");
  expect([reason, message]).toEqual(["SecretNotWritable", expect.stringContaining("The Secret frozen is immutable: delete it, or set secret.name to another name")]);
  await scene.tells("The Secret frozen is immutable: delete it");
  expect([await named("frozen"), await scene.authenticate(value)]).toEqual([1, 200]);
  expect((await conditions("frozen")).find(({ type }) => type === "Ready")?.status).toBe("True");
  await scene.kubectl("delete secret frozen");
  await until("another one is delivered", async () => {
    const now = await scene.value("frozen");
    return now !== null && now !== value;
  }, 90_000);
  await ready("frozen");
});

test.concurrent("a type that asks for another form: it is said, and no token is issued", async () => {
  await scene.apply(serviceToken("formless", { secret: { type: "kubernetes.io/dockerconfigjson", template: { ".dockerconfigjson": "{{ .token }}" } } }));
  const { reason, message } = await stalled("formless");
  expect([reason, message]).toEqual(["SecretNotWritable", expect.stringContaining("correct secret.template or secret.type")]);
  expect(await named("formless")).toBe(0);
});

test.concurrent("a Secret of somebody else stays as it is, and nothing is issued", async () => {
  await scene.kubectl("create secret generic others --from-literal=token=theirs");
  await scene.apply(serviceToken("others"));
  expect((await stalled("others")).reason).toBe("SecretNotOurs");
  expect([await named("others"), await scene.value("others")]).toEqual([0, "theirs"]);
});
