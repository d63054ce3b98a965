import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duration, formatDuration, parseDuration } from "../../core/duration.ts";

describe("durations", () => {
  it.each([
    ["720h", 2_592_000_000],
    ["1h30m", 5_400_000],
    ["10s", 10_000],
    ["86385s", 86_385_000],
    ["0s", 0],
    ["1h1m1s", 3_661_000],
  ])("reads %s", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(["", "1", "1d", "h", "-1h", "1.5h", "1ms", "1h 1m", "1m1h", " 1h", "99999999999999999h", "1H"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeNull();
    expect(() => duration(text)).toThrow(RangeError);
  });

  it("prints what it reads", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });
});
