// How many requests may be under way. Decides by what the server says: each 429 halves
// the number, each second without one gives a place back. Must not know requests.
//
// There is a connection for each that it lets in, so the waiting happens here, where what
// is urgent can go first.
import type { Clock } from "./clock.ts";

export const mostInFlight = 16;
const recoveryMs = 1_000;

export class Throttle {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  #floor: number;
  #halvedAt = -Infinity;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock, most = mostInFlight) {
    this.#clock = clock;
    this.#most = most;
    this.#floor = most;
  }

  /** How many may be under way just now. */
  get limit(): number {
    if (this.#floor === this.#most) return this.#most;
    const back = Math.floor((this.#clock.monotonic() - this.#halvedAt) / recoveryMs);
    if (this.#floor + back < this.#most) return this.#floor + back;
    this.#floor = this.#most;
    return this.#most;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Nothing to wait for where undefined comes back. What is urgent never waits. */
  enter(urgent: boolean): Promise<void> | undefined {
    if (urgent || (this.#waiting.length === 0 && this.#inFlight < this.limit)) {
      this.#inFlight += 1;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#arm();
    });
  }

  leave(): void {
    this.#inFlight -= 1;
    if (this.#waiting.length > 0) this.#admit();
  }

  /** A 429 for a request that was sent then. Those that were under way at the last halving are not news. */
  refused(sentAt: number): void {
    if (sentAt < this.#halvedAt) return;
    this.#floor = Math.max(1, Math.floor(Math.min(this.limit, this.#inFlight) / 2));
    this.#halvedAt = this.#clock.monotonic();
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.limit) {
      this.#inFlight += 1;
      this.#waiting.shift()?.();
    }
    this.#arm();
  }

  /** Places come back by time too, though nobody leaves. */
  #arm(): void {
    if (this.#disarm !== undefined || this.#waiting.length === 0 || this.#floor === this.#most) return;
    this.#disarm = this.#clock.after(recoveryMs, () => {
      this.#disarm = undefined;
      this.#admit();
    });
  }
}
