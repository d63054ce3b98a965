import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Window } from "../../core/desired.ts";
import { HOUR, MINUTE } from "../../core/duration.ts";
import { isOpen, nextOpening, windowProblems } from "../../core/windows.ts";

const at = (text: string): number => Date.parse(text);
const show = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString().replace(".000Z", "Z"));
const window = (cron: string, timeZone: string, duration = HOUR): Window => ({ cron, duration, timeZone });

describe("the next opening", () => {
  it.each<[string, Window, string, string | null]>([
    ["UTC", window("0 2 * * *", "UTC"), "2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"],
    ["at the opening it is open", window("0 2 * * *", "UTC"), "2026-01-01T02:00:00Z", "2026-01-01T02:00:00Z"],
    ["inside: now", window("0 2 * * *", "UTC"), "2026-01-01T02:59:59.999Z", "2026-01-01T02:59:59.999Z"],
    ["at the end it is closed", window("0 2 * * *", "UTC"), "2026-01-01T03:00:00Z", "2026-01-02T02:00:00Z"],
    ["over midnight", window("0 22 * * 5", "UTC", 8 * HOUR), "2026-01-03T05:00:00Z", "2026-01-03T05:00:00Z"],
    ["longer than its openings are apart", window("0 2 * * *", "UTC", 48 * HOUR), "2026-01-01T01:00:00Z", "2026-01-01T01:00:00Z"],
    ["however long", window("0 2 * * *", "UTC", 1e15), "2026-01-01T01:00:00Z", "2026-01-01T01:00:00Z"],
    // Europe/Zurich: 2026-03-29 02:00 -> 03:00, 2026-10-25 03:00 -> 02:00
    ["Zurich in winter", window("0 2 * * 1-5", "Europe/Zurich", 4 * HOUR), "2026-01-05T00:00:00Z", "2026-01-05T01:00:00Z"],
    ["Zurich in summer", window("0 2 * * 1-5", "Europe/Zurich", 4 * HOUR), "2026-07-06T05:00:00Z", "2026-07-07T00:00:00Z"],
    ["the weekday is that of the zone", window("0 0 * * 1", "Europe/Zurich"), "2026-01-04T12:00:00Z", "2026-01-04T23:00:00Z"],
    ["02:30 does not exist: at the jump", window("30 2 * * *", "Europe/Zurich"), "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"],
    ["02:00 neither", window("0 2 * * *", "Europe/Zurich"), "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"],
    ["03:00 is the jump", window("0 3 * * *", "Europe/Zurich"), "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"],
    ["asked at the jump: now", window("30 2 * * *", "Europe/Zurich", MINUTE), "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"],
    ["after it: tomorrow", window("30 2 * * *", "Europe/Zurich", MINUTE), "2026-03-29T01:01:00Z", "2026-03-30T00:30:00Z"],
    ["02:30 comes twice: the first", window("30 2 * * *", "Europe/Zurich", MINUTE), "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"],
    ["not the second", window("30 2 * * *", "Europe/Zurich", MINUTE), "2026-10-25T00:31:00Z", "2026-10-26T01:30:00Z"],
    ["not when it is due", window("30 2 * * *", "Europe/Zurich", MINUTE), "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"],
    ["03:00 after the second 02:59", window("0 3 * * *", "Europe/Zurich", MINUTE), "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"],
    ["a duration is no wall clock", window("0 1 * * *", "Europe/Zurich", 4 * HOUR), "2026-10-25T02:59:59Z", "2026-10-25T02:59:59Z"],
    ["four hours are four hours", window("0 1 * * *", "Europe/Zurich", 4 * HOUR), "2026-10-25T03:00:00Z", "2026-10-26T00:00:00Z"],
    // America/New_York: 2026-03-08 02:00 -> 03:00, 2026-11-01 02:00 -> 01:00
    ["New York jumps", window("15 2 * * *", "America/New_York", MINUTE), "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z"],
    ["New York repeats", window("15 1 * * *", "America/New_York", MINUTE), "2026-11-01T05:00:00Z", "2026-11-01T05:15:00Z"],
    ["once", window("15 1 * * *", "America/New_York", MINUTE), "2026-11-01T05:16:00Z", "2026-11-02T06:15:00Z"],
    // Australia/Lord_Howe: 2026-10-04 02:00 -> 02:30, 2026-04-05 02:00 -> 01:30
    ["Lord Howe jumps half an hour", window("10 2 * * *", "Australia/Lord_Howe", MINUTE), "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z"],
    ["and is itself behind it", window("40 2 * * *", "Australia/Lord_Howe", MINUTE), "2026-10-03T12:00:00Z", "2026-10-03T15:40:00Z"],
    ["Lord Howe repeats half an hour", window("45 1 * * *", "Australia/Lord_Howe", MINUTE), "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z"],
    ["once", window("45 1 * * *", "Australia/Lord_Howe", MINUTE), "2026-04-04T14:46:00Z", "2026-04-05T15:15:00Z"],
    // No changes, and half an hour off
    ["Kolkata", window("0 2 * * *", "Asia/Kolkata"), "2026-01-01T00:00:00Z", "2026-01-01T20:30:00Z"],
    ["Kathmandu", window("0 2 * * *", "Asia/Kathmandu"), "2026-01-01T00:00:00Z", "2026-01-01T20:15:00Z"],
    ["Kiritimati, fourteen hours ahead", window("0 2 * * *", "Pacific/Kiritimati"), "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"],
    ["a day that a zone left out begins at its end", window("0 12 30 12 *", "Pacific/Apia", MINUTE), "2011-12-29T12:00:00Z", "2011-12-30T10:00:00Z"],
    ["a leap day", window("0 2 29 2 *", "Europe/Zurich"), "2026-01-01T00:00:00Z", "2028-02-29T01:00:00Z"],
    ["a zone's name in any case", window("0 2 * * *", "europe/zurich"), "2026-01-05T00:00:00Z", "2026-01-05T01:00:00Z"],
    ["one that cannot be read never opens", window("0 2 * *", "UTC"), "2026-01-05T00:00:00Z", null],
    ["nor one of no time zone", window("0 2 * * *", "Europe/Zurch"), "2026-01-05T00:00:00Z", null],
    ["nor one without a duration", window("* * * * *", "UTC", 0), "2026-01-05T00:00:00Z", null],
  ])("%s", (_, one, from, expected) => {
    expect(show(nextOpening([one], at(from)))).toBe(show(expected === null ? null : at(expected)));
  });

  it("is the first of all windows, whichever can be read", () => {
    const windows = [window("bad", "UTC"), window("0 4 * * *", "UTC"), window("0 2 * * *", "UTC")];
    expect(show(nextOpening(windows, at("2026-01-01T00:00:00Z")))).toBe("2026-01-01T02:00:00Z");
    expect(show(nextOpening(windows, at("2026-01-01T03:00:00Z")))).toBe("2026-01-01T04:00:00Z");
    expect(nextOpening([], 0)).toBeNull();
  });

  it("bears any number", () => {
    for (const instant of [-1, 0, 1, Number.NaN, Number.POSITIVE_INFINITY, -8e15, 8.64e15, 1e300]) {
      expect(() => nextOpening([window("0 2 * * *", "Europe/Zurich")], instant)).not.toThrow();
    }
  });
});

