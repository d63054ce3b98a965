// The gate on a clock that is moved by hand: who goes in when.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Gate } from "../../tokenapi/gate.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** When each of so many calls that come at once goes in, milliseconds from now. */
async function entries(gate: Gate, count: number, lasts = 0): Promise<number[]> {
  const begun = performance.now();
  const at: number[] = [];
  const calls = Array.from({ length: count }, async () => {
    await gate.enter();
    at.push(Math.round(performance.now() - begun));
    if (lasts > 0) await new Promise((resolve) => setTimeout(resolve, lasts));
    gate.leave();
  });
  await vi.runAllTimersAsync();
  await Promise.all(calls);
  return at;
}

it("lets requestsPerSecond in, a tenth of a second's worth of them at once, and no later than they may", async () => {
  const gate = new Gate({ maxInFlight: 32, requestsPerSecond: 50, recovery: 1_000 });
  expect(await entries(gate, 12)).toEqual([0, 0, 0, 0, 0, 20, 40, 60, 80, 100, 120, 140]);
  // What was not used is not saved up for longer than that.
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await entries(gate, 7)).toEqual([0, 0, 0, 0, 0, 20, 40]);
});

it("spaces out a rate that is slower than ten a second", async () => {
  expect(await entries(new Gate({ maxInFlight: 32, requestsPerSecond: 2, recovery: 1_000 }), 4)).toEqual([0, 500, 1_000, 1_500]);
});

it("counts those in flight too", async () => {
  expect(await entries(new Gate({ maxInFlight: 2, requestsPerSecond: null, recovery: 1_000 }), 5, 30)).toEqual([0, 0, 30, 30, 60]);
});
