// The Kubernetes half: from an empty cluster to tokens that look after themselves, through mishaps, to the end.
import { crash } from "./crash.ts";
import { digest, tally } from "./consumer.ts";
import type { Narrator } from "./narrator.ts";
import type { Stage } from "./stage.ts";
import type { Token } from "./token-api.ts";
import { TokenObject } from "./token-object.ts";

export const SERVICE_USER = "Data Ingest";

export async function kubernetesStory(stage: Stage, tell: Narrator): Promise<void> {
  const planeStarts = stage.startPlane();
  await openService(stage, tell);
  tell.chapter("Kubernetes");
  await openCluster(stage, tell, planeStarts);
  await connect(stage, tell);
  const token = await issue(stage, tell);
  await rotate(stage, tell, token);
  await mishaps(stage, tell, token);
  await crash(stage, tell);
  await revoke(stage, tell, token);
  await end(stage, tell, token);
}

async function openService(stage: Stage, tell: Narrator): Promise<void> {
  tell.step("A token service, and a service user to issue tokens to");
  const service = await stage.startService();
  tell.run(`bin/servicetokens server --listen 127.0.0.1:0 --data memory: --admin-token-file ${service.adminTokenFile}`);
  const { status, body } = await service.ask<{ name: string; role: string }>("GET", "/users/me");
  tell.claim(`It answers at ${service.url}, and takes the token in that file for an administrator's`, status === 200 && body.role === "Admin" ? true : `GET /api/users/me answered ${status}`);
  const user = { name: SERVICE_USER, role: "Member" };
  tell.run(service.curl("POST", "/users", user));
  const made = await service.ask<{ user_id: string }>("POST", "/users", user);
  tell.claim(`The service user ${SERVICE_USER} exists: ${made.body.user_id}`, made.status === 200 ? true : `POST /api/users answered ${made.status}`);
}

async function openCluster(stage: Stage, tell: Narrator, planeStarts: Promise<void>): Promise<void> {
  tell.step("A cluster with our kinds, and the operator");
  await planeStarts;
  tell.say("A real etcd and kube-apiserver run. To repeat a command of this story in another terminal:");
  tell.run(`. ${stage.envFile}`);
  const crds = ["servicetokens", "tokenissuers"].map((kind) => `crd/${kind}.tokens.qualytics.io`);
  await stage.kubectl(tell, ["apply", "-f", "crds/"]);
  await stage.kubectl(tell, ["wait", "--for=condition=Established", ...crds, "--timeout=20s"]);
  tell.run(`bin/servicetokens controller --kubeconfig ${stage.kubeconfig}`);
  await stage.startOperator();
  tell.claim('It says {"ready": true}', true);
}

async function connect(stage: Stage, tell: Narrator): Promise<void> {
  tell.step("An issuer: where tokens come from, and with which credential");
  const { url, adminTokenFile } = stage.service;
  await stage.kubectl(tell, ["create", "secret", "generic", "qualytics-admin", `--from-file=token=${adminTokenFile}`]);
  const file = stage.file(
    "issuer.yaml",
    `apiVersion: tokens.qualytics.io/v1alpha1
kind: TokenIssuer
metadata: {name: qualytics}
spec:
  url: ${url}
  credentialsSecretRef: {name: qualytics-admin}
  resyncInterval: 2s
`,
  );
  await stage.kubectl(tell, ["apply", "-f", file]);
  await stage.kubectl(tell, ["wait", "--for=condition=Ready", "tokenissuer/qualytics", "--timeout=20s"]);
  tell.claim("The issuer is Ready", true);
}

async function issue(stage: Stage, tell: Narrator): Promise<TokenObject> {
  tell.step("A token, declared");
  const text = `apiVersion: tokens.qualytics.io/v1alpha1
kind: ServiceToken
metadata: {name: ingest}
spec:
  issuerRef: {name: qualytics}
  serviceUser: {name: ${SERVICE_USER}}
  expiresInDays: 90
  rotation:            # days and hours in earnest; seconds here, on the real clock
    every: 8s
    retire: {minOverlap: 3s, idleFor: 2s, maxOverlap: 60s}
    keepRevokedFor: 3s
  secret: {name: ingest-token}
`;
  await stage.kubectl(tell, ["apply", "-f", stage.file("servicetoken.yaml", text)]);
  tell.quote(text);
  await stage.kubectl(tell, ["wait", "--for=condition=Ready", "servicetoken/ingest", "--timeout=20s"]);
  const token = new TokenObject(stage, "ingest", "ingest-token");
  const delivered = await token.read();
  const who = await stage.service.whoIs(delivered.value);
  tell.claim(`What stands in the Secret ingest-token authenticates as ${SERVICE_USER}`, who === SERVICE_USER ? true : `GET /api/users/me says ${who ?? "401"}`);
  const issued = await stage.service.tokens();
  tell.claim("One token was issued for it, no more", issued.length === 1 ? true : `the API lists ${issued.length}`);
  tell.quote(await stage.kubectl(tell, ["get", "servicetokens"]));
  return token;
}

