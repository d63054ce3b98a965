// The reflector against servers and networks that fail. After each failure the store
// must equal the server again, without help, and without asking for more than needed.
import fc from "fast-check";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { line, status } from "../../support/fake-apiserver.ts";
import type { FakeApiserver } from "../../support/fake-apiserver.ts";
import { ManualClock } from "./manual-clock.ts";
import { setScene, until, widget, widgets } from "./scene.ts";
import type { Scene } from "./scene.ts";

async function synced(options: Parameters<typeof setScene>[0] = {}): Promise<Scene> {
  const scene = await setScene(options);
  for (const name of ["a", "b", "c"]) scene.server.collection("widgets").put(widget(name));
  scene.reflector.start();
  await scene.reflector.synced(5_000);
  scene.calls.length = 0;
  return scene;
}

/** What is on its way arrives meanwhile. */
const quiet = async (): Promise<void> => {
  for (let count = 0; count < 20; count += 1) await new Promise((resolve) => setImmediate(resolve));
};

const snapshots = (server: FakeApiserver): number => server.requests.filter((request) => request.query.has("sendInitialEvents") || (request.verb === "LIST" && !isLook(request))).length;
/** The one request that asks whether the server still knows what it told. */
const isLook = ({ verb, query }: FakeApiserver["requests"][number]): boolean => verb === "LIST" && query.get("limit") === "1";

describe("resumes from the last version, without a new list, after", () => {
  test.each<[string, (scene: Scene) => void]>([
    ["the server's own end of the watch", ({ server }) => server.watches.forEach((watch) => watch.end())],
    ["a stream that is reset", ({ server }) => server.watches.forEach((watch) => watch.cut())],
    ["a connection that is lost", ({ server }) => server.dropConnections()],
    ["a GOAWAY", ({ server }) => (server.goAway(), server.watches.forEach((watch) => watch.end()))],
    ["an event that is cut in the middle", ({ server }) => server.watches.forEach((watch) => (watch.write('{"type":"MODIFIED","object":{"meta'), watch.end()))],
    ["an event that is cut inside a character", ({ server }) => server.watches.forEach((watch) => (watch.write(Buffer.from('{"type":"MODIFIED","object":{"metadata":{"name":"Zü').subarray(0, -1)), watch.end()))],
    ["a line that is no JSON", ({ server }) => server.watches.forEach((watch) => watch.write("<html>\n"))],
    ["an error inside the stream", ({ server }) => server.watches.forEach((watch) => watch.write(line({ type: "ERROR", object: { kind: "Status", code: 500, reason: "InternalError" } })))],
  ])("%s", async (_, fail) => {
    const scene = await synced();
    fail(scene);
    scene.server.collection("widgets").put(widget("d"));
    scene.server.collection("widgets").remove("default/a");
    await scene.equal();
    expect(scene.calls).toEqual(["+default/d", "-default/a"]);
    expect(snapshots(scene.server)).toBe(1);
  });

  test("a refusal to watch for now (429, 500), or nobody listening", async () => {
    const { server, equal } = await synced();
    const answers = [status(500, "InternalError"), status(429, "TooManyRequests"), "drop" as const, status(500, "InternalError")];
    server.intercept = () => answers.shift();
    for (const watch of server.watches) watch.end();
    server.collection("widgets").put(widget("d"));
    await equal();
    expect(answers).toHaveLength(0);
    expect(snapshots(server)).toBe(1);
  });

  test("an hour of bookmarks and nothing else", async () => {
    const { server, store, equal } = await synced();
    // Other collections move on; this watch only hears how far.
    for (let index = 0; index < 50; index += 1) server.collection("others").put(widget(`o${index}`));
    server.bookmark();
    await until(() => store.version === String(server.revision.value));
    server.collection("widgets").compactedTo = server.revision.value;
    server.dropConnections();
    server.collection("widgets").put(widget("d"));
    await equal();
    expect(snapshots(server)).toBe(1);
  });
});

