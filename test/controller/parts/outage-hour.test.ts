// An API that is down for an hour, as the reconciler of its issuer lives through it: looked at again and again, said
// once, written once, and its tokens left alone. The hour is as many looks as fit into one.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { Caches } from "../../../controller/caches.ts";
import { projectIssuer, tokenIssuers } from "../../../controller/issuer-object.ts";
import { IssuerReconciler } from "../../../controller/issuer-reconciler.ts";
import { Issuers } from "../../../controller/issuers.ts";
import { Orphans } from "../../../controller/orphans.ts";
import { EventRecorder, RestClient, silentLogger } from "../../../controller/runtime/index.ts";
import { Voice } from "../../../controller/voice.ts";
import { markOf } from "../../../core/name.ts";
import { createTokenApi } from "../../../tokenapi/client.ts";
import { FakeApiserver } from "../../support/fake-apiserver.ts";

/** An issuer that is not ready is looked at every ten seconds. */
const LOOKS = 360;

test("an hour without the API: one event, one status, no token woken, and one event when it is over", { timeout: 120_000 }, async () => {
  let state: "well" | "busy" | "odd" = "well";
  let asked = 0;
  const user = { id: 1, user_id: "admin", user_name: "admin", name: "Admin", email: "x", role: "Admin", user_type: "Human", teams: [], created: "2026-01-01T00:00:00Z" };
  const api = createServer((request, response) => {
    asked += 1;
    if (state === "well") return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(request.url?.startsWith("/api/users/me") ? user : request.url?.startsWith("/api/users") ? { items: [], total: 0 } : []));
    // It fails in more than one way.
    if (state === "odd" && asked % 7 === 0) request.socket.destroy();
    else response.writeHead(503).end();
  });
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  const server = await FakeApiserver.start();
  const client = new RestClient({ credentials: server.credentials() });
  const recorder = new EventRecorder({ client, controller: "test/controller", instance: "test" });
  const caches = new Caches("cluster", silentLogger);
  const woken: unknown[] = [];
  const issuers = new Issuers({
    client,
    log: silentLogger,
    uses: () => ({ service: true, personal: false }),
    onChange: (_, marks) => woken.push(marks),
    open: (options) => createTokenApi({ ...options, timing: { base: 1, cap: 2, recovery: 1 } }),
  });
  onTestFinished(async () => {
    await issuers.close();
    await recorder.stop(1_000);
    await client.close();
    await server.stop();
    api.close();
  });
  const voice = new Voice(recorder, caches.issuers);
  const reconciler = new IssuerReconciler({
    client,
    objects: caches.issuers,
    issuers,
    dependants: () => [],
    orphans: new Orphans({ caches, markOf: (kind, key) => markOf("scope", `${kind}/${key}`), sessionOf: (key) => issuers.state(key).session, guard: () => undefined, log: silentLogger }),
    guard: () => undefined,
    say: (object, type, reason, note) => voice.ofIssuer(object, type, reason, note),
  });
  server.collection("secrets").put({ metadata: { name: "admin", namespace: "data" }, data: { token: Buffer.from("credential").toString("base64") } });
  const made = server.collection(tokenIssuers.plural).put({ metadata: { name: "q", namespace: "data", generation: 1 }, spec: { url: `http://127.0.0.1:${(api.address() as AddressInfo).port}`, credentialsSecretRef: { name: "admin" } } });
  caches.issuers.namespaced.put(projectIssuer("TokenIssuer")(made));

  const ready = (): { status: string; reason: string } | undefined => caches.issuers.get("data/q")?.status?.conditions?.find(({ type }) => type === "Ready");
  const written = (): number => server.requests.filter(({ plural, verb }) => plural === tokenIssuers.plural && verb === "PATCH").length;
  const said = (): string[] => server.requests.filter(({ plural, verb }) => plural === "events" && verb === "POST").map(({ body }) => (JSON.parse(body) as { reason: string }).reason);
  /** Those too that became part of an earlier one. */
  const events = (): number => recorder.totals.sent + recorder.totals.aggregated;
  const look = async (): Promise<number> => ((await reconciler.reconcile("data/q")).requeueAt ?? Number.POSITIVE_INFINITY) - Date.now();

  await look();
  expect(ready()).toMatchObject({ status: "True" });
  await vi.waitFor(() => expect(said()).toEqual(["Ready"]), { timeout: 10_000 });
  woken.length = 0;
  const before = written();
  state = "busy";
  for (let count = 0; count < LOOKS / 2; count++) expect(await look()).toBeLessThanOrEqual(10_000);
  expect(written() - before).toBe(1);
  state = "odd";
  for (let count = 0; count < LOOKS / 2; count++) expect(await look()).toBeLessThanOrEqual(10_000);
  expect(ready()).toMatchObject({ status: "False", reason: "IssuerNotReady" });
  expect(woken).toEqual([]);
  expect(issuers.state("data/q").session).not.toBeNull();
  state = "well";
  await look();
  expect(ready()).toMatchObject({ status: "True" });
  // Once it was down, and once it is back: the other looks had nothing new to say.
  await vi.waitFor(() => expect([said(), events()]).toEqual([["Ready", "IssuerNotReady"], 3]), { timeout: 10_000 });
  // Whatever was missed meanwhile is looked at now.
  expect(woken).toEqual(["all"]);
});
