// The runtime against a real etcd and kube-apiserver: what the fake one only claims.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  EventRecorder,
  LeaderElector,
  Reflector,
  RestClient,
  compareVersions,
  defineResource,
  identify,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  loadCredentials,
  secrets,
} from "../../controller/runtime/index.ts";
import type { ApiError, KubeObject, ReflectorOptions, RequestMeasurement, Stored } from "../../controller/runtime/index.ts";
import { startControlPlane } from "../support/control-plane.ts";
import type { ControlPlane } from "../support/control-plane.ts";

const configMaps = defineResource("v1", "ConfigMap", "configmaps");
const namespaces = defineResource("v1", "Namespace", "namespaces", { namespaced: false });
const crds = defineResource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", { namespaced: false });
const widgets = defineResource("test.example/v1", "Widget", "widgets");

const widgetCrd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.test.example" },
  spec: {
    group: "test.example",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer", maximum: 10 } } }, status: { type: "object", properties: { seen: { type: "integer" } } } } } },
      },
    ],
  },
};

let plane: ControlPlane;
let client: RestClient;
const requests: RequestMeasurement[] = [];

beforeAll(async () => {
  plane = await startControlPlane();
  client = new RestClient({ credentials: await loadCredentials({ kubeconfig: plane.kubeconfigPath }), onRequest: (request) => requests.push(request) });
  await client.create(crds, {}, widgetCrd);
  await vi.waitFor(() => client.list(widgets, {}), { timeout: 20_000, interval: 50 });
});

afterAll(async () => {
  await client.close();
  await plane.stop();
});

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const until = (condition: () => boolean, timeout = 20_000): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout, interval: 10 });

let namespaceCount = 0;
async function freshNamespace(): Promise<string> {
  const name = `t${(namespaceCount += 1)}`;
  await client.create(namespaces, {}, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  return name;
}

const widget = (namespace: string, name: string, size: number): KubeObject => ({ apiVersion: "test.example/v1", kind: "Widget", metadata: { name, namespace }, spec: { size } });

interface Seen extends Stored {
  object: KubeObject;
}

function reflect(options: Partial<ReflectorOptions<Seen>>): Reflector<Seen> {
  const reflector = new Reflector<Seen>({ client, resource: widgets, project: (object) => ({ ...identify(object), object }), ...options });
  onTestFinished(() => reflector.stop());
  reflector.start();
  return reflector;
}

const watches = (): number => requests.filter((request) => request.verb === "WATCH").length;
const lists = (): number => requests.filter((request) => request.verb === "LIST").length;

describe("writes", () => {
  test("server-side apply makes, changes, does nothing, and takes over by force only", async () => {
    const namespace = await freshNamespace();
    const ref = { namespace, name: "a" };
    const made = await client.apply(widgets, ref, widget(namespace, "a", 1), { fieldManager: "one" });
    const same = await client.apply(widgets, ref, widget(namespace, "a", 1), { fieldManager: "one" });
    expect(same.metadata?.resourceVersion).toBe(made.metadata?.resourceVersion);
    expect(isConflict(await failure(client.apply(widgets, ref, widget(namespace, "a", 2), { fieldManager: "two", force: false })))).toBe(true);
    const taken = await client.apply(widgets, ref, widget(namespace, "a", 2), { fieldManager: "two" });
    expect(taken.spec).toEqual({ size: 2 });
    expect(compareVersions(taken.metadata?.resourceVersion ?? "", made.metadata?.resourceVersion ?? "")).toBeGreaterThan(0);
    const status = { apiVersion: "test.example/v1", kind: "Widget", metadata: { uid: made.metadata?.uid }, status: { seen: 2 } };
    const reported = await client.apply(widgets, ref, status, { fieldManager: "one", subresource: "status" });
    expect([reported.status, reported.metadata?.generation]).toEqual([{ seen: 2 }, 2]);
  });

  test("apply with the uid of an object that is gone makes no new one", async () => {
    const namespace = await freshNamespace();
    const ref = { namespace, name: "a" };
    const made = await client.create(widgets, ref, widget(namespace, "a", 1));
    await client.delete(widgets, ref);
    const body = { apiVersion: "test.example/v1", kind: "Widget", metadata: { uid: made.metadata?.uid } };
    expect(isConflict(await failure(client.apply(widgets, ref, body, { fieldManager: "one" })))).toBe(true);
    expect(isNotFound(await failure(client.get(widgets, ref)))).toBe(true);
  });

  test("create, update, patch and delete keep to their preconditions, and dry runs leave nothing", async () => {
    const namespace = await freshNamespace();
    const ref = { namespace, name: "a" };
    await client.create(widgets, ref, widget(namespace, "a", 1), { dryRun: true });
    expect(isNotFound(await failure(client.get(widgets, ref)))).toBe(true);
    const made = await client.create(widgets, ref, widget(namespace, "a", 1));
    expect(isAlreadyExists(await failure(client.create(widgets, ref, widget(namespace, "a", 1))))).toBe(true);
    const patched = await client.patch(widgets, ref, { spec: { size: 3 } }, { type: "merge" });
    expect(isConflict(await failure(client.update(widgets, ref, { ...made, spec: { size: 4 } })))).toBe(true);
    const stale = { spec: { size: 5 }, metadata: { resourceVersion: made.metadata?.resourceVersion } };
    expect(isConflict(await failure(client.patch(widgets, ref, stale, { type: "merge" })))).toBe(true);
    const jsonPatched = await client.patch(widgets, ref, [{ op: "replace", path: "/spec/size", value: 6 }], { type: "json" });
    expect(jsonPatched.spec).toEqual({ size: 6 });
    expect(isConflict(await failure(client.delete(widgets, ref, { uid: "another" })))).toBe(true);
    expect(isConflict(await failure(client.delete(widgets, ref, { resourceVersion: patched.metadata?.resourceVersion ?? "" })))).toBe(true);
    await client.delete(widgets, ref, { uid: made.metadata?.uid ?? "", resourceVersion: jsonPatched.metadata?.resourceVersion ?? "" });
    expect(isNotFound(await failure(client.get(widgets, ref)))).toBe(true);
  });

  test("a Secret's value never comes back when only metadata is asked for", async () => {
    const namespace = await freshNamespace();
    const ref = { namespace, name: "a" };
    const body = (value: string): Buffer => Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: { token: Buffer.from(value).toString("base64") } }));
    const first = body("one");
    const answers = [
      await client.create(secrets, ref, first, { metadataOnly: true }),
      await client.apply(secrets, ref, body("two"), { metadataOnly: true, fieldManager: "one" }),
      await client.patch(secrets, ref, { metadata: { labels: { a: "b" } } }, { type: "merge", metadataOnly: true }),
      await client.get(secrets, ref, { metadataOnly: true }),
      ...(await client.list(secrets, { namespace }, { metadataOnly: true })).items,
    ];
    first.fill(0);
    for (const answer of answers) {
      expect(answer.metadata?.name).toBe("a");
      expect(answer).not.toHaveProperty("data");
    }
    expect((await client.get(secrets, ref)).data).toEqual({ token: Buffer.from("two").toString("base64") });
    const deleted = await client.delete(secrets, ref, { metadataOnly: true });
    expect(JSON.stringify(deleted)).not.toContain("dHdv");
  });
});

