// A slice of `make chaos`: a few faults of each side, the audit after each, and consumers that are never refused.
import { join } from "node:path";
import { expect, test } from "vitest";
import { runChaos } from "../chaos/run.ts";

const SEED = 20261126;

test("an operator that is killed, a leader that is frozen past its lease, wires that are cut and go deaf, an API that lies, statuses that are wiped: no token is lost, none doubled, no consumer is refused", async () => {
  const outcome = await runChaos({
    seed: SEED,
    rounds: 2,
    only: ["kill", "freeze and wires and token API lying and status wiped"],
    kills: 2,
    objects: 4,
    consumers: 2,
    overlapSeconds: 6,
    program: [process.execPath, join(import.meta.dirname, "..", "..", "cli", "main.ts")],
  });
  expect(outcome.rounds.map(({ fault, books, refused }) => [fault, books.problem, refused]), outcome.logs).toEqual([
    ["kill", null, 0],
    ["freeze and wires and token API lying and status wiped", null, 0],
  ]);
  expect(outcome.kills).toBe(2);
  expect(outcome.counts.map(({ secret }) => secret).sort()).toEqual(["used-0", "used-1"]);
  for (const { good, refused } of outcome.counts) {
    expect(refused).toBe(0);
    expect(good).toBeGreaterThan(20);
  }
}, 600_000);
