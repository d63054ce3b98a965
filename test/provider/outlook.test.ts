// What a preview says of tokens for which nothing is due: little, and what comes first.
import { expect, test } from "vitest";
import { DAY } from "../../core/duration.ts";
import { Outlook } from "../../provider/outlook.ts";

const AT = Date.UTC(2026, 5, 1);
const rotation = (at: number | null) => ({ type: "Rotate" as const, at, reason: "A third of its lifetime is left." });

test("the first one is told, and then only what comes a day sooner", () => {
  const outlook = new Outlook();
  expect(outlook.line("one", rotation(AT))).toBe("Nothing is due for one. Next: Rotate at 2026-06-01T00:00:00Z: a third of its lifetime is left.");
  expect(outlook.line("later", rotation(AT + DAY))).toBeNull();
  expect(outlook.line("hours sooner", rotation(AT - DAY + 1))).toBeNull();
  expect(outlook.line("a day sooner", rotation(AT - DAY))).toMatch(/^Nothing is due for a day sooner\. Next: Rotate at 2026-05-31T/);
});

test("where nothing comes by itself, nothing is said", () => {
  expect(new Outlook().line("never", { type: "None", at: null, reason: "It never expires." })).toBeNull();
  expect(new Outlook().line("unknown", rotation(null))).toBeNull();
});
