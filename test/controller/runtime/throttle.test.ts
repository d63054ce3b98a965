// How many requests may be under way: what a 429 takes, what time gives back, and what never waits.
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { RestClient } from "../../../controller/runtime/index.ts";
import { Throttle } from "../../../controller/runtime/throttle.ts";
import { FakeApiserver, status } from "../../support/fake-apiserver.ts";
import { ManualClock } from "./manual-clock.ts";
import { until, widget, widgets } from "./scene.ts";

const enterAll = (throttle: Throttle, count: number): void => {
  for (let index = 0; index < count; index += 1) void throttle.enter(false);
};

describe("a 429", () => {
  test("halves what is under way, once for all requests of the same moment", () => {
    const clock = new ManualClock();
    const throttle = new Throttle(clock, 64);
    const sentAt = clock.monotonic();
    enterAll(throttle, 40);
    clock.advance(10);
    for (let refusal = 0; refusal < 5; refusal += 1) throttle.refused(sentAt);
    expect(throttle.limit).toBe(20);
    throttle.refused(clock.monotonic());
    expect(throttle.limit).toBe(10);
  });

  test("never takes the last place, and each second gives one back", () => {
    const clock = new ManualClock();
    const throttle = new Throttle(clock, 3);
    enterAll(throttle, 3);
    for (let refusal = 0; refusal < 5; refusal += 1) throttle.refused(clock.monotonic());
    expect(throttle.limit).toBe(1);
    clock.advance(999);
    expect(throttle.limit).toBe(1);
    clock.advance(1);
    expect(throttle.limit).toBe(2);
    clock.advance(60_000);
    expect(throttle.limit).toBe(3);
  });
});

test("who waits comes in when somebody leaves, when a second has passed, and at once when it is urgent", async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(clock, 2);
  enterAll(throttle, 2);
  throttle.refused(clock.monotonic());
  let entered = 0;
  void throttle.enter(false)?.then(() => (entered += 1));
  void throttle.enter(false)?.then(() => (entered += 1));
  expect(throttle.enter(true)).toBeUndefined();
  throttle.leave();
  throttle.leave();
  await Promise.resolve();
  expect(entered).toBe(0);
  throttle.leave();
  await Promise.resolve();
  expect(entered).toBe(1);
  clock.advance(1_000);
  await Promise.resolve();
  expect(entered).toBe(2);
});

test("property: nobody waits for ever, and never more are in than the limit allowed when they came", async () => {
  const step = fc.constantFrom("enter", "enter", "leave", "refuse", "second");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const clock = new ManualClock();
      const throttle = new Throttle(clock, 8);
      let inside = 0;
      let asked = 0;
      const come = (): void => {
        expect(inside).toBeLessThan(8);
        inside += 1;
      };
      for (const one of steps) {
        if (one === "enter") {
          asked += 1;
          const place = throttle.enter(false);
          if (place === undefined) come();
          else void place.then(come);
        } else if (one === "leave" && inside > 0) {
          inside -= 1;
          asked -= 1;
          throttle.leave();
        } else if (one === "refuse") throttle.refused(clock.monotonic());
        else clock.advance(1_000);
        await Promise.resolve();
        expect(inside + throttle.waiting).toBe(asked);
      }
      while (asked > 0) {
        clock.advance(1_000);
        await Promise.resolve();
        expect(inside).toBeGreaterThan(0);
        inside -= 1;
        asked -= 1;
        throttle.leave();
        await Promise.resolve();
      }
    }),
    { numRuns: 300 },
  );
});

test("an apiserver that says 429 is asked by fewer at once, and all of it is done in the end", async () => {
  const server = await FakeApiserver.start();
  const client = new RestClient({ credentials: server.credentials() });
  onTestFinished(() => client.close().then(() => server.stop()));
  let open = 0;
  let refusals = 0;
  server.intercept = () => {
    open += 1;
    if (open <= 20 || refusals >= 20) return undefined;
    refusals += 1;
    return { ...status(429, "TooManyRequests"), headers: { "retry-after": "1" } };
  };
  const all = Promise.all(Array.from({ length: 40 }, (_, index) => client.create(widgets, { namespace: "default" }, widget(`w${index}`))));
  await until(() => refusals >= 20);
  await until(() => client.limit < 96);
  await all;
  expect(server.collection("widgets").objects.size).toBe(40);
});
