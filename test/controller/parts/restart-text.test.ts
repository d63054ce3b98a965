// Which restarts a workload's annotation stands for.
import { expect, it } from "vitest";
import { isRestartedFor, restartText } from "../../../controller/restart-text.ts";

const resource = "data/ingest";
const created = Date.UTC(2026, 0, 15, 10, 30);
const two = { revision: 2, created, resource };

it("is said so that people can read it", () => {
  expect(restartText(two)).toBe("revision 2 of data/ingest, issued 2026-01-15T10:30:00Z");
});

it.each([
  ["the very revision", two, true],
  ["a later one: whoever slept meanwhile turns nothing back", { ...two, revision: 3, created: created + 1_000 }, true],
  ["an earlier one", { ...two, revision: 1, created: created - 1_000 }, false],
  ["one of that number before everything was lost", { ...two, created: created - 1_000 }, false],
  ["a higher number of before everything was lost", { ...two, revision: 7, created: created - 1_000 }, false],
] as const)("%s", (_why, there, is) => {
  expect(isRestartedFor(restartText(there), two)).toBe(is);
});

it.each(["", "revision 3", "revision 3 of data/ingest", "revision 3 of data/ingest, issued soon"])("somebody's own words are none: %j", (text) => {
  expect(isRestartedFor(text, two)).toBe(false);
});
