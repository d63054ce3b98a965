// A stretch of histories, one seed after another, until a law is broken, or all of them whatever breaks.
import { Coverage, type Counts } from "./coverage.ts";
import { live } from "./history.ts";
import type { Breach } from "./world.ts";

export interface Broken {
  readonly seed: number;
  readonly breach: Breach;
}

export interface Stretch {
  readonly histories: number;
  readonly steps: number;
  readonly broken: readonly Broken[];
  readonly coverage: Counts;
}

/** Which seeds, and whether to go on after a broken law. */
export interface Task {
  readonly first: number;
  readonly count: number;
  readonly all: boolean;
}

export async function stretch({ first, count, all }: Task): Promise<Stretch> {
  const coverage = new Coverage();
  const broken: Broken[] = [];
  let steps = 0;
  for (let i = 0; i < count; i++) {
    const told = await live(first + i, coverage);
    steps += told.steps;
    if (told.breach) broken.push({ seed: first + i, breach: told.breach });
    if (told.breach && !all) return { histories: i + 1, steps, broken, coverage: coverage.counts() };
  }
  return { histories: count, steps, broken, coverage: coverage.counts() };
}
