// What becomes of a key after its reconcile, how many run at once, and how it ends.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError, Controller, TerminalError, WorkQueue } from "../../../controller/runtime/index.ts";
import type { Logger, Reconcile, ReconcileOutcome } from "../../../controller/runtime/index.ts";
import { ManualClock } from "./manual-clock.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Some turns of the event loop: on a busy machine a worker leaves the one it is in. */
const settle = async (): Promise<void> => {
  for (let count = 0; count < 4; count += 1) await turn();
};

function start(reconcile: Reconcile, concurrency = 1, lane?: (key: string) => string) {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: () => 0 });
  const outcomes: ReconcileOutcome[] = [];
  const logged: string[] = [];
  const write = (level: string) => (fields: object, message: string) => void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log: Logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const controller = new Controller({ name: "test", queue, reconcile, concurrency, ...(lane === undefined ? {} : { lane }), clock, log, observer: { reconciled: (outcome) => outcomes.push(outcome) } });
  controller.start();
  return { clock, queue, controller, outcomes, logged };
}

const refusal = (status: number, reason: string, retryAfterMs?: number): ApiError =>
  new ApiError({ what: "PUT x", status, body: { reason }, retryAfterMs, sensitive: false });

describe("after", () => {
  test("success the key is planned for the time that the reconcile gave, or not at all", async () => {
    let at: number | undefined;
    const { clock, queue, outcomes } = start(async () => ({ requeueAt: at }));
    at = clock.now() + 60_000;
    queue.add("a");
    await settle();
    expect(queue.scheduledAt("a")).toBe(at);
    at = undefined;
    queue.add("a");
    await settle();
    expect(queue.scheduledAt("a")).toBeUndefined();
    expect(outcomes).toEqual(["requeue_after", "success"]);
  });

  test("an error the key comes back with growing delay until it succeeds", async () => {
    let failing = true;
    const { clock, queue, outcomes, logged } = start(async () => {
      if (failing) throw new Error("no");
    });
    queue.add("a");
    await settle();
    for (const wait of [250, 500]) {
      clock.advance(wait - 1);
      await settle();
      const before = outcomes.length;
      clock.advance(1);
      await settle();
      expect(outcomes.length).toBe(before + 1);
    }
    failing = false;
    clock.advance(1000);
    await settle();
    expect(outcomes).toEqual(["error", "error", "error", "success"]);
    expect(queue.failures("a")).toBe(0);
    expect(logged[0]).toContain('"key":"a"');
  });

  test("a terminal error the key waits for a change", async () => {
    const { clock, queue, outcomes } = start(async () => {
      throw new TerminalError("never");
    });
    queue.add("a");
    await settle();
    clock.advance(3_600_000);
    await settle();
    expect(outcomes).toEqual(["terminal"]);
  });

  test("a conflict it comes back soon, and nobody is alarmed", async () => {
    let first = true;
    const { clock, queue, outcomes, logged } = start(async () => {
      if (first) {
        first = false;
        throw refusal(409, "Conflict");
      }
    });
    queue.add("a");
    await settle();
    clock.advance(250);
    await settle();
    expect(outcomes).toEqual(["conflict", "success"]);
    expect(logged.every((entry) => entry.startsWith("debug"))).toBe(true);
  });

  test("a refusal with Retry-After it waits at least that long", async () => {
    const { clock, queue, outcomes } = start(async () => {
      throw refusal(429, "TooManyRequests", 7_000);
    });
    queue.add("a");
    await settle();
    clock.advance(6_999);
    await settle();
    expect(outcomes).toHaveLength(1);
    clock.advance(1);
    await settle();
    expect(outcomes).toHaveLength(2);
  });

  test.each<[string, Reconcile]>([
    ["a throw before the first await", () => { throw new Error("sync"); }],
    ["a thrown string", () => Promise.reject("text")],
    ["a thrown nothing", () => Promise.reject(undefined)],
    ["a date that is none", async () => ({ requeueAt: Number.NaN })],
  ])("%s the workers go on", async (_, reconcile) => {
    const { queue, outcomes } = start(reconcile);
    queue.add("a");
    queue.add("b");
    await settle();
    expect(outcomes).toEqual(["error", "error"]);
    expect(queue.processing).toBe(0);
  });
});

