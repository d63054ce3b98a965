import { describe, expect, it } from "vitest";
import { nextMatch, parseCron } from "../../core/cron.ts";
import { serviceTokenFields } from "../../core/schema.ts";

/** A wall clock. */
const wall = (text: string): number => Date.parse(`${text}Z`);
const show = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString().slice(0, 16));

function matches(text: string, from: string, count: number): (string | null)[] {
  const { cron, problem } = parseCron(text);
  if (!cron) throw new Error(problem);
  const found: (string | null)[] = [];
  let at: number | null = wall(from);
  for (let i = 0; i < count && at !== null; i++) {
    at = nextMatch(cron, at);
    found.push(show(at));
    if (at !== null) at += 60_000;
  }
  return found;
}

describe("the next match", () => {
  // 2026-01-01 is a Thursday.
  it.each<[string, string, string, string[]]>([
    ["every minute", "* * * * *", "2026-01-01T00:00:30", ["2026-01-01T00:01", "2026-01-01T00:02"]],
    ["the very minute counts", "0 2 * * *", "2026-01-01T02:00:00", ["2026-01-01T02:00", "2026-01-02T02:00"]],
    ["a second later it does not", "0 2 * * *", "2026-01-01T02:00:01", ["2026-01-02T02:00"]],
    ["working days", "0 2 * * 1-5", "2026-01-02T03:00", ["2026-01-05T02:00", "2026-01-06T02:00"]],
    ["names, in any case", "0 2 * jan-MAR Mon,FRI", "2026-03-27T00:00", ["2026-03-27T02:00", "2026-03-30T02:00", "2027-01-01T02:00"]],
    ["Sunday is 0", "0 0 * * 0", "2026-01-01T00:00", ["2026-01-04T00:00"]],
    ["and 7", "0 0 * * 7", "2026-01-01T00:00", ["2026-01-04T00:00"]],
    ["also at the end of a range", "0 0 * * 5-7", "2026-01-01T00:00", ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00", "2026-01-09T00:00"]],
    ["and by name", "0 0 * * FRI-SUN", "2026-01-03T12:00", ["2026-01-04T00:00", "2026-01-09T00:00"]],
    ["steps", "*/20 22-23 * * *", "2026-01-01T22:30", ["2026-01-01T22:40", "2026-01-01T23:00", "2026-01-01T23:20"]],
    ["steps in a range", "5-30/10 0 * * *", "2026-01-01T00:00", ["2026-01-01T00:05", "2026-01-01T00:15", "2026-01-01T00:25", "2026-01-02T00:05"]],
    ["lists, unsorted and twice", "30,0,30 4,1-2 * * *", "2026-01-01T02:10", ["2026-01-01T02:30", "2026-01-01T04:00", "2026-01-01T04:30"]],
    ["day of month or day of week, where both are named", "0 0 13 * 5", "2026-01-09T12:00", ["2026-01-13T00:00", "2026-01-16T00:00"]],
    ["both, where one begins with *", "0 0 */2 * 1", "2026-01-01T00:00", ["2026-01-05T00:00", "2026-01-19T00:00"]],
    ["a leap day", "0 0 29 2 *", "2026-01-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]],
    ["the last day of long months", "59 23 31 * *", "2026-02-01T00:00", ["2026-03-31T23:59", "2026-05-31T23:59"]],
    ["across the year", "0 12 1 1 *", "2026-01-01T12:01", ["2027-01-01T12:00"]],
    ["more space than needed", "  0  2\t* * *  ", "2026-01-01T00:00", ["2026-01-01T02:00"]],
  ])("%s: %s", (_, text, from, expected) => {
    expect(matches(text, from, expected.length)).toEqual(expected);
  });

  it("is none where five years hold none", () => {
    const { cron } = parseCron("0 0 29 2 *");
    expect(cron && nextMatch(cron, wall("2097-01-01T00:00"))).toBeNull();
  });
});

const rule = serviceTokenFields["rotation"]?.properties?.["windows"]?.items?.properties?.["cron"]?.["x-kubernetes-validations"]?.[0]?.rule ?? "";
const pattern = new RegExp((/r'\^\(\?i\)(.*)\$'/.exec(rule)?.[1] ?? "never").replace(/^/, "^").concat("$"), "i");

describe("what is no cron expression", () => {
  it.each<[string, string]>([
    ["", "there are 0"],
    ["0 2 * *", "there are 4"],
    ["0 0 2 * * *", "there are 6"],
    ["@daily", "there is 1"],
    ["60 2 * * *", 'minute: "60" is not 0-59'],
    ["-1 2 * * *", 'minute: "" is not 0-59'],
    ["0 24 * * *", 'hour: "24" is not 0-23'],
    ["0 2 0 * *", 'day of month: "0" is not 1-31'],
    ["0 2 * 13 *", 'month: "13" is not 1-12 or JAN-DEC'],
    ["0 2 * JANUARY *", 'month: "JANUARY" is not 1-12 or JAN-DEC'],
    ["0 2 * * 8", 'day of week: "8" is not 0-7 or SUN-SAT'],
    ["0 2 * * MOO", 'day of week: "MOO" is not 0-7 or SUN-SAT'],
    ["0 2.5 * * *", 'hour: "2.5" is not 0-23'],
    ["0 2 L * *", 'day of month: "L" is not 1-31'],
    ["0 2 * * 1#2", 'day of week: "1#2" is not 0-7 or SUN-SAT'],
    ["0 22-4 * * *", "hour: the range 22-4 runs backwards"],
    ["0 1-2-3 * * *", 'hour: "1-2-3" is not a range'],
    ["0 2, * * *", "hour: there is nothing before or after a comma"],
    ["*/0 2 * * *", 'minute: the step "0" is not 1-59'],
    ["*/x 2 * * *", 'minute: the step "x" is not 1-59'],
    ["*/60 2 * * *", 'minute: the step "60" is not 1-59'],
    ["*/2/2 2 * * *", 'minute: "*/2/2" has two steps'],
    ["5/10 2 * * *", "minute: a step follows * or a range: write 5-59/10"],
    ["0 0 30 2 *", "there may be no such day for more than 5 years"],
    ["0 0 31 4,6 *", "there may be no such day for more than 5 years"],
    ["0 0 29 2 */7", "there may be no such day for more than 5 years"],
  ])("%j", (text, problem) => {
    expect(parseCron(text)).toMatchObject({ cron: null, problem: expect.stringContaining(problem) as string });
  });

  it("is refused at admission only where the engine refuses it", () => {
    const numbers = ["*", "0", "1", "05", "7", "12", "23", "59", "60", "1-5", "5-1", "0-23/2", "*/15", "5/10", "1,3,5", "1,", "JAN", "sun", "FRI-SUN", "*/99"];
    for (let field = 0; field < 5; field++) {
      for (const value of numbers) {
        const text = [0, 1, 2, 3, 4].map((index) => (index === field ? value : "*")).join(" ");
        if (parseCron(text).cron) expect(text).toMatch(pattern);
      }
    }
    expect("61 * * * *").not.toMatch(pattern);
    expect("0 2 * *").not.toMatch(pattern);
  });
});
