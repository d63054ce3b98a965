// How far the API's clock is ahead of ours. Each answer measures it; between two answers our clock may jump, and the
// monotonic one shows by how much, so that no date is reached by a jump. Decides nothing about what a skew means.
import type { Clock } from "./clock.ts";

type Clocks = Pick<Clock, "now" | "monotonic">;

/** One measurement: milliseconds, and where our two clocks stood to each other when it was made. */
export interface Measured {
  readonly offset: number;
  readonly drift: number;
}

/** The two clocks are never read at the same moment, and the API's dates are cut to seconds: less than that is no jump. */
const GRAIN = 1_000;

const driftOf = ({ now, monotonic }: Clocks): number => now() - monotonic();

export const measuredNow = (offset: number, clocks: Clocks): Measured => ({ offset, drift: driftOf(clocks) });

export class ClockOffset {
  readonly #clocks: Clocks;
  #last: Measured;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#last = measuredNow(0, clocks);
  }

  /** From now on this one counts. */
  note(measured: Measured): void {
    this.#last = measured;
  }

  /** Milliseconds; what is added to our clock's time to get the API's. */
  get now(): number {
    const { offset, drift } = this.#last;
    const jump = Math.round(driftOf(this.#clocks) - drift);
    return Math.abs(jump) < GRAIN ? offset : offset - jump;
  }
}
