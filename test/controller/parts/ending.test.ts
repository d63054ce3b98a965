// The end of an operator whose API does not answer: all that waits for it has the same time to end, and together no more.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { startOperator } from "../../../controller/main.ts";
import { silentLogger } from "../../../controller/runtime/index.ts";
import { FakeApiserver } from "../../support/fake-apiserver.ts";

const DRAIN_MS = 3_000;
const issuerRef = { kind: "TokenIssuer", name: "q" };

test("an API that stopped answering holds up the end of every controller, and the end of all no longer than that of one", async () => {
  const user = { id: 1, user_id: "admin", user_name: "admin", name: "Admin", email: "x", role: "Admin", user_type: "Human", teams: [], created: "2026-01-01T00:00:00Z" };
  const posts = new Set<string>();
  let silent = false;
  const api = createServer((request, response) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    if (request.method === "POST") posts.add(path);
    // What would change something is never answered, nor is anything from some time on.
    if (silent || request.method !== "GET") return;
    const owner = { ...user, id: 2, user_id: "x@service", user_name: "x", name: "X", user_type: "Service" };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(path === "/api/users/me" ? user : path === "/api/users" ? { items: [owner], total: 1 } : []));
  });
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  const server = await FakeApiserver.start();
  const folder = mkdtempSync(join(tmpdir(), "ending-"));
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = { server: server.credentials().server.href, "certificate-authority-data": Buffer.from(server.authority.cert).toString("base64") };
  writeFileSync(kubeconfig, JSON.stringify({ "current-context": "c", contexts: [{ name: "c", context: { cluster: "c", user: "u" } }], clusters: [{ name: "c", cluster }], users: [{ name: "u", user: { token: "t" } }] }));
  onTestFinished(async () => {
    await server.stop();
    api.closeAllConnections();
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const put = (plural: string, name: string, spec: object): unknown => server.collection(plural).put({ metadata: { name, namespace: "data", generation: 1, finalizers: ["tokens.qualytics.io/tokens"] }, spec });
  server.collection("namespaces").put({ metadata: { name: "kube-system" } });
  server.collection("secrets").put({ metadata: { name: "admin", namespace: "data" }, data: { token: Buffer.from("credential").toString("base64") } });
  put("tokenissuers", "q", { url: `http://127.0.0.1:${(api.address() as AddressInfo).port}`, credentialsSecretRef: { name: "admin" }, resyncInterval: "1s" });
  put("servicetokens", "service", { issuerRef, serviceUser: { name: "X" } });
  put("personaltokens", "personal", { issuerRef });
  put("serviceusers", "user", { issuerRef, name: "New" });
  const operator = await startOperator({ kubeconfig, ownNamespace: "data", leaderElect: false, adoptIdentity: false, concurrency: 4, drainMs: DRAIN_MS, log: silentLogger });
  await vi.waitFor(() => expect([...posts].sort()).toEqual(["/api/user-tokens", "/api/users"]), { timeout: 20_000 });
  silent = true;
  // Long enough for the issuer's next list to be under way.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const begun = performance.now();
  await operator.stop();
  // Four controllers, each with something that does not end.
  expect(performance.now() - begun).toBeLessThan(3 * DRAIN_MS);
}, 60_000);
