// Exponential delays with jitter. Decides how long the next wait is; must not know
// what failed, nor wait itself.
import type { Clock } from "./clock.ts";

export interface BackoffPolicy {
  baseMs: number;
  factor: number;
  capMs: number;
  /** A share of the delay added at random: 1 spreads waits over one to two times the delay. */
  jitter: number;
}

/** The wait after `failures` failures in a row (1 = the first). */
export function backoffDelay(policy: BackoffPolicy, failures: number, random: () => number): number {
  // The exponent is bounded, so that a key that fails for months does not end at Infinity times zero.
  const exponent = Math.min(Math.max(0, failures - 1), 60);
  const delay = Math.min(policy.capMs, policy.baseMs * policy.factor ** exponent);
  return delay * (1 + policy.jitter * random());
}

/** One sequence of waits that starts over after `resetMs` without a failure. */
export class Backoff {
  readonly #policy: BackoffPolicy;
  readonly #resetMs: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #lastAt = -Infinity;

  constructor(policy: BackoffPolicy, resetMs: number, clock: Clock, random: () => number = Math.random) {
    this.#policy = policy;
    this.#resetMs = resetMs;
    this.#clock = clock;
    this.#random = random;
  }

  next(): number {
    const now = this.#clock.monotonic();
    if (now - this.#lastAt > this.#resetMs) this.#failures = 0;
    this.#failures += 1;
    const delay = backoffDelay(this.#policy, this.#failures, this.#random);
    // Health is counted from the end of the wait, not from the failure before it.
    this.#lastAt = now + delay;
    return delay;
  }

  reset(): void {
    this.#failures = 0;
  }
}
