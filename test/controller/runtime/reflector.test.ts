// What the reflector sees and asks for while the server is well, and how it does
// without what older servers lack.
import { expect, test } from "vitest";
import { line } from "../../support/fake-apiserver.ts";
import type { Protocols } from "../../support/fake-apiserver.ts";
import { project, setScene, until, widget, widgets } from "./scene.ts";

test("begins with a streamed snapshot and follows every change on the same stream", async () => {
  const { server, reflector, store, calls, equal } = await setScene();
  const widgets = server.collection("widgets");
  widgets.put(widget("a", 1));
  widgets.put(widget("b", 1));
  reflector.start();
  expect(reflector.hasSynced()).toBe(false);
  expect(await reflector.synced(5_000)).toBe(true);
  expect(store.version).toBe(String(server.revision.value));
  widgets.put(widget("c", 1));
  widgets.put(widget("a", 2));
  widgets.remove("default/b");
  await equal();
  expect(calls).toEqual(["+default/a", "+default/b", "+default/c", "~default/a", "-default/b"]);
  expect(server.requests.map((request) => request.verb)).toEqual(["WATCH"]);
  const { query } = server.requests[0] ?? { query: new URLSearchParams() };
  expect(Object.fromEntries(query)).toMatchObject({ watch: "true", sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: "true" });
  expect(query.has("resourceVersion")).toBe(false);
});

test("asks for long watches where a dead server is noticed by a ping, and for short ones where there is none", async () => {
  const seconds = async (protocols: Protocols): Promise<number[]> => {
    const { server, reflector } = await setScene({ protocols });
    reflector.start();
    expect(await reflector.synced(5_000)).toBe(true);
    for (const watch of server.watches) watch.end();
    await until(() => server.count("WATCH") === 2);
    return server.requests.map(({ query }) => Number(query.get("timeoutSeconds")));
  };
  expect(await seconds("http1")).toEqual([40, 40]);
  for (const each of await seconds("both")) {
    expect(each).toBeGreaterThanOrEqual(300);
    expect(each).toBeLessThanOrEqual(600);
  }
});

test("a snapshot is complete with its own mark, not with any bookmark", async () => {
  const { server, reflector, store } = await setScene();
  const part = line({ type: "ADDED", object: { ...widget("a"), metadata: { name: "a", namespace: "default", uid: "u", resourceVersion: "90" } } });
  const bookmark = line({ type: "BOOKMARK", object: { metadata: { resourceVersion: "95" } } });
  server.intercept = () => (server.requests.length === 1 ? { status: 200, body: part + bookmark } : "hang");
  reflector.start();
  await until(() => server.requests.length === 2, "another try");
  expect([reflector.hasSynced(), store.size]).toEqual([false, 0]);
});

test("events that come while a large snapshot is put in place come after it", async () => {
  const { server, reflector, store, calls } = await setScene();
  const at = (name: string, version: number, size = 0): object => ({ ...widget(name, size), metadata: { name, namespace: "default", uid: name, resourceVersion: String(version) } });
  const snapshot = Array.from({ length: 1_000 }, (_, index) => line({ type: "ADDED", object: at(`w${index}`, index + 1) })).join("");
  const end = line({ type: "BOOKMARK", object: { metadata: { resourceVersion: "2000", annotations: { "k8s.io/initial-events-end": "true" } } } });
  const later = line({ type: "MODIFIED", object: at("w999", 2001, 7) }) + line({ type: "DELETED", object: at("w0", 2002) });
  server.intercept = () => (server.requests.length === 1 ? { status: 200, body: snapshot + end + later } : "hang");
  reflector.start();
  expect(await reflector.synced(8_000)).toBe(true);
  await until(() => store.version === "2002", "the last event");
  expect([store.size, store.get("default/w999")?.size, store.get("default/w0")]).toEqual([999, 7, undefined]);
  expect(calls.slice(-3)).toEqual(["+default/w999", "~default/w999", "-default/w0"]);
  await until(() => server.requests.length === 2, "the next watch");
  expect(server.requests[1]?.query.get("resourceVersion")).toBe("2002");
});

test("an empty collection is synced too", async () => {
  const { reflector, store } = await setScene();
  reflector.start();
  expect(await reflector.synced(5_000)).toBe(true);
  expect(store.size).toBe(0);
});

