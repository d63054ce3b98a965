// A clock that moves only when told. Both readings and all timers follow it.
import type { Clock } from "../../../controller/runtime/index.ts";

interface Timer {
  at: number;
  run: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  #monotonic = 1000;
  readonly #timers = new Set<Timer>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#monotonic + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** The wall clock alone jumps, as after a correction. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Fires each timer at its own time, then stands at the end. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#move(Math.max(next.at, this.#monotonic));
      next.run();
    }
    this.#move(end);
  }

  #move(to: number): void {
    this.#now += to - this.#monotonic;
    this.#monotonic = to;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }
}
