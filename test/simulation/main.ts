// make sim: N histories from SEED on, on all cores (WORKERS=1: on one). The outcome does not depend on how many.
// The last line gives histories, steps and seconds. A history that breaks a law is cut to a short story and told.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Coverage } from "./coverage.ts";
import type { Breach } from "./world.ts";
import { parameter } from "./parameters.ts";
import { shrink } from "./shrink.ts";
import { stretch, type Stretch } from "./stretch.ts";

/** Seeds that are handed out at once. */
const CHUNK = 100;
/** From so many histories on, everything that the engine can do or say has to be met. */
const ENOUGH = 5_000;
const EVERY = 2_000;

interface Total {
  readonly coverage: Coverage;
  histories: number;
  steps: number;
  broken: { readonly seed: number; readonly breach: Breach } | null;
}

/** Hands out chunks of seeds, lowest first, until all are lived or a law is broken in a lower one. */
class Ledger {
  readonly #first: number;
  readonly #end: number;
  readonly #done = new Map<number, Stretch>();
  readonly #tell: (histories: number) => void;
  #next: number;
  #lived = 0;

  constructor(first: number, count: number, tell: (histories: number) => void) {
    this.#first = this.#next = first;
    this.#end = first + count;
    this.#tell = tell;
  }

  take(): { readonly first: number; readonly count: number } | null {
    if (this.#next >= this.#end || [...this.#done.values()].some(({ broken }) => broken)) return null;
    const first = this.#next;
    const count = Math.min(CHUNK, this.#end - first);
    this.#next += count;
    return { first, count };
  }

  put(first: number, done: Stretch): void {
    this.#done.set(first, done);
    this.#lived += done.histories;
    this.#tell(this.#lived);
  }

  /** Everything up to the first broken law: the same whoever lived which chunk. */
  total(): Total {
    const total: Total = { coverage: new Coverage(), histories: 0, steps: 0, broken: null };
    for (let first = this.#first; first < this.#end && !total.broken; first += CHUNK) {
      const done = this.#done.get(first);
      if (!done) break;
      total.histories += done.histories;
      total.steps += done.steps;
      total.broken = done.broken;
      total.coverage.add(done.coverage);
    }
    return total;
  }
}

async function alone(ledger: Ledger): Promise<void> {
  for (let task = ledger.take(); task; task = ledger.take()) ledger.put(task.first, await stretch(task.first, task.count));
}

function hire(ledger: Ledger): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  return new Promise<void>((resolve, reject) => {
    let first = 0;
    const next = (): void => {
      const task = ledger.take();
      if (!task) return resolve();
      first = task.first;
      worker.postMessage(task);
    };
    worker.on("message", (done: Stretch) => {
      ledger.put(first, done);
      next();
    });
    worker.on("error", reject);
    next();
  }).finally(() => worker.terminate());
}

const isWorthTelling = (line: string): boolean => !line.includes(" rest: rest: ") && !line.endsWith("ends: Nothing is to be done.");

async function tell(seed: number, breach: Breach): Promise<void> {
  const { story, acts, mishaps } = await shrink(seed, breach.law);
  console.log(story.filter(isWorthTelling).slice(-120).join("\n"));
  console.log(`The story is cut to ${acts} acts and ${mishaps} mishaps.`);
  console.log(`again: make sim N=1 SEED=${seed}`);
}

async function main(): Promise<number> {
  const count = parameter("N", 20_000);
  const first = parameter("SEED", 1);
  const workers = Math.min(parameter("WORKERS", availableParallelism()), Math.ceil(count / CHUNK));
  const brief = process.argv.includes("--brief");
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(1);
  let told = 0;
  const ledger = new Ledger(first, count, (lived) => {
    if (brief || count < ENOUGH || lived - told < EVERY) return;
    told = lived;
    console.error(`${lived} of ${count} histories, ${seconds()} s`);
  });
  await (workers <= 1 ? alone(ledger) : Promise.all(Array.from({ length: workers }, () => hire(ledger))));
  const { coverage, histories, steps, broken } = ledger.total();
  if (broken) {
    if (!brief) await tell(broken.seed, broken.breach);
    console.log(`${broken.breach.law}: ${broken.breach.text}`);
    console.log(`${histories} histories, ${steps} steps, ${seconds()} seconds, broken: ${broken.breach.law} (seed ${broken.seed})`);
    return 1;
  }
  const unmet = coverage.unmet();
  if (!brief && count > CHUNK) console.log(coverage.lines().join("\n"));
  if (!brief && count >= ENOUGH && unmet.length > 0) {
    console.log(`${histories} histories, ${steps} steps, ${seconds()} seconds, never met: ${unmet.join(", ")} (seed ${first})`);
    return 1;
  }
  console.log(`${histories} histories, ${steps} steps, ${seconds()} seconds, no law broken (seed ${first})`);
  return 0;
}

process.exitCode = await main();