async function rotate(stage: Stage, tell: Narrator, token: TokenObject): Promise<void> {
  tell.step("Rotation, while a consumer works");
  const first = await token.read();
  await stage.startConsumer("default", "ingest-token");
  tell.say("A consumer reads the Secret once a second and calls the API five times a second.");
  await tell.await("8 seconds after it was issued, revision 2 stands in the Secret", 30, async () => ((await token.revision()) === 2 ? true : `it is revision ${await token.revision()}`));
  const second = await token.read();
  const [old, fresh] = await Promise.all([stage.service.whoIs(first.value), stage.service.whoIs(second.value)]);
  tell.claim("Both tokens are valid: the old one and the new one authenticate", old !== null && fresh !== null && first.value !== second.value ? true : `old: ${old ?? "401"}, new: ${fresh ?? "401"}`);
  await stage.kubectl(tell, ["patch", "servicetoken", "ingest", "--type=merge", `--patch={"spec": {"rotation": {"every": null}}}`]);
  tell.say("(no further rotation by the clock: one is enough to watch)");
  // Only the list is asked: trying the old token would be a use of it.
  const listed = async (): Promise<Token | undefined> => (await stage.service.tokens()).find(({ name }) => name.endsWith("-r1"));
  await tell.await("The old one is revoked: the new one is in use, and nobody has used the old one for 2 seconds", 20, async () => ((await listed())?.active === true ? "it is still active" : true));
  tell.claim("It does not authenticate any more", (await stage.service.whoIs(first.value)) === null ? true : "it does");
  await stage.stop("consumer");
  const { calls, failures, byToken } = tally(stage.consumerLog());
  const [one, two] = [byToken.get(digest(first.value)) ?? 0, byToken.get(digest(second.value)) ?? 0];
  const seamless = failures.length === 0 && one > 0 && two > 0 && one + two === calls;
  tell.claim(`The consumer noticed nothing: ${one} calls with the old token, ${two} with the new one, 0 refused`, seamless ? true : `${calls} calls, ${failures.length} refused, ${one} old, ${two} new`);
  await tell.await("And deleted, after the 3 seconds for which it was kept for a restore", 20, async () => ((await listed()) === undefined ? true : "it is still listed"));
}

async function mishaps(stage: Stage, tell: Narrator, token: TokenObject): Promise<void> {
  const { service } = stage;
  tell.step("Somebody else revokes the token");
  const { id } = await token.listed();
  tell.run(service.curl("PUT", `/user-tokens/${id}`, { revoke: true }));
  const before = await token.read();
  const { status } = await service.ask("PUT", `/user-tokens/${id}`, { revoke: true });
  tell.claim("The token in the Secret is refused now", status === 200 && (await service.whoIs(before.value)) === null ? true : `it still authenticates (the PUT answered ${status})`);
  await tell.await("Noticed and repaired: another token stands there, and authenticates", 20, () => token.repaired(before.value));

  tell.step("Somebody edits the Secret, and then deletes it");
  const edited = "edited by hand";
  await stage.kubectl(tell, ["patch", "secret", "ingest-token", "--type=merge", `--patch={"stringData": {"token": "${edited}"}}`]);
  await tell.await("Repaired: a token stands there, and authenticates", 20, () => token.repaired(edited));
  const whole = await token.read();
  await stage.kubectl(tell, ["delete", "secret", "ingest-token"]);
  await tell.await("Repaired: the Secret is back, and what it holds authenticates", 20, () => token.repaired(whole.value));
}

async function revoke(stage: Stage, tell: Narrator, token: TokenObject): Promise<void> {
  tell.step("Revoked by its owner, and taken back");
  const { value } = await token.read();
  await stage.kubectl(tell, ["patch", "servicetoken", "ingest", "--type=merge", `--patch={"spec": {"state": "Revoked"}}`]);
  await tell.await("The token is refused", 20, async () => ((await stage.service.whoIs(value)) === null ? true : "it still authenticates"));
  tell.claim("The Secret still holds it", (await token.read()).value === value ? true : "the Secret holds another value");
  await stage.kubectl(tell, ["patch", "servicetoken", "ingest", "--type=merge", `--patch={"spec": {"state": "Active"}}`]);
  await tell.await("The same token authenticates again", 20, async () => ((await stage.service.whoIs(value)) === null ? "it is still refused" : true));
  tell.claim("Nothing new was issued for that", (await token.read()).value === value ? true : "the Secret holds another value");
}

async function end(stage: Stage, tell: Narrator, token: TokenObject): Promise<void> {
  tell.step("The object is deleted");
  const { value } = await token.read();
  await stage.kubectl(tell, ["delete", "servicetoken", "ingest", "--timeout=20s"]);
  tell.claim("Its token is refused", (await stage.service.whoIs(value)) === null ? true : "it still authenticates");
  const left = (await stage.service.tokens()).filter(({ name }) => name.startsWith("default-ingest-"));
  tell.claim("No token of it is left at the API, revoked or active", left.length === 0 ? true : `${left.length} are listed`);
  const secrets = await stage.plane.kubectl(["get", "secrets", "-o", "name"]);
  tell.claim("The Secret is gone", secrets.includes("secret/ingest-token\n") ? "it is still there" : true);
}