describe("lists again, and reports what happened meanwhile as deletions and updates, after", () => {
  const changes = (server: FakeApiserver): void => {
    server.collection("widgets").remove("default/a");
    server.collection("widgets").put(widget("b", 7));
    server.collection("widgets").put(widget("d"));
    server.collection("widgets").compact();
  };

  test("410 when it wants to resume", async () => {
    const { server, calls, equal } = await synced();
    changesWhileAway(server);
    await equal();
    expect([...calls].sort()).toEqual(["+default/d", "-default/a", "~default/b"]);
  });

  test("410 inside the stream", async () => {
    const { server, equal } = await synced();
    for (const watch of server.watches) watch.write(line({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }));
    changes(server);
    await equal();
    expect(snapshots(server)).toBe(2);
  });

  test.each([
    ["that refuses the version we had reached", true],
    ["that waits in silence until it is reached again", false],
  ])("a server whose history went back, %s", async (_, refuses) => {
    const { server, store, calls, equal } = await synced();
    server.refusesFuture = refuses;
    server.collection("widgets").rewind(2);
    server.dropConnections();
    await equal();
    expect(store.version).toBe(String(server.revision.value));
    // Its versions may have been given out twice: what is still there is reported too.
    expect(calls).toEqual(["-default/b", "-default/c", "~default/a"]);
    server.collection("widgets").put(widget("y"));
    await equal();
  });

  test("a server whose history went back and has overtaken what we had reached", async () => {
    const { server, calls, equal } = await synced();
    let away = true;
    server.intercept = () => (away ? "drop" : undefined);
    server.dropConnections();
    server.collection("widgets").rewind(2);
    for (const name of ["x", "y", "z"]) server.collection("widgets").put(widget(name));
    away = false;
    await equal();
    expect(calls).toEqual(["-default/b", "-default/c", "~default/a", "+default/x", "+default/y", "+default/z"]);
  });

  test("a server that has forgotten a deletion", async () => {
    const { server, equal } = await synced();
    server.collection("widgets").remove("default/c");
    await equal();
    server.collection("widgets").rewind(1);
    server.dropConnections();
    server.collection("others").put(widget("o1"));
    server.collection("others").put(widget("o2"));
    await equal();
  });

  function changesWhileAway(server: FakeApiserver): void {
    let away = true;
    server.intercept = () => (away ? "drop" : undefined);
    for (const watch of server.watches) watch.cut();
    changes(server);
    setTimeout(() => (away = false), 50);
  }
});

test("429 with Retry-After on list and watch is waited for", async () => {
  const { server, reflector, equal } = await setScene();
  let refusals = 0;
  server.intercept = () => ((refusals += 1) <= 1 ? { ...status(429, "TooManyRequests"), headers: { "retry-after": "1" } } : undefined);
  server.collection("widgets").put(widget("a"));
  reflector.start();
  await equal();
  const [first, second] = server.requests;
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
});

test("429 with Retry-After on the pages of a list, and on the watch after it, is waited for to the millisecond", async () => {
  const clock = new ManualClock();
  const { server, reflector, equal } = await setScene({ transport: { clock, retryBudgetMs: 60_000 }, reflector: { clock } });
  const refused = new Set<string>();
  server.intercept = ({ verb, query }) => {
    if (query.has("sendInitialEvents")) return status(400, "BadRequest");
    if (refused.has(verb)) return undefined;
    refused.add(verb);
    return { ...status(429, "TooManyRequests"), headers: { "retry-after": "7" } };
  };
  server.collection("widgets").put(widget("a"));
  reflector.start();
  for (const verb of ["LIST", "WATCH"]) {
    const asked = (): number => server.requests.filter((request) => request.verb === verb && !request.query.has("sendInitialEvents")).length;
    await until(() => asked() === 1, verb);
    await until(() => clock.timers > 0, "the wait");
    await quiet();
    clock.advance(6_999);
    await quiet();
    expect(asked()).toBe(1);
    clock.advance(1);
    await until(() => asked() === 2, `${verb} once more`);
  }
  await equal();
});

test("two minutes of errors at the start are backed off, and the store fills soon after", async () => {
  const clock = new ManualClock();
  const { server, reflector, equal } = await setScene({ reflector: { clock, random: () => 0.5, timing: { backoffBaseMs: 800, backoffCapMs: 30_000, progressMs: 60_000 } } });
  let well = false;
  server.intercept = () => (well ? undefined : status(500, "InternalError"));
  server.collection("widgets").put(widget("a"));
  reflector.start();
  const step = async (): Promise<void> => {
    await quiet();
    clock.advance(1_000);
  };
  await until(() => server.requests.length === 1, "the first request");
  for (let second = 0; second < 120; second += 1) await step();
  expect(server.requests.length).toBeGreaterThan(3);
  expect(server.requests.length).toBeLessThan(15);
  expect(reflector.hasSynced()).toBe(false);
  well = true;
  // At most one wait of the longest.
  for (let second = 0; second < 45 && !reflector.hasSynced(); second += 1) {
    await step();
    await sleep(2);
  }
  await equal();
});

