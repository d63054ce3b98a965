// What a failure of a watch or a list means: how long to wait, and whether the version that was reached is still worth
// resuming from. Must not know what is watched.
import { ApiError, isGone, isTooManyRequests, isTransient, isTransportError, isVersionTooLarge } from "./api-error.ts";
import type { Backoff } from "./backoff.ts";
import { HistoryLost } from "./history.ts";
import { WatchEnded } from "./watch-stream.ts";

/** A stream that cannot be read this often in a row will not be readable from that version on. */
const unreadableTries = 5;

export interface Judgement {
  /** gone: the version is not known any more; ended: nothing failed. */
  what: "gone" | "ended" | "failed";
  waitMs: number;
  /** A new snapshot is needed. */
  startOver: boolean;
}

export class FailureJudge {
  readonly #backoff: Backoff;
  #unreadable = 0;

  constructor(backoff: Backoff) {
    this.#backoff = backoff;
  }

  /** An event could be read. */
  well(): void {
    this.#unreadable = 0;
  }

  judge(error: unknown, isResuming: boolean): Judgement {
    if (isGone(error) || isVersionTooLarge(error) || error instanceof HistoryLost) {
      // One fresh snapshot at once; a server that goes on saying so has to wait.
      return { what: "gone", waitMs: isResuming ? 0 : this.#backoff.next(), startOver: true };
    }
    if (error instanceof WatchEnded) return { what: "ended", waitMs: this.#backoff.next(), startOver: false };
    const asked = isTooManyRequests(error) ? (error.retryAfterMs ?? 0) : 0;
    return { what: "failed", waitMs: Math.max(asked, this.#backoff.next()), startOver: this.#isRefusedForGood(error) };
  }

  /** Refused for what was asked, not for when: the next attempt must ask differently. */
  #isRefusedForGood(error: unknown): boolean {
    if (error instanceof ApiError) return !isTransient(error) && error.status !== 401 && error.status !== 403;
    if (isTransportError(error)) return false;
    this.#unreadable += 1;
    return this.#unreadable % unreadableTries === 0;
  }
}
