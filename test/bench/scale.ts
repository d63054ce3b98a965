// `make bench-scale N=10000`: what an object costs in memory, and whether the event loop is ever blocked while the
// operator starts where N of them are Ready and looks at each.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OPERATOR_FLAGS, startGround, type Ground, type RunningOperator } from "./ground.ts";
import { populate } from "./population.ts";
import type { Probed } from "./probe.ts";
import { show } from "./report.ts";

const N = Number(process.argv[2] ?? 10_000);
const SETTLE_MS = 8_000;
const flags = [...OPERATOR_FLAGS, "--expose-gc", `--import=${join(import.meta.dirname, "probe.ts")}`];

async function probe(ground: Ground, operator: RunningOperator): Promise<Probed> {
  const file = join(ground.folder, "probe");
  rmSync(file, { force: true });
  process.kill(operator.pid, "SIGUSR2");
  for (;;) {
    await sleep(100);
    try {
      return JSON.parse(readFileSync(file, "utf8")) as Probed;
    } catch {
      if (!operator.running()) throw new Error(operator.logTail());
    }
  }
}

/** The operator in a namespace, until it has looked at everything there. */
async function measure(ground: Ground, namespace: string): Promise<Probed> {
  const operator = await ground.operator(namespace, [], flags);
  await sleep(SETTLE_MS);
  const seen = await probe(ground, operator);
  await operator.stop();
  return seen;
}

const ground = await startGround();
process.env["PROBE_FILE"] = join(ground.folder, "probe");
try {
  await populate(ground, "few", 1);
  // Before the others are there: all share one token API, and its list is as long for one object as for all.
  const few = await measure(ground, "few");
  await populate(ground, "many", N);
  const many = await measure(ground, "many");
  const each = ((many.heap + many.external - few.heap - few.external) * 1_024) / (N - 1);
  const row = (what: string, seen: Probed): string[] => [what, seen.heap.toFixed(1), seen.external.toFixed(1), seen.resident.toFixed(0), seen.busy.toFixed(0), seen.wall.toFixed(0), seen.start.toFixed(0)];
  show({
    name: "bench-scale",
    title: `The operator started where ${N} objects are Ready; the floor is the operator with one`,
    head: ["run", "heap MiB", "external MiB", "RSS MiB", "longest turn, CPU ms", "wall ms", "of the start, CPU ms"],
    rows: [row("one object: the floor", few), row(`${N} objects`, many)],
    budgets: [
      { what: "memory an object", limit: "10 KiB", seen: `${each.toFixed(1)} KiB`, kept: each < 10 },
      { what: "event loop blocked (CPU of one turn)", limit: "50 ms", seen: `${many.busy.toFixed(0)} ms`, kept: many.busy <= 50 },
    ],
  });
} finally {
  await ground.close();
}
