// A status is written only where it says something new.
import { expect, test } from "vitest";
import { conditions, isWorthWriting } from "../../../controller/status.ts";

const ready = (status: "True" | "False", lastTransitionTime: string): object => ({ type: "Ready", status, reason: "R", message: "m", observedGeneration: 1, lastTransitionTime });

test("the time of a condition changes only when its status flips", () => {
  const before = conditions([{ type: "Ready", status: "False", reason: "A", message: "a" }], [], { generation: 1, now: 0 });
  const same = conditions([{ type: "Ready", status: "False", reason: "B", message: "b" }], before, { generation: 2, now: 60_000 });
  expect(same[0]).toMatchObject({ reason: "B", observedGeneration: 2, lastTransitionTime: "1970-01-01T00:00:00Z" });
  const flipped = conditions([{ type: "Ready", status: "True", reason: "C", message: "c" }], same, { generation: 2, now: 120_000 });
  expect(flipped[0]?.lastTransitionTime).toBe("1970-01-01T00:02:00Z");
});

test("null and absent are the same, the order of keys does not matter, and a change does", () => {
  const stored = { conditions: [ready("True", "t")], observedGeneration: 1, user: "u" } as never;
  expect(isWorthWriting({ observedGeneration: 1, user: "u", conditions: [ready("True", "t")], token: null, retiring: null } as never, stored)).toBe(false);
  expect(isWorthWriting({ observedGeneration: 2, user: "u", conditions: [ready("True", "t")] } as never, stored)).toBe(true);
  expect(isWorthWriting(stored, null)).toBe(true);
});

test("a later use alone is written once a day", () => {
  const at = (lastUsedAt: string): never => ({ token: { id: 1, lastUsedAt } }) as never;
  expect(isWorthWriting(at("2026-01-01T23:00:00Z"), at("2026-01-01T00:00:00Z"))).toBe(false);
  expect(isWorthWriting(at("2026-01-02T00:00:00Z"), at("2026-01-01T00:00:00Z"))).toBe(true);
});
