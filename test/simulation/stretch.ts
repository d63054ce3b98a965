// A stretch of histories, one seed after another, until a law is broken.
import { Coverage, type Counts } from "./coverage.ts";
import { live } from "./history.ts";
import type { Breach } from "./world.ts";

export interface Stretch {
  readonly histories: number;
  readonly steps: number;
  readonly broken: { readonly seed: number; readonly breach: Breach } | null;
  readonly coverage: Counts;
}

export async function stretch(first: number, count: number): Promise<Stretch> {
  const coverage = new Coverage();
  let steps = 0;
  for (let i = 0; i < count; i++) {
    const told = await live(first + i, coverage);
    steps += told.steps;
    if (told.breach) return { histories: i + 1, steps, broken: { seed: first + i, breach: told.breach }, coverage: coverage.counts() };
  }
  return { histories: count, steps, broken: null, coverage: coverage.counts() };
}