describe("properties", () => {
  const zones = ["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "America/St_Johns", "Pacific/Apia"];
  const crons = ["0 2 * * 1-5", "30 2 * * *", "*/10 1-3 * * *", "15 1 1 * *", "0 0 29 2 *", "45 1 * 3,4,10,11 SUN", "0 12 13 * 5"];
  const some = fc.record({ cron: fc.constantFrom(...crons), timeZone: fc.constantFrom(...zones), duration: fc.constantFrom(1, MINUTE, 4 * HOUR, 30 * HOUR) });
  const instants = fc.oneof(
    fc.integer({ min: at("1990-01-01T00:00:00Z"), max: at("2060-01-01T00:00:00Z") }),
    // About the changes of the zones
    fc.tuple(fc.constantFrom("2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-10-03T15:30:00Z", "2026-04-04T15:00:00Z"), fc.integer({ min: -3 * HOUR, max: 3 * HOUR })).map(([text, off]) => at(text) + off),
  );

  it("the next opening is not past, and open, and nothing is open before it", () => {
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 3 }), instants, fc.double({ min: 0, max: 1, noNaN: true }), (windows, now, part) => {
        const opening = nextOpening(windows, now);
        if (opening === null) return false;
        const between = now + Math.floor((opening - now) * part);
        return opening >= now && isOpen(windows, opening) && (between === opening || !isOpen(windows, between)) && nextOpening(windows, between) === opening;
      }),
      { numRuns: 2_000 },
    );
  });

  it("opens every day of a year once, whatever the clocks do", () => {
    // Morocco's offset at the end of the year is another than at its beginning.
    for (const timeZone of zones.filter((zone) => zone !== "Africa/Casablanca")) {
      for (const cron of ["30 2 * * *", "45 1 * * *", "0 0 * * *", "59 23 * * *"]) {
        const one = [window(cron, timeZone, 1)];
        const end = at("2027-01-01T00:00:00Z");
        let count = 0;
        for (let opening = nextOpening(one, at("2026-01-01T00:00:00Z")); opening !== null && opening < end; opening = nextOpening(one, opening + 1)) count++;
        expect(`${timeZone} ${cron} ${count}`).toBe(`${timeZone} ${cron} 365`);
      }
    }
  });
});

describe("problems", () => {
  it.each<[Window, string[]]>([
    [window("0 2 * * 1-5", "Europe/Zurich"), []],
    [window("0 2 * * 1-5", "+01:00"), ["timeZone"]],
    [window("0 2 * * 1-5", ""), ["timeZone"]],
    [window("bad", "Bad/Zone", 0), ["cron", "timeZone", "duration"]],
    [window("0 0 30 2 *", "UTC"), ["cron"]],
  ])("%j", (one, fields) => {
    expect(windowProblems(one).map(({ field }) => field)).toEqual(fields);
  });
});
