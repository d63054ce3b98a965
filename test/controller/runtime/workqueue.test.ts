// The queue's promises: nothing is lost, no key has two workers, everything comes at its time.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WorkQueue, priorities } from "../../../controller/runtime/index.ts";
import { ManualClock } from "./manual-clock.ts";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes everything that is ready, in order, without waiting. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.depth > 0) keys.push((await queue.next()) as string);
  return keys;
}

describe("order", () => {
  test("deletions before normal work before the initial list, each in the order of adding", async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    for (const key of ["i1", "i2"]) queue.add(key, priorities.initial);
    for (const key of ["n1", "n2"]) queue.add(key);
    for (const key of ["d1", "d2"]) queue.add(key, priorities.deletion);
    expect(await takeAll(queue)).toEqual(["d1", "d2", "n1", "n2", "i1", "i2"]);
  });

  test("an add with a higher priority moves a waiting key up, a lower one leaves it", async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    queue.add("a");
    queue.add("b", priorities.initial);
    queue.add("b", priorities.deletion);
    queue.add("b", priorities.initial);
    expect(await takeAll(queue)).toEqual(["b", "a"]);
    expect(queue.totals.adds).toBe(2);
  });

  test("a retry keeps the priority that its key was taken with", async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, random: () => 0 });
    queue.add("deleted", priorities.deletion);
    await queue.next();
    queue.retry("deleted");
    queue.done("deleted");
    queue.add("normal");
    clock.advance(250);
    expect(await takeAll(queue)).toEqual(["deleted", "normal"]);
  });
});

describe("delays", () => {
  test("the backoff doubles from 250 ms to five minutes and forget starts it over", () => {
    const queue = new WorkQueue({ clock: new ManualClock(), random: () => 0 });
    const delays = Array.from({ length: 14 }, () => queue.retry("a"));
    expect(delays.slice(0, 4)).toEqual([250, 500, 1000, 2000]);
    expect(delays.at(-1)).toBe(300_000);
    queue.forget("a");
    expect(queue.failures("a")).toBe(0);
    expect(queue.retry("a")).toBe(250);
    expect(queue.retry("a", 9_000)).toBe(9_000);
  });

  test("addAfter keeps the earliest, schedule replaces, and the two do not touch each other", async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    const start = clock.now();
    queue.addAfter("a", start + 5_000);
    queue.addAfter("a", start + 9_000);
    queue.schedule("b", start + 5_000);
    queue.schedule("b", start + 9_000);
    queue.schedule("a", undefined);
    clock.advance(5_000);
    expect(await takeAll(queue)).toEqual(["a"]);
    clock.advance(4_000);
    expect(await takeAll(queue)).toEqual(["b"]);
  });

  test("ten thousand planned keys cost one timer", () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    for (let index = 0; index < 10_000; index += 1) queue.schedule(`k${index}`, clock.now() + 10_000 - index);
    expect(clock.timers).toBe(1);
    clock.advance(10_000);
    expect(queue.depth).toBe(10_000);
    expect(clock.timers).toBe(0);
  });

  test("a wall clock that jumps ahead is noticed within a minute, and does not delay retries when it goes back", () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, random: () => 0 });
    queue.schedule("planned", clock.now() + 86_400_000);
    queue.retry("failed");
    clock.jump(-86_400_000);
    clock.advance(250);
    expect(queue.depth).toBe(1);
    clock.jump(3 * 86_400_000);
    clock.advance(60_000);
    expect(queue.depth).toBe(2);
  });

  test("a key that is taken has its retry behind it", async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, random: () => 0 });
    queue.retry("a");
    queue.add("a");
    await queue.next();
    clock.advance(10_000);
    queue.done("a");
    expect(queue.depth).toBe(0);
  });

  test("a date that is no date is refused", () => {
    expect(() => new WorkQueue({ clock: new ManualClock() }).schedule("a", Number.NaN)).toThrow(RangeError);
  });
});

describe("shutting down", () => {
  test("idle workers end, waiting keys are dropped, and drained waits for work under way", async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    queue.add("a");
    await queue.next();
    const idle = queue.next();
    queue.add("a");
    queue.schedule("b", clock.now() + 1000);
    queue.shutDown();
    expect(await idle).toBeUndefined();
    let drained = false;
    const drain = queue.drained().then(() => (drained = true));
    await settle();
    expect(drained).toBe(false);
    queue.done("a");
    await drain;
    queue.add("c");
    expect(queue.depth).toBe(0);
    expect(clock.timers).toBe(0);
    expect(await queue.next()).toBeUndefined();
  });
});

