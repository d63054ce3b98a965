// When a try is worth repeating, and after how long.
import type { Outcome } from "./exchange.ts";

export interface Timing {
  /** The first pause at most; the next doubles it. Milliseconds, as all here. */
  readonly base: number;
  readonly cap: number;
  readonly tries: number;
  /** A longer Retry-After is the caller's to wait for. */
  readonly longestRetryAfter: number;
  /** How long the calls have to go well until one more is let in at once. */
  readonly recovery: number;
}

export const usualTiming: Timing = { base: 200, cap: 5_000, tries: 4, longestRetryAfter: 30_000, recovery: 1_000 };

/** Full jitter: those who failed together do not come back together. */
export function backoff(attempt: number, timing: Timing): number {
  return Math.random() * Math.min(timing.cap, timing.base * 2 ** (attempt - 1));
}

/** Whether the other side said, or let us see, that we ask too much of it. */
export function throttled(outcome: Outcome): boolean {
  return outcome.is === "answer" && (outcome.status === 429 || outcome.status === 503);
}

/** What is not repeatable, a POST, goes out again only where it is certain that it was not worked on. */
export function worthRepeating(outcome: Outcome, repeatable: boolean): boolean {
  if (outcome.is === "broken") {
    // A certificate does not mend itself while we wait, and what was too large once is so again.
    if (outcome.why === "certificate" || outcome.why === "large") return false;
    return repeatable || !outcome.sent;
  }
  if (outcome.status === 429) return true;
  if (outcome.status === 503 && outcome.retryAfter !== null) return true;
  return repeatable && [502, 503, 504].includes(outcome.status);
}

/** The pause before the next try; null: no more of them. */
export function pause(outcome: Outcome, attempt: number, timing: Timing): number | null {
  if (attempt >= timing.tries) return null;
  const asked = outcome.is === "answer" ? outcome.retryAfter : null;
  if (asked === null) return backoff(attempt, timing);
  return asked > timing.longestRetryAfter ? null : asked + Math.random() * timing.base;
}
