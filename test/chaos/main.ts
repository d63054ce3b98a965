// `make chaos N=14 SEED=1 KILLS=10`: rounds of faults, the audit after each, and with WRITE=1 the report docs/chaos.md.
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isFailed, runChaos, type Round } from "./run.ts";
import { writeReport } from "./report.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "14" },
    seed: { type: "string", default: "1" },
    kills: { type: "string", default: "10" },
    objects: { type: "string", default: "12" },
    consumers: { type: "string", default: "4" },
    only: { type: "string" },
  },
});
const number = (name: "rounds" | "seed" | "kills" | "objects" | "consumers"): number => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1, not ${JSON.stringify(values[name])}`);
  return value;
};

const said = ({ number: at, fault, did, books, refused, silent, seconds }: Round): void => {
  const outcome = books.seconds === null ? `NOT BALANCED: ${books.problem}` : `balanced after ${books.seconds.toFixed(1)} s`;
  const settled = books.settled.length === 0 ? "" : `, a second owner settled for ${books.settled.join(", ")}`;
  process.stdout.write(`${String(at).padStart(3)}  ${fault.padEnd(18)} ${did.padEnd(28)} ${outcome}: ${books.active} active, ${books.delivered} in Secrets${settled}, ${refused} refused${silent.length === 0 ? "" : `, NOTHING HEARD of the consumers of ${silent.join(", ")}`}, ${seconds.toFixed(0)} s\n`);
};

const options = { rounds: number("rounds"), seed: number("seed"), kills: number("kills"), objects: number("objects"), consumers: number("consumers") };
process.stdout.write(`chaos: seed ${options.seed}, ${options.rounds} rounds, ${cpus().length} cores\n`);
const outcome = await runChaos({
  ...options,
  program: [join(import.meta.dirname, "..", "..", "bin", "servicetokens")],
  ...(values.only === undefined ? {} : { only: values.only.split(",") }),
  said,
});
const failed = outcome.rounds.filter(isFailed);
for (const count of outcome.counts) process.stdout.write(`consumer of ${count.secret}: ${count.good} calls with ${count.tokens} tokens, ${count.refused} refused, ${count.unanswered} not answered\n`);
process.stdout.write(`${outcome.rounds.length} rounds, ${outcome.kills} kills, ${outcome.objects} objects, ${outcome.rotations} rotations asked for, ${outcome.issued} tokens issued, ${outcome.cleared} of them lost on the way and cleared, ${failed.length} failed\n`);
if (failed.length > 0) process.stdout.write(`${outcome.logs}\nRepeat it with SEED=${options.seed}\n`);
else if (process.env["WRITE"] === "1") writeReport({ ...options, only: values.only }, outcome);
process.exitCode = failed.length > 0 ? 1 : 0;
