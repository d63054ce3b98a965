// Seconds as the API writes them, beside what the runtime writes.
import { expect, it } from "vitest";
import { stamp, stampOfSecond } from "../../server/rules/moment.ts";

const secondsOf = (...texts: string[]): number[] => texts.map((text) => Date.parse(text) / 1_000);

it("writes every second as the runtime does, whichever day was written before", () => {
  const near = secondsOf("1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "2024-02-29T09:08:07Z", "2026-01-15T10:30:00Z", "2026-03-01T00:00:59Z", "9999-12-31T23:59:59Z");
  const more = Array.from({ length: 5_000 }, (_, step) => step * 987_653);
  for (const second of [...near, ...more, ...near.toReversed()]) expect(stampOfSecond(second)).toBe(new Date(second * 1_000).toISOString().replace(".000", ""));
  expect(stamp(new Date("2026-01-15T10:30:00.999Z"))).toBe("2026-01-15T10:30:00Z");
});
