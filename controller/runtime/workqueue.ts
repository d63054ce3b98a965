// Which key is worked on next. Decides order, de-duplication, retries and wake-ups;
// must not know what a key stands for.
//
// A key is in at most one of two places: ready (it waits for a worker) or processing.
// Added while processing it becomes dirty, and ready again when its worker is done:
// nothing is lost, and no two workers ever hold the same key.
//
// Beside that a key may have three due times, all behind one timer:
//   retry    after a failure, per-key exponential; taken back as soon as a worker gets the key
//   wake     addAfter: keeps the earliest asked for; nothing but its own time ends it
//   schedule schedule: the key's one planned date, replaced by each call (the controller
//            calls it with every successful result)
import { backoffDelay } from "./backoff.ts";
import type { BackoffPolicy } from "./backoff.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { Delays } from "./delays.ts";
import { Heap } from "./heap.ts";

export const priorities = { deletion: 100, normal: 0, initial: -100 } as const;

export interface QueueObserver {
  /** A worker got a key that was ready for so long. */
  taken(waitedSeconds: number): void;
  /** A worker is done with a key after so long. */
  finished(workedSeconds: number): void;
}

export interface WorkQueueOptions {
  backoff?: Partial<BackoffPolicy>;
  clock?: Clock;
  random?: () => number;
  observer?: QueueObserver;
}

interface ReadyNode {
  key: string;
  priority: number;
  order: number;
  readyAt: number;
  live: boolean;
}

interface Work {
  priority: number;
  startedAt: number;
}

const defaultBackoff: BackoffPolicy = { baseMs: 250, factor: 2, capMs: 300_000, jitter: 0.2 };

/** The wall clock may jump: planned dates are looked at again at least this often. */
const longestNapMs = 60_000;