describe("refusals", () => {
  test("name the field, and for Secrets nothing but the field", async () => {
    const namespace = await freshNamespace();
    const invalid = (await failure(client.create(widgets, { namespace }, widget(namespace, "a", 99)))) as ApiError;
    expect(isInvalid(invalid)).toBe(true);
    expect(invalid.message).toContain("spec.size");
    const bad = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, type: "kubernetes.io/tls", data: { "tls.crt": "Y2FuYXJ5" }, stringData: { "not a key": "canary" } };
    const refused = (await failure(client.create(secrets, { namespace }, bad))) as ApiError;
    expect(isInvalid(refused)).toBe(true);
    expect(refused.message).toMatch(/422 Invalid: data\[/);
    expect(refused.message).not.toMatch(/canary|Y2FuYXJ5/);
    const garbled = (await failure(client.create(secrets, { namespace }, { ...bad, stringData: {}, data: { a: "%canary%" } }))) as ApiError;
    expect(garbled.status).toBe(400);
    expect(garbled.message).not.toContain("canary");
  });

  test("by RBAC say who may not do what", async () => {
    const namespace = await freshNamespace();
    await plane.kubectl(["create", "serviceaccount", "weak", "-n", namespace]);
    const token = (await plane.kubectl(["create", "token", "weak", "-n", namespace])).trim();
    const weak = new RestClient({ credentials: { server: new URL(plane.url), tls: () => ({ ca: plane.ca }), authorization: () => `Bearer ${token}`, invalidate: () => undefined } });
    onTestFinished(() => weak.close());
    const error = await failure(weak.create(secrets, { namespace }, { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } }));
    expect(isForbidden(error)).toBe(true);
    expect(String(error)).toContain(`User "system:serviceaccount:${namespace}:weak" cannot create resource "secrets"`);
  });
});