const key = fc.constantFrom("a", "b", "c", "d");
const step = fc.record({
  do: fc.constantFrom("add", "addAfter", "schedule", "unschedule", "retry", "forget", "take", "done", "pass"),
  key,
  priority: fc.constantFrom(-100, 0, 100),
  inMs: fc.integer({ min: -50, max: 5_000 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the queue owes: written naively, with no heap and no timer. */
class Model {
  readonly wakes = new Map<string, number>();
  readonly schedules = new Map<string, number>();
  readonly retries = new Map<string, number>();
  /** Keys that must still be handed out. */
  readonly owed = new Set<string>();
  readonly working: string[] = [];

  due(now: number): void {
    for (const times of [this.wakes, this.schedules, this.retries]) {
      for (const [name, at] of times) {
        if (at > now) continue;
        times.delete(name);
        this.owed.add(name);
      }
    }
  }
}

test("property: whatever is asked in whatever order, each key is handed out when owed, once at a time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new ManualClock();
      const queue = new WorkQueue({ clock, random: () => 0 });
      const model = new Model();
      const handlers: Record<Step["do"], (step: Step) => Promise<void> | void> = {
        add(step) {
          queue.add(step.key, step.priority);
          model.owed.add(step.key);
        },
        addAfter(step) {
          const at = clock.now() + step.inMs;
          queue.addAfter(step.key, at);
          model.wakes.set(step.key, Math.min(at, model.wakes.get(step.key) ?? Infinity));
        },
        schedule(step) {
          queue.schedule(step.key, clock.now() + step.inMs);
          model.schedules.set(step.key, clock.now() + step.inMs);
        },
        unschedule(step) {
          queue.schedule(step.key, undefined);
          model.schedules.delete(step.key);
        },
        retry(step) {
          model.retries.set(step.key, clock.now() + queue.retry(step.key));
        },
        forget(step) {
          queue.forget(step.key);
          model.retries.delete(step.key);
        },
        async take() {
          const ready = [...model.owed].filter((name) => !model.working.includes(name));
          expect(queue.depth).toBe(ready.length);
          if (ready.length === 0) return;
          const taken = (await queue.next()) as string;
          expect(ready).toContain(taken);
          model.owed.delete(taken);
          model.retries.delete(taken);
          model.working.push(taken);
        },
        done() {
          const finished = model.working.shift();
          if (finished !== undefined) queue.done(finished);
        },
        pass(step) {
          clock.advance(Math.abs(step.inMs));
        },
      };
      for (const one of steps) {
        await handlers[one.do](one);
        clock.advance(0);
        model.due(clock.now());
        expect(queue.processing).toBe(model.working.length);
        expect(queue.depth).toBe([...model.owed].filter((name) => !model.working.includes(name)).length);
        expect(clock.timers).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 300 },
  );
});

test("property: with workers that run at random, every add is followed by a run that began after it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4 }), async (adds, workers) => {
      const queue = new WorkQueue({ clock: new ManualClock() });
      const running = new Set<string>();
      const lastRun = new Map<string, number>();
      const lastAdd = new Map<string, number>();
      let tick = 0;
      const work = async (): Promise<void> => {
        for (let name = await queue.next(); name !== undefined; name = await queue.next()) {
          expect(running.has(name)).toBe(false);
          running.add(name);
          lastRun.set(name, (tick += 1));
          for (let turn = 0; turn < name.charCodeAt(0) % 3; turn += 1) await Promise.resolve();
          running.delete(name);
          queue.done(name);
        }
      };
      const all = Array.from({ length: workers }, work);
      for (const [name, pause] of adds) {
        lastAdd.set(name, (tick += 1));
        queue.add(name);
        for (let turn = 0; turn < pause; turn += 1) await Promise.resolve();
      }
      await settle();
      for (const [name, at] of lastAdd) expect(lastRun.get(name) ?? 0).toBeGreaterThan(at);
      queue.shutDown();
      await Promise.all(all);
    }),
    { numRuns: 200 },
  );
});

test("property: what it holds is bounded by the number of different keys, whatever is done with them how often", () => {
  const keys = ["a", "b", "c"];
  const act = fc.constantFrom("add", "addAfter", "schedule", "retry", "take");
  fc.assert(
    fc.property(fc.array(fc.tuple(act, fc.constantFrom(...keys), fc.integer({ min: -1_000, max: 1_000 })), { minLength: 200, maxLength: 1_000 }), (steps) => {
      const queue = new WorkQueue({ clock: new ManualClock(), random: () => 0 });
      // Each with a higher priority, an earlier date: the worst that can be asked.
      let rising = 0;
      for (const [name, key, number] of steps) {
        rising += 1;
        if (name === "add") queue.add(key, rising);
        else if (name === "addAfter") queue.addAfter(key, 10_000_000 - rising);
        else if (name === "schedule") queue.schedule(key, 10_000_000 + number);
        else if (name === "retry") queue.retry(key);
        else if (queue.depth > 0) void queue.next();
        // Per key two in each of ready and the three delays, one in work, dirty and failed; and what heaps keep before they tidy up.
        expect(queue.entries).toBeLessThanOrEqual(keys.length * 15 + 4 * 64);
      }
    }),
    { numRuns: 30 },
  );
});