export class WorkQueue {
  /** For metrics: keys that became ready, and retries after failures, since the start. */
  readonly totals = { adds: 0, retries: 0 };
  readonly #backoff: BackoffPolicy;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ready = new Heap<ReadyNode>((a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order));
  readonly #readyNodes = new Map<string, ReadyNode>();
  readonly #processing = new Map<string, Work>();
  readonly #dirty = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #retries = new Delays();
  readonly #wakes = new Delays();
  readonly #schedules = new Delays();
  readonly #workers: ((key: string | undefined) => void)[] = [];
  readonly #drainWaiters: (() => void)[] = [];
  #observer: QueueObserver | undefined;
  #order = 0;
  #armedFor = Infinity;
  #disarm: (() => void) | undefined;
  #closed = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#backoff = { ...defaultBackoff, ...options.backoff };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#observer = options.observer;
  }

  observe(observer: QueueObserver): void {
    this.#observer = observer;
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#readyNodes.size;
  }

  /** What is held in memory, of whatever kind. Bounded by the number of different keys, however often they are added. */
  get entries(): number {
    const { size } = this.#ready;
    return size + this.#readyNodes.size + this.#processing.size + this.#dirty.size + this.#failures.size + this.#retries.entries + this.#wakes.entries + this.#schedules.entries;
  }

  get processing(): number {
    return this.#processing.size;
  }

  /** Seconds that each key in work has been so far. */
  *workingSeconds(): Generator<number> {
    const now = this.#clock.monotonic();
    for (const work of this.#processing.values()) yield (now - work.startedAt) / 1000;
  }

  add(key: string, priority: number = priorities.normal): void {
    if (this.#closed) return;
    if (this.#processing.has(key)) {
      if (!this.#dirty.has(key)) this.totals.adds += 1;
      this.#dirty.set(key, Math.max(priority, this.#dirty.get(key) ?? priority));
      return;
    }
    const current = this.#readyNodes.get(key);
    if (current !== undefined && current.priority >= priority) return;
    if (current === undefined) this.totals.adds += 1;
    else current.live = false;
    const now = this.#clock.monotonic();
    this.#makeReady({ key, priority, order: this.#order++, readyAt: current?.readyAt ?? now, live: true });
  }

  /** Adds the key at a time of the wall clock (epoch ms), or earlier if an earlier call asked for that. */
  addAfter(key: string, at: number, priority: number = priorities.normal): void {
    if (this.#closed) return;
    this.#wakes.setEarlier(key, at, priority);
    this.#arm();
  }

  /** Replaces the key's planned date (epoch ms); undefined takes it back. */
  schedule(key: string, at: number | undefined, priority: number = priorities.normal): void {
    if (this.#closed) return;
    if (at === undefined) {
      this.#schedules.delete(key);
      return;
    }
    this.#schedules.set(key, at, priority);
    this.#arm();
  }

  /** When the key will come back by `schedule`, if at all. */
  scheduledAt(key: string): number | undefined {
    return this.#schedules.at(key);
  }

  /** Adds the key after its backoff, at least `atLeastMs`, with the priority it was taken with. Returns the wait. */
  retry(key: string, atLeastMs = 0): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    const delayMs = Math.max(atLeastMs, backoffDelay(this.#backoff, failures, this.#random));
    if (this.#closed) return delayMs;
    this.#failures.set(key, failures);
    this.totals.retries += 1;
    this.#retries.set(key, this.#clock.monotonic() + delayMs, this.#processing.get(key)?.priority ?? priorities.normal);
    this.#arm();
    return delayMs;
  }

  /** The key is well: its failures are forgotten and a pending retry is taken back. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#retries.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key for a worker, which must call `done` with it; undefined once the queue is shut down. */
  next(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    for (let node = this.#ready.pop(); node !== undefined; node = this.#ready.pop()) {
      if (!node.live) continue;
      this.#take(node);
      return Promise.resolve(node.key);
    }
    return new Promise((resolve) => this.#workers.push(resolve));
  }

  done(key: string): void {
    const work = this.#processing.get(key);
    if (work === undefined) return;
    this.#processing.delete(key);
    const now = this.#clock.monotonic();
    this.#observer?.finished((now - work.startedAt) / 1000);
    const priority = this.#dirty.get(key);
    if (priority !== undefined) {
      this.#dirty.delete(key);
      if (!this.#closed) this.#makeReady({ key, priority, order: this.#order++, readyAt: now, live: true });
    }
    if (this.#processing.size === 0) for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  /** Takes nothing more and hands out nothing more. What waits is dropped: it belongs to whoever works next. */
  shutDown(): void {
    this.#closed = true;
    this.#disarm?.();
    this.#ready.clear();
    this.#readyNodes.clear();
    this.#dirty.clear();
    for (const delays of [this.#retries, this.#wakes, this.#schedules]) delays.clear();
    for (const resolve of this.#workers.splice(0)) resolve(undefined);
  }

  /** Resolves when no key is in work. */
  drained(): Promise<void> {
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  #makeReady(node: ReadyNode): void {
    const worker = this.#workers.shift();
    if (worker !== undefined) {
      this.#take(node);
      worker(node.key);
      return;
    }
    this.#readyNodes.set(node.key, node);
    this.#ready.push(node);
    // A key that was raised leaves its old place behind.
    if (this.#ready.size > 2 * this.#readyNodes.size + 64) this.#ready.filter((entry) => entry.live);
  }

  #take(node: ReadyNode): void {
    const now = this.#clock.monotonic();
    this.#readyNodes.delete(node.key);
    this.#retries.delete(node.key);
    this.#processing.set(node.key, { priority: node.priority, startedAt: now });
    this.#observer?.taken((now - node.readyAt) / 1000);
  }

  #arm(): void {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const dated = Math.min(this.#wakes.earliest() ?? Infinity, this.#schedules.earliest() ?? Infinity) - now;
    const waitMs = Math.min((this.#retries.earliest() ?? Infinity) - monotonic, dated === Infinity ? Infinity : Math.min(dated, longestNapMs));
    if (waitMs === Infinity) return;
    // A timer that is already early enough stays: it looks again when it fires.
    if (this.#disarm !== undefined && this.#armedFor <= monotonic + waitMs) return;
    this.#disarm?.();
    this.#armedFor = monotonic + waitMs;
    this.#disarm = this.#clock.after(Math.max(0, Math.ceil(waitMs)), () => this.#wake());
  }

  #wake(): void {
    this.#disarm = undefined;
    if (this.#closed) return;
    const now = this.#clock.now();
    const sources = [
      { delays: this.#retries, now: this.#clock.monotonic() },
      { delays: this.#wakes, now },
      { delays: this.#schedules, now },
    ];
    for (const source of sources) {
      for (let due = source.delays.popDue(source.now); due !== undefined; due = source.delays.popDue(source.now)) this.add(due.key, due.priority);
    }
    this.#arm();
  }
}
