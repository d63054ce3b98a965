// When an operation has to end: its own timeout, or the engine's Cancel. Which one runs at a moment is known from the
// context it was begun in, so that the session which all share asks the right one.
import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<AbortSignal>();
let cancelled = new AbortController();

/** The signal of the operation that runs here; null: none does. */
export const signalHere = (): AbortSignal | null => current.getStore() ?? null;

/** Runs one operation; `seconds`: 0 for as long as it takes. */
export function within<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  const ends = [cancelled.signal];
  if (seconds <= 0) return current.run(AbortSignal.any(ends), work);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error(`The operation's timeout of ${seconds} s is over.`)), seconds * 1_000);
  return current.run(AbortSignal.any([...ends, timeout.signal]), work).finally(() => clearTimeout(timer));
}

export function cancel(): void {
  cancelled.abort(new Error("The operation was cancelled."));
}

/** A provider that is attached to outlives an operation, and the engine cancels at the end of each. */
export function rearm(): void {
  cancelled = new AbortController();
}
