// An operation that was cancelled, or whose time is over. Knows when it ends and what that means for who waits: what only
// looks is left at once, and nothing is begun any more. What changes something is never left: its answer may hold a token.
import { LifecycleError } from "../core/error.ts";

function stopped(signal: AbortSignal): LifecycleError {
  const why: unknown = signal.reason;
  return new LifecycleError("terminal", "STOPPED", `${why instanceof Error ? why.message : "The operation was cancelled."} What was done until now is kept; the next update goes on from there.`);
}

/** Before something is begun. */
export function goOn(signal: AbortSignal | null): void {
  if (signal?.aborted === true) throw stopped(signal);
}

/** How often it is asked again whether the work may be left. */
const ASK_AGAIN = 50;

/**
 * Waits for the work no longer than the operation lasts: then it is left as soon as it may be. What is left has to stop by
 * itself before it changes anything (goOn).
 */
export function whileRunning<T>(signal: AbortSignal | null, work: Promise<T>, mayLeave: () => boolean = () => true): Promise<T> {
  if (signal === null) return work;
  return new Promise((resolve, reject) => {
    let asking: NodeJS.Timeout | undefined;
    const leave = (): void => {
      if (mayLeave()) reject(stopped(signal));
      else asking ??= setInterval(leave, ASK_AGAIN);
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", leave);
      clearInterval(asking);
    });
  });
}
