// Loaded into the operator by a bench (node --import): says, when asked by SIGUSR2, how much of the heap is in use
// after a collection, and for how long the event loop was busy with one turn at most. Busy is CPU time of the main
// thread: on a machine that others use too, a turn may last longer because somebody else had the core.
//
// Two figures: of the start, while modules are loaded and nobody is connected to anything, so that nobody waits for an
// answer, a ping or a lease; and from the first connection on, which is what a budget can be about.
import { writeFileSync } from "node:fs";

export interface Probed {
  /** MiB. */
  readonly heap: number;
  readonly external: number;
  readonly resident: number;
  /** Milliseconds of one turn of the event loop, at most, since the first connection: CPU and wall. */
  readonly busy: number;
  readonly wall: number;
  /** CPU milliseconds of one turn before that, at most. */
  readonly start: number;
}

const EVERY_MS = 5;
const MIB = 2 ** 20;
const file = process.env["PROBE_FILE"];

if (file !== undefined) {
  const thread = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let [busy, wall, start] = [0, 0, 0];
  let before = { at: performance.now(), cpu: thread() };
  const look = (): void => {
    const now = { at: performance.now(), cpu: thread() };
    busy = Math.max(busy, now.cpu - before.cpu);
    wall = Math.max(wall, now.at - before.at - EVERY_MS);
    before = now;
  };
  let connected = false;
  setInterval(() => {
    look();
    if (connected || !process.getActiveResourcesInfo().some((resource) => /^(TCP|TLS)/.test(resource))) return;
    // The turn that made the first connection, or began to listen, is the last one of the start.
    connected = true;
    start = busy;
    [busy, wall] = [0, 0];
  }, EVERY_MS).unref();
  process.on("SIGUSR2", () => {
    const seen = { busy, wall, start };
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const probed: Probed = { heap: heapUsed / MIB, external: external / MIB, resident: rss / MIB, ...seen };
    writeFileSync(file, JSON.stringify(probed));
    busy = 0;
    wall = 0;
    before = { at: performance.now(), cpu: thread() };
  });
}
