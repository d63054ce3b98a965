// `make bench-plan`: how long plan() takes for a resource with five revisions. Target: under 20 µs.
import { cpus, totalmem } from "node:os";
import { DAY, HOUR } from "../../core/duration.ts";
import type { Desired } from "../../core/desired.ts";
import type { Observed } from "../../core/observed.ts";
import { plan } from "../../core/plan.ts";
import { copy, desired, entry, NOW, observed, record, remote } from "../core/situations.ts";

const TARGET = 20;
const BATCH = 5_000;
const BATCHES = 41;

/** Three revoked and kept, one retiring, one current. */
const entries = [1, 2, 3, 4, 5].map((number) =>
  entry(number, { created: NOW - (30 - 5 * number) * DAY, ...(number < 4 ? { revoked: { at: NOW - DAY, why: "retired" as const, done: true } } : {}) }),
);
const list = entries.map(({ number, created, expires }) => remote(number, { created, expires, active: number >= 4, lastUsed: NOW - HOUR }));
const five = observed({ copy: copy({ record: record(entries) }), list });

const SITUATIONS: readonly { readonly name: string; readonly want: Desired; readonly seen: Observed }[] = [
  { name: "nothing to do", want: desired(), seen: five },
  { name: "a rotation that waits", want: desired({ rotate: "now" }), seen: five },
  { name: "retirement", want: desired({ retire: { when: "Deadline", minOverlap: HOUR, idleFor: 0, maxOverlap: 2 * HOUR } }), seen: { ...five } },
  { name: "a window ahead", want: desired({ windows: [{ cron: "0 2 * * 1-5", duration: 4 * HOUR, timeZone: "Europe/Zurich" }] }), seen: five },
  { name: "deletion", want: desired({ deleting: true }), seen: five },
];

let kept = 0;

/** Microseconds a call, of one batch. */
function batch(want: Desired, seen: Observed): number {
  const started = performance.now();
  for (let call = 0; call < BATCH; call++) kept += plan(want, seen, NOW).actions.length;
  return ((performance.now() - started) * 1_000) / BATCH;
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const [cpu] = cpus();
console.log(`${cpus().length} x ${cpu?.model.trim() ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}`);
console.log(`plan(), five revisions, µs a call: median and slowest of ${BATCHES} batches of ${BATCH.toLocaleString("en-US")} calls; target under ${TARGET} µs`);
for (const { name, want, seen } of SITUATIONS) {
  const { check } = plan(want, seen, NOW);
  for (let warm = 0; warm < 4; warm++) batch(want, seen);
  const figures = Array.from({ length: BATCHES }, () => batch(want, seen)).sort((a, b) => a - b);
  const median = at(figures, 0.5);
  if (median >= TARGET) process.exitCode = 1;
  console.log(`${name.padEnd(24)} ${check.padEnd(18)} ${median.toFixed(2).padStart(6)} ${at(figures, 1).toFixed(2).padStart(6)}  ${median < TARGET ? "met" : "MISSED"}`);
}
if (kept < 0) console.log(kept);
