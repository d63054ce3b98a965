// Where calls wait before they go out: so many at once, so many a second, and all of them more slowly after one
// was told that it is too much (halved like a TCP window, one more for every second that goes well).
import type { LifecycleError } from "../core/error.ts";

export interface Pass {
  /** What the limit had been set back to, how often, when this call went in. */
  readonly epoch: number;
}

export interface Limits {
  readonly maxInFlight: number;
  readonly requestsPerSecond: number | null;
  /** Milliseconds without trouble until one more may be in flight. */
  readonly recovery: number;
}

interface Waiter {
  readonly resolve: (pass: Pass) => void;
  readonly reject: (error: LifecycleError) => void;
}

/** How many milliseconds' worth of requests may go at once where a rate is set. */
const BURST = 100;

export class Gate {
  readonly #limits: Limits;
  readonly #waiting: Waiter[] = [];
  readonly #resting = new Map<NodeJS.Timeout, Waiter["reject"]>();
  #limit: number;
  #inside = 0;
  #epoch = 0;
  #calmSince = 0;
  #closedUntil = 0;
  #nextSlot = 0;
  #timer: NodeJS.Timeout | null = null;
  #ended: LifecycleError | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#limit = limits.maxInFlight;
  }

  /** How many may be in flight just now. */
  get limit(): number {
    return this.#limit;
  }

  enter(): Promise<Pass> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#admit();
    });
  }

  leave(): void {
    this.#inside -= 1;
    this.#admit();
  }

  /** Told to slow down: nobody goes in for `wait`, and then half as many. A burst that was refused together counts once. */
  slow(pass: Pass, wait: number): void {
    const now = performance.now();
    this.#closedUntil = Math.max(this.#closedUntil, now + wait);
    this.#calmSince = this.#closedUntil;
    if (pass.epoch !== this.#epoch) return;
    this.#epoch += 1;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }

  /** A call went well. */
  well(): void {
    if (this.#limit >= this.#limits.maxInFlight) return;
    const now = performance.now();
    if (now - this.#calmSince < this.#limits.recovery) return;
    this.#calmSince = now;
    this.#limit += 1;
  }

  /** A pause between two tries that ends early, with an error, when the gate closes for good. */
  rest(wait: number): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#resting.delete(timer);
        resolve();
      }, wait);
      this.#resting.set(timer, reject);
    });
  }

  /** Whoever waits, or comes later, gets `error`. */
  end(error: LifecycleError): void {
    this.#ended = error;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
    for (const [timer, reject] of this.#resting) {
      clearTimeout(timer);
      reject(error);
    }
    this.#resting.clear();
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#inside < this.#limit) {
      const now = performance.now();
      const opens = Math.max(this.#closedUntil, this.#nextSlot - this.#tolerance());
      if (opens > now) {
        this.#timer ??= setTimeout(() => {
          this.#timer = null;
          this.#admit();
        }, Math.ceil(opens - now));
        return;
      }
      const { requestsPerSecond } = this.#limits;
      if (requestsPerSecond !== null) this.#nextSlot = Math.max(this.#nextSlot, now) + 1_000 / requestsPerSecond;
      this.#inside += 1;
      this.#waiting.shift()?.resolve({ epoch: this.#epoch });
    }
  }

  #tolerance(): number {
    const { requestsPerSecond } = this.#limits;
    return requestsPerSecond === null ? 0 : Math.max(0, BURST - 1_000 / requestsPerSecond);
  }
}
