// Keeps a store equal to a collection on the apiserver, through every failure, for as
// long as it runs. Decides when to list, when to resume and how long to wait; must not
// know what the records are for.
//
//            +--------- version lost (410, refused, first start) --------+
//            v                                                           |
//   initial: a watch that begins with a consistent snapshot  ----->  resume: watch from
//   (WatchList), or pages of a list where there is no such           the last version
//                                                                        |  ^
//                                     end of stream, 429, 5xx, cut line  +--+   (after a
//                                     failure history.ts is asked before it resumes)
//
// Lists are asked for without a resourceVersion, which means consistent: a list from a
// lagging cache would let a controller act on the past.
import { ApiError, isGone, isTooManyRequests, isTransient, isTransportError, isVersionTooLarge } from "./api-error.ts";
import { Backoff } from "./backoff.ts";
import { sleep, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { History, HistoryLost } from "./history.ts";
import { errorFields, silentLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import { identify } from "./object.ts";
import type { KubeObject, Stored } from "./object.ts";
import type { Resource } from "./resource.ts";
import type { ListOptions, RestClient } from "./rest.ts";
import { Store } from "./store.ts";
import { WatchEnded, followWatch } from "./watch-stream.ts";
import type { WatchEvent, WatchRequest } from "./watch-stream.ts";

export interface ReflectorOptions<T extends Stored> {
  client: RestClient;
  resource: Resource;
  /** Without one: the whole cluster. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Only metadata crosses the wire and is parsed. */
  metadataOnly?: boolean;
  /** What is kept of an object. Called once for each version, before it is stored. */
  project: (object: KubeObject) => T;
  store?: Store<T>;
  log?: Logger;
  clock?: Clock;
  random?: () => number;
  timing?: Partial<ReflectorTiming>;
}

export interface ReflectorTiming {
  /** Each watch asks for a random length between the two. */
  shortestWatchSeconds: number;
  longestWatchSeconds: number;
  /** Where only the end of a watch shows that the server is still there (HTTP/1.1), it comes this soon. */
  unpingedWatchSeconds: number;
  /** The server's deadline plus this, and the watch is cut from this side. */
  graceMs: number;
  /** A streamed snapshot that stands still this long is not going to end. */
  progressMs: number;
  backoffBaseMs: number;
  backoffCapMs: number;
  pageSize: number;
}

const defaults: ReflectorTiming = {
  shortestWatchSeconds: 300,
  longestWatchSeconds: 600,
  unpingedWatchSeconds: 40,
  graceMs: 15_000,
  progressMs: 10_000,
  backoffBaseMs: 800,
  backoffCapMs: 30_000,
  pageSize: 500,
};

const snapshotEnd = "k8s.io/initial-events-end";
const shortestHealthyMs = 1000;
/** A streamed snapshot that fails this often in a row is asked for as pages instead. */
const snapshotTries = 3;
/** A stream that cannot be read this often in a row will not be readable from that version on. */
const unreadableTries = 5;

export class Reflector<T extends Stored> {
  readonly store: Store<T>;
  readonly #options: ReflectorOptions<T>;
  readonly #timing: ReflectorTiming;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  readonly #waiters = new Set<() => void>();
  #running: Promise<void> | undefined;
  #synced = false;
  /** Where a watch can resume; undefined: a snapshot is needed. */
  #resumeFrom: string | undefined;
  /** never: this server cannot; later: it failed, and pages are used for one snapshot. */
  #streaming: "yes" | "later" | "never" = "yes";
  #snapshotFailures = 0;
  #unreadable = 0;
  readonly #history = new History();
  /** Something failed since the last answer: the server may not be the one it was. */
  #doubtful = false;
  /** The next snapshot is of another history: equal versions mean nothing. */
  #otherHistory = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#timing = { ...defaults, ...options.timing };
    this.#log = options.log ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.store = options.store ?? new Store<T>({}, this.#log);
    const policy = { baseMs: this.#timing.backoffBaseMs, factor: 2, capMs: this.#timing.backoffCapMs, jitter: 1 };
    this.#backoff = new Backoff(policy, 120_000, this.#clock, this.#random);
  }

  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= this.#run();
  }

  /** Ends the watch; the store keeps what it has. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#wake();
  }

  hasSynced(): boolean {
    return this.#synced;
  }

  /** True once the first complete snapshot is in the store, false when the time is over or the reflector was stopped. */
  async synced(timeoutMs: number): Promise<boolean> {
    if (this.#synced || this.#stop.signal.aborted) return this.#synced;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        cancel();
        this.#waiters.delete(finish);
        resolve();
      };
      const cancel = this.#clock.after(timeoutMs, finish);
      this.#waiters.add(finish);
    });
    return this.#synced;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#cycle();
      } catch (error) {
        if (signal.aborted) return;
        this.#doubtful = true;
        const delayMs = this.#judge(error);
        if (delayMs > 0) await sleep(this.#clock, delayMs, signal);
      }
    }
  }

  async #cycle(): Promise<void> {
    if (this.#resumeFrom === undefined && this.#streaming === "yes") return this.#watchFromSnapshot();
    if (this.#resumeFrom === undefined) await this.#listPages();
    else if (this.#doubtful) await this.#checkHistory(this.#resumeFrom);
    this.#doubtful = false;
    const started = this.#clock.monotonic();
    let events = 0;
    await this.#follow({ resourceVersion: this.#resumeFrom }, (event) => {
      events += 1;
      this.#apply(event);
    });
    if (events === 0 && this.#clock.monotonic() - started < shortestHealthyMs) throw new Error("a watch that ended at once, without an event");
  }

  /** How long to wait, and whether the version is still worth resuming from. */
  #judge(error: unknown): number {
    const { plural } = this.#options.resource;
    if (isGone(error) || isVersionTooLarge(error) || error instanceof HistoryLost) {
      const resumed = this.#resumeFrom !== undefined;
      this.#resumeFrom = undefined;
      this.#log.info({ resource: plural, ...errorFields(error) }, "Watched version is gone, listing again");
      // One fresh snapshot at once; a server that goes on saying so has to wait.
      return resumed ? 0 : this.#backoff.next();
    }
    if (error instanceof WatchEnded) {
      this.#log.debug({ resource: plural, ...errorFields(error) }, "Watch ended");
      return this.#backoff.next();
    }
    this.#log.warn({ resource: plural, ...errorFields(error) }, "Watch failed");
    // Refused for what was asked, not for when: the next attempt must ask differently.
    if (this.#refusedForGood(error)) this.#resumeFrom = undefined;
    const asked = isTooManyRequests(error) ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, this.#backoff.next());
  }

  #refusedForGood(error: unknown): boolean {
    if (error instanceof ApiError) return !isTransient(error) && error.status !== 401 && error.status !== 403;
    if (isTransportError(error)) return false;
    this.#unreadable += 1;
    return this.#unreadable % unreadableTries === 0;
  }

  async #checkHistory(reached: string): Promise<void> {
    const { client, resource, namespace } = this.#options;
    if (await this.#history.stands({ client, resource, namespace, reached, signal: this.#stop.signal })) return;
    this.#otherHistory = true;
    throw new HistoryLost("the server does not know the last change any more: it may have been restored from a backup");
  }

  async #watchFromSnapshot(): Promise<void> {
    const records = new Map<string, T>();
    let complete = false;
    const progress = { withinMs: this.#timing.progressMs, complete: () => complete };
    const onEvent = (event: WatchEvent): void => {
      if (complete) this.#apply(event);
      else complete = this.#collect(event, records);
    };
    try {
      await this.#follow({ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }, onEvent, progress);
      if (!complete) throw new WatchEnded("the snapshot was cut");
    } catch (error) {
      if (complete || !this.#cannotStream(error)) throw error;
    }
  }

  /** True: turn to pages at once, since the server refuses the parameter or ignores it. */
  #cannotStream(error: unknown): boolean {
    if (this.#stop.signal.aborted) return false;
    const refused = error instanceof ApiError && (error.status === 400 || error.status === 422);
    const ignored = error instanceof WatchEnded && error.message === "no progress";
    this.#snapshotFailures += 1;
    if (refused || ignored) this.#streaming = "never";
    else if (this.#snapshotFailures >= snapshotTries) this.#streaming = "later";
    if (this.#streaming !== "yes") this.#log.info({ resource: this.#options.resource.plural, ...errorFields(error) }, "Streamed snapshot failed, listing in pages");
    return refused || ignored;
  }

  /** One event of a streamed snapshot; true for the one that completes it. */
  #collect(event: WatchEvent, records: Map<string, T>): boolean {
    if (event.type !== "BOOKMARK") {
      const record = this.#project(event.object);
      if (record !== undefined && event.type === "DELETED") records.delete(record.key);
      else if (record !== undefined) records.set(record.key, record);
      return false;
    }
    const version = event.object.metadata?.resourceVersion;
    if (version === undefined || event.object.metadata?.annotations?.[snapshotEnd] !== "true") return false;
    this.#replace(records, version);
    return true;
  }

  async #listPages(): Promise<void> {
    const { client, resource, namespace } = this.#options;
    const records = new Map<string, T>();
    let version: string | undefined;
    let next: string | undefined;
    do {
      const options: ListOptions = { ...this.#selection(), limit: this.#timing.pageSize, continue: next, signal: this.#stop.signal };
      const page = await client.list(resource, { namespace }, options);
      for (const item of page.items) {
        const record = this.#project(item);
        if (record !== undefined) records.set(record.key, record);
      }
      version = page.metadata?.resourceVersion ?? version;
      next = page.metadata?.continue;
    } while (next !== undefined && next !== "");
    if (version === undefined) throw new Error(`the list of ${resource.plural} has no resourceVersion`);
    if (this.#streaming === "later") this.#streaming = "yes";
    this.#replace(records, version);
  }

  #replace(records: ReadonlyMap<string, T>, version: string): void {
    this.store.replace(records, version, this.#otherHistory);
    this.#otherHistory = false;
    this.#doubtful = false;
    this.#history.begin(records.values());
    this.#resumeFrom = version;
    this.#snapshotFailures = 0;
    if (this.#synced) return;
    this.#synced = true;
    this.#wake();
  }

  #apply(event: WatchEvent): void {
    const version = event.object.metadata?.resourceVersion;
    if (event.type === "BOOKMARK") {
      if (version !== undefined) this.store.advance(version);
    } else if (event.type === "DELETED") {
      const { key, resourceVersion } = identify(event.object);
      this.store.remove(key, resourceVersion);
      this.#history.note(key, resourceVersion, true);
    } else {
      const record = this.#project(event.object);
      if (record !== undefined) {
        this.store.put(record);
        this.#history.note(record.key, record.resourceVersion, false);
      }
    }
    if (version !== undefined) this.#resumeFrom = version;
    this.#unreadable = 0;
  }

  #project(object: KubeObject): T | undefined {
    try {
      return this.#options.project(object);
    } catch (error) {
      // One object that the projection cannot read must not hide all others.
      this.#log.error({ resource: this.#options.resource.plural, name: object.metadata?.name, ...errorFields(error) }, "Object could not be read");
      return undefined;
    }
  }

  #follow(query: ListOptions & { sendInitialEvents?: boolean }, onEvent: (event: WatchEvent) => void, progress?: WatchRequest["progress"]): Promise<void> {
    const { client, resource, namespace } = this.#options;
    const { shortestWatchSeconds, longestWatchSeconds, unpingedWatchSeconds, graceMs } = this.#timing;
    const asked = Math.round(shortestWatchSeconds + this.#random() * (longestWatchSeconds - shortestWatchSeconds));
    const timeoutSeconds = client.watchesArePinged ? asked : Math.min(asked, unpingedWatchSeconds);
    const options = { ...this.#selection(), ...query, allowWatchBookmarks: true, timeoutSeconds };
    const request = { client, resource, scope: { namespace }, options, clock: this.#clock, signal: this.#stop.signal, graceMs, onEvent };
    return followWatch(progress === undefined ? request : { ...request, progress });
  }

  #selection(): ListOptions {
    const { labelSelector, fieldSelector, metadataOnly } = this.#options;
    return { labelSelector, fieldSelector, ...(metadataOnly === undefined ? {} : { metadataOnly }) };
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}
