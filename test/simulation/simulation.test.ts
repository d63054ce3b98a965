// A slice of the simulation for the check command; make sim runs as many histories as one likes.
import { describe, expect, it } from "vitest";
import { Coverage } from "./coverage.ts";
import { live } from "./history.ts";
import { visit } from "./small-model.ts";

/** Long on a busy machine. */
const PATIENCE = 180_000;

describe("the engine in a bad world", { timeout: PATIENCE }, () => {
  it("breaks no law in 500 histories", async () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { breach } = await live(seed, new Coverage());
      expect(breach, `make sim N=1 SEED=${seed}`).toBeNull();
    }
  });

  it("lives the same history again from the same seed", async () => {
    const first = await live(42, new Coverage(), true);
    const second = await live(42, new Coverage(), true);
    expect(second.story).toEqual(first.story);
    expect(first.story.length).toBeGreaterThan(10);
  });
});

describe("the small model", { timeout: PATIENCE }, () => {
  it("breaks no law with one crash and one lost answer, wherever they come", async () => {
    const { breach, states } = await visit({ crashes: 1, lost: 1, changes: 0 });
    expect(breach).toBeNull();
    expect(states).toBeGreaterThan(5_000);
  });

  it("breaks no law with one outside change, whenever it comes", async () => {
    expect((await visit({ crashes: 0, lost: 0, changes: 1 })).breach).toBeNull();
  });
});