describe("a reflector", () => {
  test("streams its snapshot, follows, reads its own writes, and resumes across a restart of the apiserver", async () => {
    const namespace = await freshNamespace();
    await client.create(widgets, { namespace }, widget(namespace, "a", 1));
    const before = lists();
    const reflector = reflect({ namespace });
    expect(await reflector.synced(20_000)).toBe(true);
    expect([...reflector.store.values()].map((record) => record.key)).toEqual([`${namespace}/a`]);

    const written = await client.create(widgets, { namespace }, widget(namespace, "b", 2));
    // The watch may have been faster than the answer; either way it is there.
    reflector.store.observeWrite({ ...identify(written), object: written });
    expect(reflector.store.get(`${namespace}/b`)).toBeDefined();
    await client.delete(widgets, { namespace, name: "a" });
    await until(() => reflector.store.get(`${namespace}/a`) === undefined);

    expect(lists()).toBe(before);
    const watched = watches();
    await plane.restartApiserver();
    await client.create(widgets, { namespace }, widget(namespace, "c", 3));
    await until(() => reflector.store.get(`${namespace}/c`) !== undefined, 60_000);
    expect(reflector.store.size).toBe(2);
    expect(watches()).toBeGreaterThan(watched);
  });

  test("of metadata only sees no values, and one with a selector only what is selected", async () => {
    const namespace = await freshNamespace();
    const secret = (name: string, labels: Record<string, string>): object => ({ apiVersion: "v1", kind: "Secret", metadata: { name, labels }, data: { token: "c2VjcmV0" } });
    await client.create(secrets, { namespace }, secret("ours", { owner: "us" }));
    await client.create(secrets, { namespace }, secret("theirs", { owner: "them" }));
    const before = lists();
    const reflector = reflect({ resource: secrets, namespace, metadataOnly: true, labelSelector: "owner=us" });
    expect(await reflector.synced(20_000)).toBe(true);
    expect(lists()).toBe(before);
    await client.patch(secrets, { namespace, name: "theirs" }, { metadata: { labels: { owner: "us" } } }, { type: "merge" });
    await until(() => reflector.store.size === 2);
    expect(JSON.stringify([...reflector.store.values()])).not.toContain("c2VjcmV0");
    await client.patch(secrets, { namespace, name: "ours" }, { metadata: { labels: { owner: null } } }, { type: "merge" });
    await until(() => reflector.store.size === 1);
  });

  test("of a kind that does not exist yet fills when it does", async () => {
    const reflector = reflect({ resource: defineResource("late.example/v1", "Late", "lates"), timing: { backoffBaseMs: 50, backoffCapMs: 200 } });
    await sleep(300);
    expect(reflector.hasSynced()).toBe(false);
    const crd = structuredClone(widgetCrd);
    Object.assign(crd.metadata, { name: "lates.late.example" });
    Object.assign(crd.spec, { group: "late.example", names: { plural: "lates", singular: "late", kind: "Late" } });
    await client.create(crds, {}, crd);
    expect(await reflector.synced(20_000)).toBe(true);
  });

  test("holds thousands of objects that it was told in pages too", async () => {
    const namespace = await freshNamespace();
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => client.create(configMaps, { namespace }, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `c${index}` } })));
    const streamed = reflect({ resource: configMaps, namespace });
    expect(await streamed.synced(20_000)).toBe(true);
    expect(streamed.store.size).toBe(1_200);
    let page = await client.list(configMaps, { namespace }, { limit: 500, metadataOnly: true });
    let count = page.items.length;
    while (page.metadata?.continue !== undefined && page.metadata.continue !== "") {
      page = await client.list(configMaps, { namespace }, { limit: 500, metadataOnly: true, continue: page.metadata.continue });
      count += page.items.length;
    }
    expect(count).toBe(1_200);
  });
});

test("a lease is taken, renewed and handed over", async () => {
  const namespace = await freshNamespace();
  const elector = (identity: string): LeaderElector => {
    const made = new LeaderElector({ client, namespace, name: "leader", identity, leaseSeconds: 3, renewDeadlineMs: 2_000, retryMs: 300 });
    onTestFinished(() => made.stop());
    made.start();
    return made;
  };
  const a = elector("a");
  await until(() => a.stillLeading());
  const b = elector("b");
  const renewals = (): number => requests.filter(({ verb, resource }) => verb === "PUT" && resource === "leases").length;
  const before = renewals();
  await until(() => renewals() >= before + 8);
  expect([a.stillLeading(), b.stillLeading()]).toEqual([true, false]);
  await a.stop();
  await until(() => b.stillLeading());
  expect(JSON.parse(await plane.kubectl(["get", "lease", "leader", "-n", namespace, "-o", "json"])).spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1, leaseDurationSeconds: 3 });
});

test("events stand where kubectl shows them, repeated ones as a series", async () => {
  const namespace = await freshNamespace();
  const made = await client.create(widgets, { namespace }, widget(namespace, "a", 1));
  const recorder = new EventRecorder({ client, controller: "test.example/controller", instance: "pod-1" });
  const regarding = { apiVersion: "test.example/v1", kind: "Widget", name: "a", namespace, uid: made.metadata?.uid };
  for (let index = 0; index < 3; index += 1) {
    recorder.record({ regarding, type: "Warning", reason: "Refused", action: "Issue", note: "Not now" });
    await until(() => recorder.totals.sent === index + 1);
  }
  await recorder.stop(1_000);
  expect(recorder.totals.failed).toBe(0);
  const shown = JSON.parse(await plane.kubectl(["get", "events", "-n", namespace, "-o", "json"])) as { items: { reason: string; message: string; series: { count: number } }[] };
  expect(shown.items).toHaveLength(1);
  expect(shown.items[0]).toMatchObject({ reason: "Refused", message: "Not now", type: "Warning", series: { count: 3 } });
});
