// make sim: N histories from SEED on. The last line gives histories, steps and seconds.
import { END, LIFE } from "../../core/plan.ts";
import { Coverage } from "./coverage.ts";
import { live } from "./history.ts";

function parameter(name: string, fallback: number): number {
  const given = process.argv.find((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1) ?? process.env[name];
  const value = given === undefined || given === "" ? fallback : Number(given);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be a whole number, not ${given ?? ""}`);
  return value;
}

async function main(): Promise<number> {
  const count = parameter("N", 20_000);
  const first = parameter("SEED", 1);
  const coverage = new Coverage();
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(1);
  let steps = 0;
  for (let i = 0; i < count; i++) {
    const told = await live(first + i, coverage);
    steps += told.steps;
    if (told.breach) {
      const again = await live(first + i, new Coverage(), true);
      console.log(again.story.slice(-120).join("\n"));
      console.log(`${told.breach.law}: ${told.breach.text}`);
      console.log(`again: make sim N=1 SEED=${first + i}`);
      console.log(`${i + 1} histories, ${steps} steps, ${seconds()} seconds, broken: ${told.breach.law} (seed ${first + i})`);
      return 1;
    }
    if (count >= 5_000 && (i + 1) % 2_000 === 0) console.log(`${i + 1} of ${count} histories, ${steps} steps, ${seconds()} s`);
  }
  if (count > 100) {
    console.log(coverage.lines().join("\n"));
    const unmet = [...LIFE, ...END].map((check) => check.name).filter((check) => coverage.count("check", check) === 0);
    console.log(`checks never met: ${unmet.length === 0 ? "none" : unmet.join(", ")}`);
  }
  console.log(`${count} histories, ${steps} steps, ${seconds()} seconds, no law broken (seed ${first})`);
  return 0;
}

process.exitCode = await main();