test("as many keys are in work at once as there are workers, and never one twice", async () => {
  const running = new Set<string>();
  let most = 0;
  const { queue, outcomes } = start(async (key) => {
    expect(running.has(key)).toBe(false);
    running.add(key);
    most = Math.max(most, running.size);
    await settle();
    running.delete(key);
  }, 3);
  for (let round = 0; round < 3; round += 1) for (let index = 0; index < 10; index += 1) queue.add(`k${index}`);
  while (outcomes.length < 10) await settle();
  expect(most).toBe(3);
});

test("keys that need no answer from anywhere do not hold up the event loop, however many there are", async () => {
  const busy = (milliseconds: number): void => {
    for (const until = performance.now() + milliseconds; performance.now() < until; );
  };
  const { queue, outcomes } = start(async () => busy(1), 4);
  for (let index = 0; index < 100; index += 1) queue.add(`k${index}`);
  let turns = 0;
  while (outcomes.length < 100) {
    await turn();
    turns += 1;
  }
  expect(turns).toBeGreaterThanOrEqual(6);
});

describe("with lanes", () => {
  test("keys of one that hangs leave room for all others, and lose nothing", async () => {
    const finish: (() => void)[] = [];
    const done: string[] = [];
    const lane = (key: string): string => key.slice(0, key.indexOf("/"));
    const { queue, controller } = start(async (key) => {
      if (lane(key).startsWith("slow")) await new Promise<void>((resolve) => finish.push(resolve));
      done.push(key);
    }, 4, lane);
    for (const slow of ["slow-1", "slow-2"]) for (let index = 0; index < 20; index += 1) queue.add(`${slow}/${index}`);
    await settle();
    // Of eight places half went to the first, and half of the rest to the second.
    expect([finish.length, controller.depth]).toEqual([6, 34]);
    for (let index = 0; index < 20; index += 1) queue.add(`quick/${index}`);
    while (done.length < 20) await settle();
    expect(done.every((key) => key.startsWith("quick/"))).toBe(true);
    while (done.length < 60) {
      for (const end of finish.splice(0)) end();
      await settle();
    }
    expect(new Set(done).size).toBe(60);
    expect(controller.depth).toBe(0);
  });

  test("property: whatever comes and ends in whatever order, each key is worked on after it was added, and no lane has all places", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.nat(5), fc.boolean()), { minLength: 1, maxLength: 80 }), async (steps) => {
        const under = new Map<string, () => void>();
        const begun = new Map<string, number>();
        const added = new Map<string, number>();
        let time = 0;
        const { queue, controller } = start((key) => {
          expect(under.has(key)).toBe(false);
          begun.set(key, (time += 1));
          return new Promise((resolve) => under.set(key, () => (under.delete(key), resolve())));
        }, 2, (key) => key.slice(0, 1));
        for (const [lane, index, ends] of steps) {
          queue.add(`${lane}${index}`);
          added.set(`${lane}${index}`, (time += 1));
          await turn();
          expect([...under.keys()].filter((key) => key.startsWith(lane)).length).toBeLessThan(4);
          if (ends) [...under.values()][0]?.();
        }
        do {
          for (const end of [...under.values()]) end();
          await settle();
        } while (under.size > 0 || controller.depth > 0);
        for (const [key, at] of added) expect(begun.get(key)).toBeGreaterThan(at);
      }),
      { numRuns: 60 },
    );
  });
});

describe("stop", () => {
  test("waits for what is under way and begins nothing more", async () => {
    let finish: () => void = () => undefined;
    const begun: string[] = [];
    const { queue, controller } = start((key) => {
      begun.push(key);
      return new Promise((resolve) => (finish = resolve));
    });
    queue.add("a");
    queue.add("b");
    await settle();
    const stopped = controller.stop(25_000);
    await settle();
    finish();
    expect(await stopped).toBe(true);
    expect(begun).toEqual(["a"]);
  });

  test("gives up after its time and tells the reconcile", async () => {
    let signal: AbortSignal | undefined;
    const { clock, queue, controller } = start((_, context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    });
    queue.add("a");
    await settle();
    const stopped = controller.stop(25_000);
    expect(signal?.aborted).toBe(false);
    clock.advance(25_000);
    expect(await stopped).toBe(false);
    expect(signal?.aborted).toBe(true);
  });
});
