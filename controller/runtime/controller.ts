// Runs workers over a queue. Decides what becomes of a key after its reconcile:
// done, planned again, retried or left alone. Must not know what a reconcile does.
import { ApiError, isConflict } from "./api-error.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { FairShare } from "./fair-share.ts";
import { errorFields, silentLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import type { WorkQueue } from "./workqueue.ts";

/** Keys whose reconcile needs no answer from anywhere are done in one turn of the event loop, but not more than so long. */
const longestTurnMs = 10;

/** Repeating would fail the same way: the key waits for a change of its object. */
export class TerminalError extends Error {
  override readonly name: string = "TerminalError";
}

export interface ReconcileResult {
  /** When to look again (epoch ms) though nothing has changed. */
  requeueAt?: number | undefined;
}

export interface ReconcileContext {
  /** Fires when the time to drain is over: what is under way should let go. */
  readonly signal: AbortSignal;
}

export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult | void>;

export type ReconcileOutcome = "success" | "requeue_after" | "conflict" | "error" | "terminal";

export interface ControllerObserver {
  reconciled(outcome: ReconcileOutcome, seconds: number): void;
}

export interface ControllerOptions {
  name: string;
  queue: WorkQueue;
  reconcile: Reconcile;
  /** Keys in work at a time. Default 32: polite to the apiserver, and more would only queue there. */
  concurrency?: number;
  /**
   * What else a key's reconcile waits for, such as an API outside: where that is slow, the keys of other lanes go on.
   * With lanes `concurrency` is of one lane, and at most twice as many are in work.
   */
  lane?: (key: string) => string | undefined;
  log?: Logger;
  clock?: Clock;
  observer?: ControllerObserver;
}

export class Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly concurrency: number;
  readonly #reconcile: Reconcile;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #lane: (key: string) => string | undefined;
  readonly #share: FairShare;
  readonly #abort = new AbortController();
  readonly #context: ReconcileContext = { signal: this.#abort.signal };
  #observer: ControllerObserver | undefined;
  #workers: Promise<void>[] = [];
  /** When the turn of the event loop that is now began to work on keys. */
  #turnBegan: number | undefined;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.queue = options.queue;
    this.concurrency = (options.concurrency ?? 32) * (options.lane === undefined ? 1 : 2);
    this.#lane = options.lane ?? (() => undefined);
    this.#share = new FairShare(this.concurrency);
    this.#reconcile = options.reconcile;
    this.#log = options.log ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#observer = options.observer;
  }

  /** Keys that wait for a worker, or for their lane. */
  get depth(): number {
    return this.queue.depth + this.#share.waiting;
  }

  observe(observer: ControllerObserver): void {
    this.#observer = observer;
  }

  start(): void {
    if (this.#workers.length > 0) return;
    this.#workers = Array.from({ length: this.concurrency }, () => this.#work());
  }

  /** Begins nothing more and waits for what is under way. False: the time was over first. */
  async stop(drainMs: number): Promise<boolean> {
    this.queue.shutDown();
    let drained = false;
    let cancel: () => void = () => undefined;
    const deadline = new Promise<void>((resolve) => (cancel = this.#clock.after(drainMs, resolve)));
    await Promise.race([Promise.all(this.#workers).then(() => (drained = true)), deadline]);
    cancel();
    this.#abort.abort();
    return drained;
  }

  async #work(): Promise<void> {
    for (let key = await this.queue.next(); key !== undefined; key = await this.queue.next()) {
      if (this.#turnIsLong()) await new Promise((resolve) => setImmediate(resolve));
      const lane = this.#lane(key);
      try {
        if (lane === undefined || this.#share.enter(lane, key)) await this.#process(key, lane);
      } finally {
        this.queue.done(key);
      }
    }
  }

  /** Whoever comes late in a long turn lets pings, renewals of the lease and health checks go first. */
  #turnIsLong(): boolean {
    const now = performance.now();
    if (this.#turnBegan === undefined) {
      this.#turnBegan = now;
      setImmediate(() => (this.#turnBegan = undefined));
    }
    return now - this.#turnBegan > longestTurnMs;
  }

  async #process(key: string, lane: string | undefined): Promise<void> {
    const started = performance.now();
    let outcome: ReconcileOutcome;
    try {
      const result = await this.#reconcile(key, this.#context);
      const requeueAt = result?.requeueAt;
      this.queue.forget(key);
      this.queue.schedule(key, requeueAt);
      outcome = requeueAt === undefined ? "success" : "requeue_after";
    } catch (error) {
      outcome = this.#fail(key, error);
    }
    if (lane !== undefined) for (const next of this.#share.leave(lane)) this.queue.add(next);
    this.#observer?.reconciled(outcome, (performance.now() - started) / 1000);
  }

  #fail(key: string, error: unknown): ReconcileOutcome {
    const fields = { controller: this.name, key, ...errorFields(error) };
    if (error instanceof TerminalError) {
      this.queue.forget(key);
      this.queue.schedule(key, undefined);
      this.#log.error(fields, "Reconcile failed, waiting for a change");
      return "terminal";
    }
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const retryMs = Math.round(this.queue.retry(key, asked));
    if (isConflict(error)) {
      // Somebody else wrote in between; that is no failure of ours, and the next pass sees what they wrote.
      this.#log.debug({ ...fields, retryMs }, "Reconcile met a newer version");
      return "conflict";
    }
    this.#log.error({ ...fields, failures: this.queue.failures(key), retryMs }, "Reconcile failed");
    return "error";
  }
}
