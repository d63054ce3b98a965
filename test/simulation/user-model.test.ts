// A slice of the small model of a service user for the check command; make small-model visits all of it.
import { describe, expect, it } from "vitest";
import { BEGINNINGS, visitUsers } from "./user-model.ts";

describe.each(["Orphan", "Deactivate"] as const)("a service user with deletionPolicy %s", { timeout: 180_000 }, (policy) => {
  it.each(BEGINNINGS)("breaks nothing with one crash and one lost answer, or one outside change, from: %s", async (begins) => {
    expect((await visitUsers({ crashes: 1, lost: 1, changes: 0 }, begins, policy)).breach).toBeNull();
    const { histories, breach } = await visitUsers({ crashes: 0, lost: 1, changes: 1 }, begins, policy);
    expect(breach).toBeNull();
    expect(histories).toBeGreaterThan(20);
  });
});
