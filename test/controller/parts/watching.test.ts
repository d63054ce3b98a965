// What the operator sees of Secrets and namespaces while it watches: their metadata and nothing else, however often a
// watch begins anew.
import { expect, onTestFinished, test, vi } from "vitest";
import { Caches } from "../../../controller/caches.ts";
import { RestClient, silentLogger } from "../../../controller/runtime/index.ts";
import { FakeApiserver } from "../../support/fake-apiserver.ts";

test.each([
  ["streamed", true],
  ["listed in pages", false],
])("Secrets are watched by their metadata alone, %s and after a lost connection", async (_, streams) => {
  const server = await FakeApiserver.start();
  const client = new RestClient({ credentials: server.credentials() });
  // A server that refuses the parameter is listed.
  server.intercept = ({ query }) => (!streams && query.has("sendInitialEvents") ? { status: 400, body: { kind: "Status", code: 400, reason: "BadRequest" } } : undefined);
  const watchers = new Caches("cluster", silentLogger).reflectors({ client, namespace: undefined, log: silentLogger, unknown: new Set() });
  onTestFinished(async () => {
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    await client.close();
    await server.stop();
  });
  for (const watcher of watchers) watcher.start();
  await Promise.all(watchers.map((watcher) => watcher.synced(20_000)));
  const asked = (plural: string): string[] => server.requests.filter((request) => request.plural === plural).map(({ headers }) => String(headers["accept"]));
  for (const plural of ["secrets", "namespaces"]) {
    await vi.waitFor(() => expect([...server.watches].some((watch) => watch.request.plural === plural)).toBe(true), { timeout: 20_000 });
    const before = asked(plural).length;
    for (const watch of server.watches) if (watch.request.plural === plural) watch.cut();
    await vi.waitFor(() => expect(asked(plural).length).toBeGreaterThan(before + 1), { timeout: 20_000 });
    for (const accept of asked(plural)) expect(accept).toMatch(/^application\/json;as=PartialObjectMetadata(List)?;v=v1;g=meta\.k8s\.io$/);
  }
  expect(asked("servicetokens")).toContain("application/json");
});
