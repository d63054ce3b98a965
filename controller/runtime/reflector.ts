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
import { Backoff } from "./backoff.ts";
import { sleep, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { History, HistoryLost } from "./history.ts";
import { errorFields, silentLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import { identify, objectKey } from "./object.ts";
import type { KubeObject, Stored } from "./object.ts";
import type { Resource } from "./resource.ts";
import type { ListOptions, RestClient } from "./rest.ts";
import { defaultTiming } from "./reflector-timing.ts";
import type { ReflectorTiming } from "./reflector-timing.ts";
import { listedSnapshot, SnapshotWay, StreamedSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import { Store } from "./store.ts";
import { FailureJudge } from "./watch-failure.ts";
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

const shortestHealthyMs = 1000;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Reflector<T extends Stored> {
  readonly store: Store<T>;
  readonly #options: ReflectorOptions<T>;
  readonly #timing: ReflectorTiming;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #judge: FailureJudge;
  readonly #way = new SnapshotWay();
  readonly #stop = new AbortController();
  readonly #waiters = new Set<() => void>();
  #running: Promise<void> | undefined;
  #synced = false;
  /** Where a watch can resume; undefined: a snapshot is needed. */
  #resumeFrom: string | undefined;
  readonly #history = new History();
  /** Something failed since the last answer: the server may not be the one it was. */
  #doubtful = false;
  /** The next snapshot is of another history: equal versions mean nothing. */
  #otherHistory = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#log = options.log ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.store = options.store ?? new Store<T>({}, this.#log);
    const policy = { baseMs: this.#timing.backoffBaseMs, factor: 2, capMs: this.#timing.backoffCapMs, jitter: 1 };
    this.#judge = new FailureJudge(new Backoff(policy, 120_000, this.#clock, this.#random));
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
        const delayMs = this.#failed(error);
        if (delayMs > 0) await sleep(this.#clock, delayMs, signal);
      }
    }
  }

  async #cycle(): Promise<void> {
    if (this.#resumeFrom === undefined && this.#way.streams) return this.#watchFromSnapshot();
    if (this.#resumeFrom === undefined) await this.#list();
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

  /** Milliseconds to wait; the version is given up where it is not worth resuming from. */
  #failed(error: unknown): number {
    const { what, waitMs, startOver } = this.#judge.judge(error, this.#resumeFrom !== undefined);
    const fields = { resource: this.#options.resource.plural, ...errorFields(error) };
    if (startOver) this.#resumeFrom = undefined;
    if (what === "gone") this.#log.info(fields, "Watched version is gone, listing again");
    else if (what === "ended") this.#log.debug(fields, "Watch ended");
    else this.#log.warn(fields, "Watch failed");
    return waitMs;
  }

  async #checkHistory(reached: string): Promise<void> {
    const { client, resource, namespace } = this.#options;
    if (await this.#history.stands({ client, resource, namespace, reached, signal: this.#stop.signal })) return;
    this.#otherHistory = true;
    throw new HistoryLost("the server does not know the last change any more: it may have been restored from a backup");
  }

  async #watchFromSnapshot(): Promise<void> {
    const snapshot = new StreamedSnapshot<T>((object) => this.#project(object));
    /** Events that came while the snapshot is put in place; null: it is. */
    let waiting: WatchEvent[] | null = [];
    let replaced: Promise<void> | undefined;
    const progress = { withinMs: this.#timing.progressMs, complete: () => replaced !== undefined };
    const onEvent = (event: WatchEvent): void => {
      if (waiting === null) return this.#apply(event);
      if (replaced !== undefined) return void waiting.push(event);
      const whole = snapshot.add(event);
      if (whole === undefined) return;
      replaced = this.#replace(whole).then(() => {
        for (const late of waiting ?? []) this.#apply(late);
        waiting = null;
      });
    };
    try {
      await this.#follow({ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }, onEvent, progress).finally(() => replaced);
      if (replaced === undefined) throw new WatchEnded("the snapshot was cut");
    } catch (error) {
      if (replaced !== undefined || this.#stop.signal.aborted) throw error;
      const turns = this.#way.failed(error);
      if (!this.#way.streams) this.#log.info({ resource: this.#options.resource.plural, ...errorFields(error) }, "Streamed snapshot failed, listing in pages");
      if (!turns) throw error;
    }
  }

  async #list(): Promise<void> {
    const { client, resource, namespace } = this.#options;
    const options = { ...this.#selection(), limit: this.#timing.pageSize, signal: this.#stop.signal };
    await this.#replace(await listedSnapshot({ client, resource, namespace, options, project: (object) => this.#project(object) }));
  }

  /** In steps: pings, renewals of the lease and health checks come in between. */
  async #replace({ records, version }: Snapshot<T>): Promise<void> {
    for (const _ of this.store.replacing(records, version, this.#otherHistory)) await nextTurn();
    this.#otherHistory = false;
    this.#doubtful = false;
    this.#history.begin(records.values());
    this.#resumeFrom = version;
    this.#way.taken();
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
      const record = this.#known(event.object) ?? this.#project(event.object);
      if (record !== undefined) {
        this.store.put(record);
        this.#history.note(record.key, record.resourceVersion, false);
      }
    }
    if (version !== undefined) this.#resumeFrom = version;
    this.#judge.well();
  }

  /** The echo of an own write is not read a second time. */
  #known({ metadata }: KubeObject): T | undefined {
    if (metadata?.name === undefined) return undefined;
    const stored = this.store.get(objectKey(metadata.namespace, metadata.name));
    return stored?.resourceVersion === metadata.resourceVersion && stored?.uid === metadata.uid ? stored : undefined;
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
    const pinged = this.#options.client.watchesArePinged(this.#stop.signal);
    const follow = (known: boolean): Promise<void> => followWatch({ ...this.#watch(query, known), onEvent, ...(progress === undefined ? {} : { progress }) });
    return typeof pinged === "boolean" ? follow(pinged) : pinged.then(follow);
  }

  #watch(query: ListOptions & { sendInitialEvents?: boolean }, pinged: boolean): Omit<WatchRequest, "onEvent"> {
    const { client, resource, namespace } = this.#options;
    const { shortestWatchSeconds, longestWatchSeconds, unpingedWatchSeconds, graceMs } = this.#timing;
    const asked = Math.round(shortestWatchSeconds + this.#random() * (longestWatchSeconds - shortestWatchSeconds));
    const timeoutSeconds = pinged ? asked : Math.min(asked, unpingedWatchSeconds);
    const options = { ...this.#selection(), ...query, allowWatchBookmarks: true, timeoutSeconds };
    return { client, resource, scope: { namespace }, options, clock: this.#clock, signal: this.#stop.signal, graceMs };
  }

  #selection(): ListOptions {
    const { labelSelector, fieldSelector, metadataOnly } = this.#options;
    return { labelSelector, fieldSelector, ...(metadataOnly === undefined ? {} : { metadataOnly }) };
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}
