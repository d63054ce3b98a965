// The whole of it in one process: order of start and stop, metrics, health pages.
import { describe, expect, onTestFinished, test } from "vitest";
import { Controller, EventRecorder, HttpServer, LeaderElector, Manager, RestClient, RuntimeMetrics, WorkQueue } from "../../../controller/runtime/index.ts";
import { setScene, until, widget } from "./scene.ts";

async function manager(over: { elect?: boolean; reconcile?: (key: string) => Promise<void>; onLost?: () => void } = {}) {
  const scene = await setScene();
  const { client, reflector, server, store } = scene;
  const queue = new WorkQueue();
  const reconciled: string[] = [];
  store.subscribe({ onAdd: (record) => queue.add(record.key), onUpdate: (_, record) => queue.add(record.key) });
  const reconcile = async (key: string): Promise<void> => {
    reconciled.push(key);
    await over.reconcile?.(key);
  };
  const controller = new Controller({ name: "widget", queue, reconcile });
  const events = new EventRecorder({ client, controller: "test.example/c", instance: "pod" });
  const timing = { leaseSeconds: 0.6, renewDeadlineMs: 400, retryMs: 80 };
  const made = new Manager({
    client,
    reflectors: [reflector],
    controllers: [controller],
    events,
    drainMs: 500,
    ...(over.onLost === undefined ? {} : { onLost: over.onLost }),
    ...(over.elect === true ? { elector: (on) => new LeaderElector({ client, namespace: "n", name: "l", identity: "me", ...timing, ...on }) } : {}),
  });
  onTestFinished(async () => void (await made.stop()));
  return { ...scene, manager: made, controller, events, queue, reconciled, server };
}

test("works off what is there, once, after the caches are complete", async () => {
  const { server, manager: made, reconciled } = await manager();
  for (const name of ["a", "b"]) server.collection("widgets").put(widget(name));
  expect(made.ready()).toBe(false);
  await made.start();
  expect(made.ready()).toBe(true);
  await until(() => reconciled.length === 2);
  expect(reconciled).toEqual(["default/a", "default/b"]);
});

test("a standby fills its caches and does nothing until it leads", async () => {
  const { server, manager: made, store, reconciled } = await manager({ elect: true });
  server.collection("leases").put({ metadata: { name: "l", namespace: "n" }, spec: { holderIdentity: "other", leaseDurationSeconds: 0.5 } });
  server.collection("widgets").put(widget("a"));
  await made.start();
  expect(store.size).toBe(1);
  expect(made.stillLeading()).toBe(false);
  expect(reconciled).toEqual([]);
  await until(() => reconciled.length === 1);
  expect(made.stillLeading()).toBe(true);
});

test("stops in order: work ends first, then events, the lease, the connections", async () => {
  let finish: () => void = () => undefined;
  const { server, manager: made, events, reconciled } = await manager({ elect: true, reconcile: () => new Promise((resolve) => (finish = resolve)) });
  server.collection("widgets").put(widget("a"));
  await made.start();
  await until(() => reconciled.length === 1);
  const stopping = made.stop();
  server.collection("widgets").put(widget("b"));
  events.record({ regarding: { apiVersion: "v1", kind: "Widget", name: "a", namespace: "default" }, type: "Normal", reason: "Stopped", note: "x" });
  await until(() => server.watches.size === 1);
  finish();
  expect(await stopping).toBe(true);
  expect(reconciled).toEqual(["default/a"]);
  expect(server.collection("events").objects.size).toBe(1);
  expect(server.collection("leases").objects.get("n/l")?.spec).toMatchObject({ holderIdentity: "" });
  await until(() => server.openSockets === 0);
  expect(await made.stop()).toBe(true);
});

test("says when work did not end in time", async () => {
  const { server, manager: made, reconciled } = await manager({ reconcile: () => new Promise(() => undefined) });
  server.collection("widgets").put(widget("a"));
  await made.start();
  await until(() => reconciled.length === 1);
  expect(await made.stop()).toBe(false);
});

