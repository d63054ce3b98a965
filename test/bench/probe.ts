// Loaded into the operator by a bench (node --import): says, when asked by SIGUSR2, how much of the heap is in use
// after a collection, and for how long the event loop was busy with one turn at most. Busy is CPU time of the main
// thread: on a machine that others use too, a turn may last longer because somebody else had the core.
import { writeFileSync } from "node:fs";

export interface Probed {
  /** MiB. */
  readonly heap: number;
  readonly external: number;
  readonly resident: number;
  /** Milliseconds of one turn of the event loop, at most: CPU and wall. */
  readonly busy: number;
  readonly wall: number;
}

const EVERY_MS = 5;
const MIB = 2 ** 20;
const file = process.env["PROBE_FILE"];

if (file !== undefined) {
  const thread = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let busy = 0;
  let wall = 0;
  let before = { at: performance.now(), cpu: thread() };
  // What is loaded before the program runs is its start, and no turn of its loop.
  setTimeout(() => {
    before = { at: performance.now(), cpu: thread() };
    setInterval(() => {
      const now = { at: performance.now(), cpu: thread() };
      busy = Math.max(busy, now.cpu - before.cpu);
      wall = Math.max(wall, now.at - before.at - EVERY_MS);
      before = now;
    }, EVERY_MS).unref();
  }, Number(process.env["PROBE_AFTER_MS"] ?? 0)).unref();
  process.on("SIGUSR2", () => {
    const seen = { busy, wall };
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const probed: Probed = { heap: heapUsed / MIB, external: external / MIB, resident: rss / MIB, ...seen };
    writeFileSync(file, JSON.stringify(probed));
    busy = 0;
    wall = 0;
    before = { at: performance.now(), cpu: thread() };
  });
}