test("asks only for what it was told to", async () => {
  const { server, reflector, store } = await setScene({ reflector: { namespace: "blue", labelSelector: "app=x,tier!=y", fieldSelector: "metadata.name=a", metadataOnly: true } });
  server.collection("widgets").put(widget("a", 1, { namespace: "blue" }));
  server.collection("widgets").put(widget("a", 1, { namespace: "red" }));
  reflector.start();
  await reflector.synced(5_000);
  const [request] = server.requests;
  expect(request?.path).toBe("/apis/test.example/v1/namespaces/blue/widgets");
  expect(request?.query.get("labelSelector")).toBe("app=x,tier!=y");
  expect(request?.query.get("fieldSelector")).toBe("metadata.name=a");
  expect(request?.headers["accept"]).toBe("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
  expect([...store.values()].map((record) => record.key)).toEqual(["blue/a"]);
});

test("a server that ignores sendInitialEvents is listed in pages instead, for good", async () => {
  const { server, reflector, equal } = await setScene({ reflector: { timing: { pageSize: 10 } } });
  server.streamsSnapshots = false;
  for (let index = 0; index < 25; index += 1) server.collection("widgets").put(widget(`w${index}`, index));
  reflector.start();
  await reflector.synced(8_000);
  expect(server.count("LIST")).toBe(3);
  server.collection("widgets").put(widget("late"));
  await equal();
  server.collection("widgets").compact();
  for (const watch of server.watches) watch.end();
  await until(() => server.count("LIST") === 6, "a second list");
  expect(server.requests.filter((request) => request.query.has("sendInitialEvents"))).toHaveLength(1);
});

test("a server that refuses the parameter is listed at once", async () => {
  const { server, reflector, equal } = await setScene();
  server.intercept = (request) => (request.query.has("sendInitialEvents") ? { status: 422, body: { kind: "Status", code: 422, reason: "Invalid" } } : undefined);
  server.collection("widgets").put(widget("a"));
  reflector.start();
  await equal();
  expect(server.requests.slice(0, 2).map((request) => request.verb)).toEqual(["WATCH", "LIST"]);
  expect(server.requests[1]?.query.has("resourceVersion")).toBe(false);
});

test("a page that expires in the middle starts the list over", async () => {
  const { server, reflector, equal } = await setScene({ reflector: { timing: { pageSize: 2 } } });
  let refused = 0;
  server.intercept = (request) => {
    if (request.query.has("sendInitialEvents")) return { status: 400, body: "{}" };
    return request.query.has("continue") && (refused += 1) === 1 ? { status: 410, body: { kind: "Status", code: 410, reason: "Expired" } } : undefined;
  };
  for (const name of ["a", "b", "c", "d", "e"]) server.collection("widgets").put(widget(name));
  reflector.start();
  await equal();
  expect(refused).toBeGreaterThan(1);
});

test("an object that cannot be read is left out and hides no other", async () => {
  const { server, reflector, store } = await setScene();
  server.collection("widgets").put(widget("a", 1));
  server.collection("widgets").put(widget("bad", -1));
  reflector.start();
  await reflector.synced(5_000);
  server.collection("widgets").put(widget("worse", -1));
  server.collection("widgets").put(widget("b", 1));
  await until(() => store.get("default/b") !== undefined);
  expect([...store.values()].map((record) => record.key)).toEqual(["default/a", "default/b"]);
});

test("the echo of an own write is not read a second time", async () => {
  const read: string[] = [];
  const { server, client, store, reflector, equal } = await setScene({ reflector: { project: (object) => (read.push(object.metadata?.name ?? ""), project(object)) } });
  reflector.start();
  await reflector.synced(5_000);
  store.observeWrite(project(await client.create(widgets, { namespace: "default" }, widget("own", 1))));
  server.collection("widgets").put(widget("other"));
  await equal();
  expect(read).toEqual(["other"]);
  server.collection("widgets").put(widget("own", 2));
  await equal();
  expect(read).toEqual(["other", "own"]);
});

test("works over HTTP/1.1", async () => {
  const { server, reflector, equal } = await setScene({ protocols: "http1" });
  server.collection("widgets").put(widget("a"));
  reflector.start();
  await reflector.synced(5_000);
  server.collection("widgets").put(widget("b"));
  await equal();
  for (const watch of server.watches) watch.cut();
  server.collection("widgets").put(widget("c"));
  await equal();
});

test("synced gives up after its time, and when the reflector is stopped", async () => {
  const { server, reflector } = await setScene();
  server.intercept = () => "hang";
  reflector.start();
  expect(await reflector.synced(30)).toBe(false);
  const waiting = reflector.synced(60_000);
  await reflector.stop();
  expect(await waiting).toBe(false);
});
