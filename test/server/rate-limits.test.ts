// The buckets behind 429: their size, their refill, whom they belong to, and that strangers cannot fill the memory.
import { expect, it } from "vitest";
import { RateLimits, networkOf } from "../../server/http/rate-limits.ts";

const clock = { ms: 0 };
const limitsOf = (perSecond: number, burst: number): RateLimits => new RateLimits({ addressRate: { perSecond, burst } }, undefined, () => clock.ms);

function refusals(limits: RateLimits, address: string, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => {
    try {
      limits.admitAddress(address);
      return undefined;
    } catch (cause) {
      expect(cause).toMatchObject({ kind: "limited" });
      return (cause as { retryAfterSeconds: number }).retryAfterSeconds;
    }
  });
}

it("lets a burst through, says when to come back, and keeps its word", () => {
  const limits = limitsOf(2, 3);
  expect(refusals(limits, "10.0.0.1", 5)).toEqual([undefined, undefined, undefined, 1, 1]);
  clock.ms += 1_000;
  expect(refusals(limits, "10.0.0.1", 3)).toEqual([undefined, undefined, 1]);
  clock.ms += 3_600_000;
  expect(refusals(limits, "10.0.0.1", 4)).toEqual([undefined, undefined, undefined, 1]);
});

it("asks for patience in whole seconds where the rate is slow", () => {
  const limits = limitsOf(0.1, 1);
  expect(refusals(limits, "10.0.0.1", 2)).toEqual([undefined, 10]);
});

it("counts each address alone, and an IPv6 network as one", () => {
  const limits = limitsOf(1, 1);
  expect(refusals(limits, "10.0.0.1", 1)).toEqual([undefined]);
  expect(refusals(limits, "10.0.0.2", 1)).toEqual([undefined]);
  expect(refusals(limits, "2001:db8::1", 1)).toEqual([undefined]);
  expect(refusals(limits, "2001:db8::ffff:2", 1)).toEqual([1]);
  expect(refusals(limits, "2001:db8:0:1::1", 1)).toEqual([undefined]);
});

it("without a rate limits nothing", () => {
  const limits = new RateLimits({});
  for (let count = 0; count < 1_000; count += 1) limits.noteFailure("10.0.0.1");
});

it("forgets buckets rather than grow without end, those that are full again first", () => {
  const limits = limitsOf(1, 2);
  expect(refusals(limits, "busy", 3)).toEqual([undefined, undefined, 1]);
  for (let count = 0; count < 50_000; count += 1) refusals(limits, `10.${count}`, 1);
  clock.ms += 2_000;
  expect(refusals(limits, "busy", 3)).toEqual([undefined, undefined, 1]);
});

it.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["::1", "0:0:0:0"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:0db8:0001::", "2001:db8:1:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["unknown", "unknown"],
])("%s is of the network %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