test("errors at the start are lived through: the store fills when the server is well", async () => {
  const { server, reflector, equal } = await setScene();
  let well = false;
  server.intercept = () => (well ? undefined : status(500, "InternalError"));
  server.collection("widgets").put(widget("a"));
  reflector.start();
  await until(() => server.requests.length > 4);
  expect(reflector.hasSynced()).toBe(false);
  well = true;
  await equal();
  expect(reflector.hasSynced()).toBe(true);
});

test("a stream cut anywhere, also inside a character, is read as it was sent", async () => {
  const { server, reflector, store, equal } = await setScene();
  server.chunks = (whole) => Array.from({ length: whole.length }, (_, index) => whole.subarray(index, index + 1));
  const text = "Zürich 東京 🔑 \u2028 \\n";
  server.collection("widgets").put(widget("a", 1, { text }));
  reflector.start();
  await reflector.synced(5_000);
  server.collection("widgets").put(widget("b", 2, { text }));
  await equal();
  expect([...store.values()].map((record) => record.text)).toEqual([text, text]);
  expect(server.requests).toHaveLength(1);
});

test("a watch that ends at once is not asked for in a hot loop", async () => {
  const clock = new ManualClock();
  const { server } = await synced({ reflector: { clock } });
  server.intercept = (request) => (request.query.has("resourceVersion") ? { status: 200, body: "" } : undefined);
  for (const watch of server.watches) watch.end();
  const resumed = (): number => server.requests.filter(({ verb, query }) => verb === "WATCH" && query.has("resourceVersion")).length;
  for (let round = 1; round <= 5; round += 1) {
    await until(() => resumed() === round, `watch ${round}`);
    // None more before its time.
    await quiet();
    expect(resumed()).toBe(round);
    clock.advance(60_000);
  }
});

test("a snapshot that never ends is asked for as pages after some tries", async () => {
  const { server, reflector, equal } = await setScene();
  server.intercept = (request) => (request.query.has("sendInitialEvents") ? { status: 200, body: line({ type: "ADDED", object: widget("a") }) } : undefined);
  server.collection("widgets").put(widget("a"));
  reflector.start();
  await equal();
  expect(server.count("LIST")).toBe(1);
  // What is answered with pages once is tried as a stream again.
  server.intercept = () => undefined;
  server.collection("widgets").compact();
  for (const watch of server.watches) watch.end();
  await until(() => server.requests.at(-1)?.query.has("sendInitialEvents") === true, "a streamed snapshot");
});

test("a connection that went deaf is noticed by an unanswered ping", async () => {
  const { server, equal } = await synced({ transport: { pingMs: 100 } });
  server.goDeaf();
  server.collection("widgets").put(widget("d"));
  await equal();
  expect(snapshots(server)).toBe(1);
});

test("over HTTP/1.1, which has no ping, a connection that went deaf is noticed because watches are short", async () => {
  const { server, equal } = await synced({ protocols: "http1", reflector: { timing: { unpingedWatchSeconds: 1, graceMs: 100 } } });
  server.goDeaf();
  server.collection("widgets").put(widget("d"));
  await equal();
  expect(snapshots(server)).toBe(1);
});

test("connections for requests that went deaf are given up together, and the next one is another", async () => {
  const { server, client } = await synced({ transport: { requestTimeoutMs: 400 } });
  await Promise.all(["e", "f", "g", "h"].map((name) => client.create(widgets, { namespace: "default" }, widget(name))));
  server.goDeaf();
  await expect(client.create(widgets, { namespace: "default" }, widget("i"))).rejects.toThrow("no answer within 400 ms");
  // Those that were idle are as deaf, and nobody else has to find out.
  await client.create(widgets, { namespace: "default" }, widget("j"));
});

test("a watch that the server does not end in time is cut from this side", async () => {
  // Long enough for a snapshot on a busy machine.
  const { server, equal } = await synced({ reflector: { timing: { shortestWatchSeconds: 60, longestWatchSeconds: 60, unpingedWatchSeconds: 60, graceMs: -59_200 } } });
  await until(() => server.count("WATCH") === 3, "a third watch");
  expect(snapshots(server)).toBe(1);
  server.collection("widgets").put(widget("d"));
  await equal();
});