test("begins nothing more when leadership is lost", async () => {
  let lost = 0;
  const { server, manager: made, reconciled } = await manager({ elect: true, onLost: () => void (lost += 1) });
  await made.start();
  await until(() => made.stillLeading());
  server.intercept = (request) => (request.plural === "leases" ? "drop" : undefined);
  await until(() => lost === 1);
  server.collection("widgets").put(widget("a"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(reconciled).toEqual([]);
});

test("a cache that does not fill in time is an error that says what to look at", async () => {
  const { client, reflector, server } = await setScene();
  server.intercept = () => ({ status: 403, body: {} });
  const made = new Manager({ client, reflectors: [reflector], controllers: [], syncTimeoutMs: 50 });
  await expect(made.start()).rejects.toThrow(/CRD installed/);
  await made.stop();
});

describe("pages", () => {
  test("/metrics has the names of controller-runtime, /healthz and /readyz what is wrong", async () => {
    const { client, server } = await setScene();
    const metrics = new RuntimeMetrics();
    const measured = new RestClient({ credentials: server.credentials(), onRequest: metrics.onRequest });
    const queue = new WorkQueue();
    let fail = true;
    const controller = new Controller({
      name: "widget",
      queue,
      async reconcile() {
        if (fail) throw new Error("x");
      },
    });
    metrics.controller(controller);
    metrics.leader("lease", () => true);
    metrics.client(measured);
    metrics.events(new EventRecorder({ client, controller: "c", instance: "i" }));
    let problem: string | undefined = "caches are not complete";
    const http = new HttpServer({ host: "127.0.0.1", port: 0, metrics: () => metrics.text(), health: { process: () => undefined }, ready: { caches: () => problem } });
    const base = `http://127.0.0.1:${await http.start()}`;
    onTestFinished(async () => {
      await http.stop();
      await measured.close();
      await controller.stop(100);
    });
    controller.start();
    queue.add("a");
    await until(() => queue.failures("a") === 1);
    fail = false;
    await until(() => queue.failures("a") === 0);
    await measured.raw("/version");
    const text = await (await fetch(`${base}/metrics`)).text();
    for (const sample of [
      'workqueue_adds_total{name="widget"} 2',
      'workqueue_retries_total{name="widget"} 1',
      'workqueue_depth{name="widget"} 0',
      'workqueue_queue_duration_seconds_count{name="widget"} 2',
      'workqueue_work_duration_seconds_count{name="widget"} 2',
      'workqueue_unfinished_work_seconds{name="widget"} 0',
      'workqueue_longest_running_processor_seconds{name="widget"} 0',
      'controller_runtime_reconcile_total{controller="widget",result="success"} 1',
      'controller_runtime_reconcile_total{controller="widget",result="error"} 1',
      'controller_runtime_reconcile_errors_total{controller="widget"} 1',
      'controller_runtime_reconcile_time_seconds_count{controller="widget"} 2',
      'controller_runtime_active_workers{controller="widget"} 0',
      'controller_runtime_max_concurrent_reconciles{controller="widget"} 32',
      'rest_client_request_duration_seconds_count{verb="GET"} 1',
      'leader_election_master_status{name="lease"} 1',
      "rest_client_in_flight_limit 16",
    ])
      expect(text.split("\n")).toContain(sample);
    expect(text).toMatch(/^process_cpu_seconds_total [0-9.]+$/m);
    expect(text).toMatch(/rest_client_requests_total\{code="\d+",method="GET",resource=""\} 1/);
    const again = await (await fetch(`${base}/metrics`)).text();
    expect(again).toContain('workqueue_adds_total{name="widget"} 2\n');

    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const notReady = await fetch(`${base}/readyz`);
    expect([notReady.status, await notReady.text()]).toEqual([503, "[-] caches failed: caches are not complete\nfailed\n"]);
    problem = undefined;
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    expect((await fetch(`${base}/secrets`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: "POST" })).status).toBe(405);
  });
});
