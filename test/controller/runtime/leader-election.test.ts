// One leader at a time, whatever servers, clocks and processes do. Time passes when the test says so, and no step of it
// before all requests of the last one are answered.
import { describe, expect, onTestFinished, test } from "vitest";
import { LeaderElector, RestClient } from "../../../controller/runtime/index.ts";
import type { Clock, LeaderElectionOptions } from "../../../controller/runtime/index.ts";
import { microTime } from "../../../controller/runtime/micro-time.ts";
import { FakeApiserver, status } from "../../support/fake-apiserver.ts";
import { ManualClock } from "./manual-clock.ts";

interface Lease {
  spec: { holderIdentity: string; leaseDurationSeconds: number; acquireTime: string; renewTime: string; leaseTransitions: number };
}

interface Election {
  server: FakeApiserver;
  clock: ManualClock;
  join: (identity: string, over?: Partial<LeaderElectionOptions>) => LeaderElector;
  /** So many milliseconds pass. */
  pass: (ms: number) => Promise<void>;
  lease: () => Lease["spec"];
  log: string[];
}

const STEP_MS = 100;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The same client; `under` counts what it has not answered yet. */
function counted(client: RestClient, under: { way: number }): RestClient {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, given);
        if (!(answer instanceof Promise)) return answer;
        under.way += 1;
        return answer.finally(() => (under.way -= 1));
      };
    },
  });
}

async function election(): Promise<Election> {
  const server = await FakeApiserver.start();
  const clock = new ManualClock();
  const clients: RestClient[] = [];
  const electors: LeaderElector[] = [];
  const log: string[] = [];
  const under = { way: 0 };
  onTestFinished(async () => {
    await Promise.all(electors.map((elector) => elector.stop()));
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
  });
  const join = (identity: string, over: Partial<LeaderElectionOptions> = {}): LeaderElector => {
    const client = new RestClient({ credentials: server.credentials() });
    clients.push(client);
    const callbacks = { onStarted: () => void log.push(`${identity} leads`), onLost: () => void log.push(`${identity} lost`) };
    const elector = new LeaderElector({ client: counted(client, under), namespace: "n", name: "lease", identity, clock, ...callbacks, ...over });
    electors.push(elector);
    elector.start();
    return elector;
  };
  const settle = async (): Promise<void> => {
    // Some turns more, for what follows an answer.
    for (let quiet = 0; quiet < 4; quiet = under.way > 0 ? 0 : quiet + 1) await turn();
  };
  const pass = async (ms: number): Promise<void> => {
    await settle();
    for (let left = ms; left > 0; left -= STEP_MS) {
      clock.advance(Math.min(STEP_MS, left));
      await settle();
    }
  };
  const lease = () => (server.collection("leases").objects.get("n/lease") as unknown as Lease).spec;
  return { server, clock, join, pass, lease, log };
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
  const { server, join, pass, lease, log } = await election();
  const a = join("a");
  await pass(100);
  expect(a.stillLeading()).toBe(true);
  const b = join("b");
  const before = server.requests.length;
  await pass(60_000);
  expect([a.stillLeading(), b.stillLeading()]).toEqual([true, false]);
  expect(log).toEqual(["a leads"]);
  expect(lease()).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect(lease().renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const verbs = server.requests.slice(before).map((request) => request.verb);
  expect(verbs.filter((verb) => verb === "PUT")).toHaveLength(30);
  expect(verbs.every((verb) => verb === "PUT" || verb === "GET")).toBe(true);
});

test("a leader that stops hands over, and the next one need not wait for the lease to expire", async () => {
  const { server, join, pass, lease, log } = await election();
  const a = join("a");
  await pass(100);
  const b = join("b");
  await pass(1_000);
  await a.stop();
  expect(a.stillLeading()).toBe(false);
  // The longest pause between two looks.
  await pass(2_500);
  expect(b.stillLeading()).toBe(true);
  expect(log).toEqual(["a leads", "b leads"]);
  expect(lease()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  expect(server.collection("leases").objects.size).toBe(1);
});

describe("a leader", () => {
  test("that cannot renew stops leading at its deadline, before another one may begin", async () => {
    const { server, join, pass, log } = await election();
    const a = join("a");
    await pass(100);
    server.intercept = (request) => (request.verb === "PUT" && request.body.includes('"a"') ? status(500, "InternalError") : undefined);
    const b = join("b");
    await pass(9_000);
    expect([a.stillLeading(), b.stillLeading()]).toEqual([true, false]);
    await pass(1_000);
    expect([a.stillLeading(), b.stillLeading()]).toEqual([false, false]);
    await pass(4_000);
    expect(b.stillLeading()).toBe(false);
    await pass(4_000);
    expect(b.stillLeading()).toBe(true);
    expect(log).toEqual(["a leads", "a lost", "b leads"]);
  });

  test("whose lease was taken notices with its next renewal", async () => {
    const { server, join, pass, log } = await election();
    const a = join("a");
    await pass(100);
    const leases = server.collection("leases");
    const current = leases.objects.get("n/lease") as unknown as Lease;
    leases.put({ ...current, spec: { ...current.spec, holderIdentity: "usurper" } });
    await pass(2_000);
    expect(a.stillLeading()).toBe(false);
    expect(log).toEqual(["a leads", "a lost"]);
  });

  test("keeps leading when the answer to a renewal is lost, or the lease is touched by somebody", async () => {
    const { server, join, pass, log } = await election();
    const a = join("a");
    await pass(100);
    let renewals = 0;
    server.intercept = (request) => {
      if (request.verb !== "PUT" || (renewals += 1) > 1) return undefined;
      server.collection("leases").put({ ...(server.collection("leases").objects.get("n/lease") as object) });
      return "drop";
    };
    await pass(12_000);
    expect(renewals).toBeGreaterThan(1);
    expect(a.stillLeading()).toBe(true);
    expect(log).toEqual(["a leads"]);
  });

  test("that was frozen is no leader when it wakes, whatever its timers say", async () => {
    const { clock, join, pass } = await election();
    let frozenMs = 0;
    const a = join("a", { clock: like(clock, { monotonic: () => clock.monotonic() + frozenMs }) });
    await pass(100);
    expect(a.stillLeading()).toBe(true);
    frozenMs = 10_000;
    expect(a.stillLeading()).toBe(false);
  });
});

const like = (clock: ManualClock, other: Partial<Clock>): Clock => ({ now: () => clock.now(), monotonic: () => clock.monotonic(), after: (ms, run) => clock.after(ms, run), ...other });

test("a wall clock that is wrong does not matter: neither a lease from the future nor from the past is misjudged", async () => {
  for (const offset of [-3_600_000, 3_600_000]) {
    const { clock, join, pass } = await election();
    const a = join("a", { clock: like(clock, { now: () => clock.now() + offset }) });
    await pass(100);
    const b = join("b");
    await pass(40_000);
    expect([a.stillLeading(), b.stillLeading()]).toEqual([true, false]);
  }
});

test("of many that start together exactly one leads", async () => {
  const { join, pass, log } = await election();
  const all = ["a", "b", "c", "d", "e"].map((identity) => join(identity));
  await pass(5_000);
  expect(all.filter((elector) => elector.stillLeading())).toHaveLength(1);
  expect(log).toHaveLength(1);
});