describe("stop leaves no request and no socket", () => {
  test.each<[string, (scene: Scene) => Promise<void> | void]>([
    ["before the start", () => undefined],
    ["while connecting", ({ reflector }) => reflector.start()],
    ["while the server does not answer", async ({ server, reflector }) => ((server.intercept = () => "hang"), reflector.start(), await until(() => server.requests.length > 0))],
    ["during a snapshot", async ({ server, reflector }) => ((server.streamsSnapshots = false), reflector.start(), await until(() => server.watches.size > 0))],
    ["while a page is awaited", async ({ server, reflector }) => ((server.intercept = ({ query }) => (query.has("sendInitialEvents") ? status(400, "BadRequest") : "hang")), reflector.start(), await until(() => server.count("LIST") > 0))],
    ["while the server wants to be left alone", async ({ server, reflector }) => ((server.intercept = () => ({ ...status(429, "TooManyRequests"), headers: { "retry-after": "3" } })), reflector.start(), await until(() => server.requests.length > 0))],
    ["while watching", async ({ reflector }) => (reflector.start(), void (await reflector.synced(5_000)))],
    ["while waiting to try again", async ({ server, reflector }) => ((server.intercept = () => status(500, "InternalError")), reflector.start(), await until(() => server.requests.length > 1))],
  ])("%s", async (_, reach) => {
    const scene = await setScene({ reflector: { timing: { progressMs: 60_000 } } });
    await reach(scene);
    await scene.reflector.stop();
    await until(() => scene.server.watches.size === 0, "the end of the watch");
    const asked = scene.server.requests.length;
    scene.reflector.start();
    await sleep(100);
    expect(scene.server.requests.length).toBe(asked);
    await scene.client.close();
    await until(() => scene.server.openSockets === 0, "no socket");
  });
});

const fault = fc.constantFrom("put", "put", "put", "remove", "end", "cut", "drop", "goaway", "compact", "expire", "garbage", "tail", "refuse", "restore", "pause");

test("property: after any sequence of changes and failures the store equals the server", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fault, fc.integer({ min: 0, max: 5 })), { minLength: 5, maxLength: 40 }), async (steps) => {
      const scene = await setScene();
      const { server, reflector, store, equal } = scene;
      const widgets = server.collection("widgets");
      const mirror = new Set<string>();
      store.subscribe({ onAdd: (record) => void mirror.add(record.key), onDelete: (record) => void mirror.delete(record.key) });
      const all = (act: (watch: (typeof server.watches extends Set<infer W> ? W : never)) => void): void => [...server.watches].forEach(act);
      let refusing = 0;
      server.intercept = () => ((refusing -= 1) >= 0 ? status(refusing % 2 === 0 ? 500 : 410, "Scripted") : undefined);
      const actions: Record<(typeof steps)[number][0], (index: number) => Promise<void> | void> = {
        put: (index) => void widgets.put(widget(`w${index}`, server.revision.value)),
        remove: (index) => void widgets.remove(`default/w${index}`),
        end: () => all((watch) => watch.end()),
        cut: () => all((watch) => watch.cut()),
        drop: () => server.dropConnections(),
        goaway: () => server.goAway(),
        compact: () => (widgets.compact(), all((watch) => watch.cut())),
        expire: () => all((watch) => watch.write(line({ type: "ERROR", object: { code: 410, reason: "Expired" } }))),
        garbage: () => all((watch) => watch.write("}{\n")),
        tail: () => all((watch) => (watch.write('{"type":"DELETED","obj'), watch.cut())),
        refuse: (index) => void (refusing = index),
        // Seen before it goes on: one that has given out the same versions again by then cannot be told from the old one.
        restore: async (index) => {
          refusing = 0;
          widgets.rewind(index);
          server.dropConnections();
          await equal();
          // Where nothing but the counter went back, being equal does not show that it was seen.
          await until(() => Number(store.version ?? 0) <= server.revision.value, "the restore to be seen");
        },
        pause: (index) => sleep(index * 3),
      };
      reflector.start();
      for (const [name, index] of steps) await actions[name](index);
      refusing = 0;
      await equal();
      expect([...mirror].sort()).toEqual([...store.values()].map((record) => record.key).sort());
      await reflector.stop();
      await scene.client.close();
      await server.stop();
    }),
    { numRuns: 40 },
  );
});
