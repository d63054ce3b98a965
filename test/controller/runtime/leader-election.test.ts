// One leader at a time, whatever servers, clocks and processes do. Leases are short
// here; the ratios are the real ones.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { LeaderElector, RestClient, systemClock } from "../../../controller/runtime/index.ts";
import type { LeaderElectionOptions } from "../../../controller/runtime/index.ts";
import { microTime } from "../../../controller/runtime/micro-time.ts";
import { FakeApiserver, status } from "../../support/fake-apiserver.ts";
import { until } from "./scene.ts";

interface Lease {
  spec: { holderIdentity: string; leaseDurationSeconds: number; acquireTime: string; renewTime: string; leaseTransitions: number };
}

async function election(): Promise<{ server: FakeApiserver; join: (identity: string, over?: Partial<LeaderElectionOptions>) => LeaderElector; lease: () => Lease["spec"]; log: string[] }> {
  const server = await FakeApiserver.start();
  const clients: RestClient[] = [];
  const electors: LeaderElector[] = [];
  const log: string[] = [];
  onTestFinished(async () => {
    await Promise.all(electors.map((elector) => elector.stop()));
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
  });
  const join = (identity: string, over: Partial<LeaderElectionOptions> = {}): LeaderElector => {
    const client = new RestClient({ credentials: server.credentials() });
    clients.push(client);
    const timing = { leaseSeconds: 0.6, renewDeadlineMs: 400, retryMs: 80 };
    const callbacks = { onStarted: () => void log.push(`${identity} leads`), onLost: () => void log.push(`${identity} lost`) };
    const elector = new LeaderElector({ client, namespace: "n", name: "lease", identity, ...timing, ...callbacks, ...over });
    electors.push(elector);
    elector.start();
    return elector;
  };
  const lease = () => (server.collection("leases").objects.get("n/lease") as unknown as Lease).spec;
  return { server, join, lease, log };
}

test("times have six fraction digits", () => {
  expect(microTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6))).toBe("2026-01-02T03:04:05.006000Z");
  expect(microTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6) + 0.25)).toBe("2026-01-02T03:04:05.006250Z");
});

test("settings that cannot be safe are refused", () => {
  const client = undefined as unknown as RestClient;
  const base = { client, namespace: "n", name: "l", identity: "a" };
  expect(() => new LeaderElector({ ...base, leaseSeconds: 10, renewDeadlineMs: 10_000 })).toThrow(RangeError);
  expect(() => new LeaderElector({ ...base, retryMs: 10_000 })).toThrow(RangeError);
});

test("the first one leads, renews by one PUT each time, and the second waits", async () => {
  const { server, join, lease, log } = await election();
  const a = join("a");
  await until(() => a.stillLeading());
  const b = join("b");
  const before = server.requests.length;
  await sleep(700);
  expect(a.stillLeading()).toBe(true);
  expect(b.stillLeading()).toBe(false);
  expect(log).toEqual(["a leads"]);
  expect(lease()).toMatchObject({ holderIdentity: "a", leaseTransitions: 0 });
  expect(lease().renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const verbs = server.requests.slice(before).map((request) => request.verb);
  expect(verbs.filter((verb) => verb === "PUT").length).toBeGreaterThan(4);
  expect(verbs.every((verb) => verb === "PUT" || verb === "GET")).toBe(true);
});

test("a leader that stops hands over at once", async () => {
  const { server, join, lease, log } = await election();
  const a = join("a");
  await until(() => a.stillLeading());
  const b = join("b");
  await sleep(100);
  const started = performance.now();
  await a.stop();
  expect(a.stillLeading()).toBe(false);
  await until(() => b.stillLeading());
  expect(performance.now() - started).toBeLessThan(400);
  expect(log).toEqual(["a leads", "b leads"]);
  expect(lease()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  expect(server.collection("leases").objects.size).toBe(1);
});

describe("a leader", () => {
  test("that cannot renew stops leading at its deadline, before another one may begin", async () => {
    const { server, join, log } = await election();
    const a = join("a");
    await until(() => a.stillLeading());
    const cutAt = performance.now();
    server.intercept = (request) => (request.verb === "PUT" && request.body.includes('"a"') ? status(500, "InternalError") : undefined);
    const b = join("b");
    await until(() => !a.stillLeading());
    expect(performance.now() - cutAt).toBeLessThan(500);
    expect(b.stillLeading()).toBe(false);
    await until(() => b.stillLeading());
    expect(log).toEqual(["a leads", "a lost", "b leads"]);
  });

  test("whose lease was taken notices with its next renewal", async () => {
    const { server, join, log } = await election();
    const a = join("a");
    await until(() => a.stillLeading());
    const leases = server.collection("leases");
    const current = leases.objects.get("n/lease") as unknown as Lease;
    leases.put({ ...current, spec: { ...current.spec, holderIdentity: "usurper" } });
    await until(() => log.length === 2);
    expect(log).toEqual(["a leads", "a lost"]);
  });

  test("keeps leading when the answer to a renewal is lost, or the lease is touched by somebody", async () => {
    const { server, join, log } = await election();
    const a = join("a", { renewDeadlineMs: 500 });
    await until(() => a.stillLeading());
    let lost = 0;
    server.intercept = (request) => {
      if (request.verb !== "PUT" || (lost += 1) > 1) return undefined;
      server.collection("leases").put({ ...(server.collection("leases").objects.get("n/lease") as object) });
      return "drop";
    };
    await sleep(600);
    expect(lost).toBeGreaterThan(1);
    expect(a.stillLeading()).toBe(true);
    expect(log).toEqual(["a leads"]);
  });

  test("that was frozen is no leader when it wakes, whatever its timers say", async () => {
    const { join } = await election();
    let frozenMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + frozenMs };
    const a = join("a", { clock });
    await until(() => a.stillLeading());
    frozenMs = 10_000;
    expect(a.stillLeading()).toBe(false);
  });
});

test("a wall clock that is wrong does not matter: neither a lease from the future nor from the past is misjudged", async () => {
  for (const offset of [-3_600_000, 3_600_000]) {
    const { join } = await election();
    const a = join("a", { clock: { ...systemClock, now: () => Date.now() + offset } });
    await until(() => a.stillLeading());
    const b = join("b");
    await sleep(900);
    expect([a.stillLeading(), b.stillLeading()]).toEqual([true, false]);
  }
});

test("of many that start together exactly one leads", async () => {
  const { join, log } = await election();
  const all = ["a", "b", "c", "d", "e"].map((identity) => join(identity));
  await until(() => all.some((elector) => elector.stillLeading()));
  await sleep(300);
  expect(all.filter((elector) => elector.stillLeading())).toHaveLength(1);
  expect(log).toHaveLength(1);
});
