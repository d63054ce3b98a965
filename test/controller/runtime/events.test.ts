// Events are written, counted, summed up and dropped as promised, and never in the way.
import { describe, expect, onTestFinished, test } from "vitest";
import { EventRecorder, RestClient } from "../../../controller/runtime/index.ts";
import type { EventInput, EventRecorderOptions } from "../../../controller/runtime/index.ts";
import { FakeApiserver, status } from "../../support/fake-apiserver.ts";
import { ManualClock } from "./manual-clock.ts";
import { until } from "./scene.ts";

interface Written {
  regarding: { name: string };
  note: string;
  reason: string;
  action: string;
  eventTime: string;
  metadata: { namespace: string; name: string };
  series?: { count: number };
}

async function recorder(options: Partial<EventRecorderOptions> = {}) {
  const server = await FakeApiserver.start();
  const client = new RestClient({ credentials: server.credentials() });
  const events = new EventRecorder({ client, controller: "test.example/c", instance: "pod", perSecond: 1000, ...options });
  onTestFinished(async () => {
    await events.stop(0);
    await client.close();
    await server.stop();
  });
  const written = (): Written[] => [...server.collection("events").objects.values()] as unknown as Written[];
  return { server, events, written };
}

const event = (name: string, over: Partial<EventInput> = {}): EventInput => ({
  regarding: { apiVersion: "v1", kind: "Thing", name, namespace: "blue", uid: `uid-${name}` },
  type: "Normal",
  reason: "Issued",
  note: "A note",
  ...over,
});

test("an event is written to the namespace of its object, with what the API demands", async () => {
  const { server, events, written } = await recorder();
  events.record(event("a"));
  await until(() => written().length === 1);
  const [first] = written();
  expect(first).toMatchObject({ reason: "Issued", action: "Issued", note: "A note", type: "Normal", reportingController: "test.example/c", reportingInstance: "pod" });
  expect(first?.eventTime).toMatch(/\.\d{6}Z$/);
  expect(first?.metadata.namespace).toBe("blue");
  expect(server.requests[0]?.path).toBe("/apis/events.k8s.io/v1/namespaces/blue/events");
  events.record(event("cluster-wide", { regarding: { apiVersion: "v1", kind: "Thing", name: "cluster-wide" } }));
  await until(() => written().length === 2);
  expect(written()[1]?.metadata.namespace).toBe("default");
});

test("an object with a long name and dots in it gets an event whose name is one", async () => {
  const { events, written } = await recorder();
  for (const name of [`${"a".repeat(199)}.b`, `${"a".repeat(198)}-.b`.replace("-.", "--b."), `${"a".repeat(253)}`]) events.record(event(name));
  await until(() => written().length === 3);
  for (const { metadata } of written()) expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
});

test("the same event again is counted on the first one", async () => {
  const { events, written } = await recorder();
  events.record(event("a"));
  await until(() => written().length === 1);
  events.record(event("a"));
  await until(() => written()[0]?.series?.count === 2);
  events.record(event("a"));
  await until(() => written()[0]?.series?.count === 3);
  events.record(event("a", { note: "Another" }));
  await until(() => written().length === 2);
});

test("repetitions that wait for their turn are one request", async () => {
  const { server, events, written } = await recorder();
  for (let index = 0; index < 5; index += 1) events.record(event("a"));
  await until(() => written()[0]?.series?.count === 5);
  await events.stop(1_000);
  expect(server.requests.map((request) => request.verb)).toEqual(["POST", "PATCH"]);
});

test("one object may say 25 things at once, and the others are still heard", async () => {
  const { events, written } = await recorder();
  for (let index = 0; index < 60; index += 1) events.record(event("noisy", { note: `n${index}` }));
  events.record(event("quiet"));
  await until(() => written().some((one) => one.regarding.name === "quiet"));
  expect(written().filter((one) => one.regarding.name === "noisy")).toHaveLength(25);
  expect(events.totals.dropped).toBe(35);
});

describe("a burst", () => {
  const issuer = { apiVersion: "v1", kind: "Issuer", name: "issuer", namespace: "blue" };
  const burst = { key: "issued", regarding: issuer, note: (count: number) => `${count} more were issued` };

  test("is ten events and one about the rest", async () => {
    const { events, written } = await recorder({ burstWindowMs: 200 });
    for (let index = 0; index < 500; index += 1) events.record(event(`o${index}`, { burst }));
    await until(() => written().length === 11);
    expect(written().at(-1)).toMatchObject({ note: "490 more were issued", regarding: { name: "issuer" } });
    await until(() => events.totals.sent === 11);
    expect(events.totals).toMatchObject({ aggregated: 490, dropped: 0, failed: 0 });
  });

  test("is summed up when the process ends", async () => {
    const { events, written } = await recorder({ burstWindowMs: 60_000 });
    for (let index = 0; index < 12; index += 1) events.record(event(`o${index}`, { burst }));
    await events.stop(5_000);
    expect(written().at(-1)?.note).toBe("2 more were issued");
  });
});

describe("limits", () => {
  test("so many leave in a second", async () => {
    const clock = new ManualClock();
    const { server, events } = await recorder({ perSecond: 20, clock });
    for (let index = 0; index < 8; index += 1) events.record(event(`o${index}`));
    for (let sent = 1; sent <= 8; sent += 1) {
      await until(() => events.totals.sent === sent - 1 && server.requests.length === sent);
      clock.advance(49);
      for (let count = 0; count < 10; count += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(server.requests).toHaveLength(sent);
      clock.advance(1);
    }
  });

  test("so many wait; more are dropped, and recording never throws or waits", async () => {
    const { server, events } = await recorder({ queueLimit: 100 });
    server.intercept = () => "hang";
    // All in one turn of the event loop.
    for (let index = 0; index < 5_000; index += 1) events.record(event(`o${index}`));
    expect(events.totals.dropped).toBeGreaterThan(4_800);
    await events.stop(20);
    events.record(event("late"));
  });

  test("a server that refuses loses the event and nothing else", async () => {
    const { server, events, written } = await recorder();
    const answers = [status(403, "Forbidden"), "drop" as const];
    server.intercept = () => answers.shift();
    for (const name of ["a", "b", "c"]) events.record(event(name));
    await until(() => events.totals.sent === 1);
    expect(events.totals.failed).toBe(2);
    expect(written().map((one) => one.regarding.name)).toEqual(["c"]);
  });

  test("a series whose event has expired starts over", async () => {
    const { server, events, written } = await recorder();
    events.record(event("a"));
    await until(() => written().length === 1);
    server.collection("events").remove([...server.collection("events").objects.keys()][0] ?? "");
    events.record(event("a"));
    await until(() => events.totals.failed === 1);
    events.record(event("a"));
    await until(() => written().length === 1);
  });
});
