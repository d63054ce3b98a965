// make sim: N histories from SEED on, on all cores (WORKERS=1: on one). The outcome does not depend on how many.
// The last line gives histories, steps and seconds. A history that breaks a law is cut to a short story and told, and
// none comes after it. With ALL=1 the others are lived too, and those that break a law are told in a line each.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Coverage } from "./coverage.ts";
import { parameter } from "./parameters.ts";
import { shrink } from "./shrink.ts";
import { stretch, type Broken, type Stretch, type Task } from "./stretch.ts";

/** Seeds that are handed out at once. */
const CHUNK = 100;
/** From so many histories on, everything that the engine can do or say has to be met. */
const ENOUGH = 5_000;
const EVERY = 2_000;

interface Total {
  readonly coverage: Coverage;
  histories: number;
  steps: number;
  broken: readonly Broken[];
}

/** Hands out chunks of seeds, lowest first, until all are lived, or a law is broken in a lower one. */
class Ledger {
  readonly #first: number;
  readonly #end: number;
  readonly #all: boolean;
  readonly #done = new Map<number, Stretch>();
  readonly #tell: (histories: number) => void;
  #next: number;
  #lived = 0;
  #isOver = false;

  constructor({ first, count, all }: Task, tell: (histories: number) => void) {
    this.#first = this.#next = first;
    this.#end = first + count;
    this.#all = all;
    this.#tell = tell;
  }

  take(): Task | null {
    if (this.#next >= this.#end || this.#isOver) return null;
    const first = this.#next;
    const count = Math.min(CHUNK, this.#end - first);
    this.#next += count;
    return { first, count, all: this.#all };
  }

  put(first: number, done: Stretch): void {
    this.#isOver ||= done.broken.length > 0 && !this.#all;
    for (const { seed, breach } of this.#all ? done.broken : []) console.log(`${breach.law}: ${breach.text} (seed ${seed})`);
    this.#done.set(first, done);
    this.#lived += done.histories;
    this.#tell(this.#lived);
  }

  /** Everything, or everything up to the first broken law: the same whoever lived which chunk. */
  total(): Total {
    const total: Total = { coverage: new Coverage(), histories: 0, steps: 0, broken: [] };
    for (let first = this.#first; first < this.#end && (this.#all || total.broken.length === 0); first += CHUNK) {
      const done = this.#done.get(first);
      if (!done) break;
      total.histories += done.histories;
      total.steps += done.steps;
      total.broken = [...total.broken, ...done.broken];
      total.coverage.add(done.coverage);
    }
    return total;
  }
}

async function alone(ledger: Ledger): Promise<void> {
  for (let task = ledger.take(); task; task = ledger.take()) ledger.put(task.first, await stretch(task));
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

async function tell({ seed, breach }: Broken): Promise<void> {
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
  const all = parameter("ALL", 0) === 1;
  const ledger = new Ledger({ first, count, all }, (lived) => {
    if (brief || count < ENOUGH || lived - told < EVERY) return;
    told = lived;
    console.error(`${lived} of ${count} histories, ${seconds()} s`);
  });
  await (workers <= 1 ? alone(ledger) : Promise.all(Array.from({ length: workers }, () => hire(ledger))));
  const { coverage, histories, steps, broken } = ledger.total();
  const [worst] = broken;
  if (worst && all) {
    console.log(`${histories} histories, ${steps} steps, ${seconds()} seconds, a law broken in ${broken.length} (seed ${first})`);
    return 1;
  }
  if (worst) {
    if (!brief) await tell(worst);
    console.log(`${worst.breach.law}: ${worst.breach.text}`);
    console.log(`${histories} histories, ${steps} steps, ${seconds()} seconds, broken: ${worst.breach.law} (seed ${worst.seed})`);
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
