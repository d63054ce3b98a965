// One leader among several processes, by a Lease. Decides who leads and until when we
// may believe it is us; must not know what the leader does.
//
// Clocks of other machines are never compared with ours: a lease is taken over when we
// have watched it unchanged for its whole duration on our own monotonic clock. And our
// own leadership ends, for every caller that asks `stillLeading` before a write, a renew
// deadline after the last renewal was SENT, even if this process was frozen meanwhile.
import { isAlreadyExists, isConflict, isNotFound } from "./api-error.ts";
import { sleep, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { errorFields, silentLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import { microTime } from "./micro-time.ts";
import type { KubeObject } from "./object.ts";
import { leases } from "./resource.ts";
import type { RestClient } from "./rest.ts";

export interface LeaderElectionOptions {
  client: RestClient;
  namespace: string;
  name: string;
  /** Unique for each process: the pod's name and something random. */
  identity: string;
  leaseSeconds?: number;
  renewDeadlineMs?: number;
  retryMs?: number;
  onStarted?: () => void;
  /** Leadership is over and was not given up by `stop`. The elector has ended; the usual answer is to exit. */
  onLost?: () => void;
  clock?: Clock;
  random?: () => number;
  log?: Logger;
}

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

export class LeaderElector {
  readonly #options: LeaderElectionOptions;
  readonly #leaseSeconds: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #leading = false;
  #validUntil = -Infinity;
  /** The lease as we last wrote or saw it, and since when we have seen it like that. */
  #lease: Lease | undefined;
  #seenAt = -Infinity;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseSeconds = options.leaseSeconds ?? 15;
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#log = options.log ?? silentLogger;
    if (this.#leaseSeconds * 1000 <= this.#deadlineMs || this.#deadlineMs <= this.#retryMs) {
      throw new RangeError("leader election: retry < renew deadline < lease duration is what makes it safe");
    }
  }

  start(): void {
    if (!this.#stop.signal.aborted) this.#running ??= this.#run();
  }

  /** To be asked before each write. Costs a clock reading. */
  stillLeading(): boolean {
    return this.#leading && this.#clock.monotonic() < this.#validUntil;
  }

  /** Ends the campaign; a leader hands the lease back, so that the next one need not wait for it to expire. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (!this.stillLeading()) {
      this.#leading = false;
      return;
    }
    this.#leading = false;
    try {
      await this.#write({ ...this.#lease?.spec, holderIdentity: "", leaseDurationSeconds: 1 });
    } catch (error) {
      this.#log.warn(errorFields(error), "Lease could not be released, it will expire");
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !(await this.#campaign())) await sleep(this.#clock, this.#pause(), signal);
    if (signal.aborted) return;
    this.#leading = true;
    this.#log.info({ identity: this.#options.identity }, "Became leader");
    this.#options.onStarted?.();
    while (!signal.aborted && this.#leading) {
      await sleep(this.#clock, Math.min(this.#retryMs, this.#validUntil - this.#clock.monotonic()), signal);
      if (!signal.aborted) await this.#renew();
    }
  }

  /** Between three and five quarters of the retry period: replicas started together do not stay in step. */
  #pause(): number {
    return this.#retryMs * (0.75 + 0.5 * this.#random());
  }

  /** Tries to take the lease; false if somebody else holds it or nobody answers. */
  async #campaign(): Promise<boolean> {
    try {
      const lease = await this.#read();
      if (lease !== undefined && !this.#takeable(lease)) return false;
      await this.#write(this.#claim(lease?.spec));
      return true;
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error)) this.#log.warn(errorFields(error), "Lease could not be taken");
      return false;
    }
  }

  async #renew(): Promise<void> {
    try {
      await this.#write({ ...this.#lease?.spec, renewTime: microTime(this.#clock.now()) });
      return;
    } catch (error) {
      this.#log.warn(errorFields(error), "Lease could not be renewed");
      // Somebody wrote the lease: look whether it is still ours before the next try.
      if (isConflict(error) || isNotFound(error)) await this.#reread();
    }
    if (this.#leading && this.#clock.monotonic() >= this.#validUntil) this.#lose("not renewed in time");
  }

  async #reread(): Promise<void> {
    try {
      const lease = await this.#read();
      if (lease !== undefined && lease.spec?.holderIdentity !== this.#options.identity) this.#lose(`taken by ${lease.spec?.holderIdentity ?? "nobody"}`);
    } catch (error) {
      this.#log.warn(errorFields(error), "Lease could not be read");
    }
  }

  #lose(why: string): void {
    this.#leading = false;
    this.#validUntil = -Infinity;
    this.#log.error({ identity: this.#options.identity, why }, "Leadership lost");
    this.#options.onLost?.();
  }

  #takeable(lease: Lease): boolean {
    const holder = lease.spec?.holderIdentity ?? "";
    if (holder === "" || holder === this.#options.identity) return true;
    // The holder's own duration counts, not ours: it may run with other settings.
    const durationMs = (lease.spec?.leaseDurationSeconds ?? this.#leaseSeconds) * 1000;
    return this.#clock.monotonic() - this.#seenAt >= durationMs;
  }

  #claim(previous: LeaseSpec | undefined): LeaseSpec {
    const { identity } = this.#options;
    const now = microTime(this.#clock.now());
    const mine = previous?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: this.#leaseSeconds,
      acquireTime: mine ? (previous.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (previous?.leaseTransitions ?? 0) + (mine || previous === undefined ? 0 : 1),
    };
  }

  async #read(): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    let lease: Lease | undefined;
    try {
      lease = await client.get<Lease>(leases, { namespace, name }, { timeoutMs: this.#timeoutMs(), urgent: true });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    if (lease === undefined || lease.metadata?.resourceVersion !== this.#lease?.metadata?.resourceVersion) this.#seenAt = this.#clock.monotonic();
    this.#lease = lease;
    return lease;
  }

  /** One request: a PUT with the version we know, or a POST where there is no lease. */
  async #write(spec: LeaseSpec): Promise<void> {
    const { client, namespace, name } = this.#options;
    const sentAt = this.#clock.monotonic();
    const known = this.#lease?.metadata;
    const metadata = { ...known, name, namespace };
    const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
    const options = { timeoutMs: this.#timeoutMs(), urgent: true };
    this.#lease =
      known === undefined ? await client.create<Lease>(leases, { namespace }, body, options) : await client.update<Lease>(leases, { namespace, name }, body, options);
    this.#seenAt = sentAt;
    if (spec.holderIdentity === this.#options.identity) this.#validUntil = sentAt + this.#deadlineMs;
  }

  /** Half the deadline, so that one lost answer leaves time for a second try. */
  #timeoutMs(): number {
    return this.#deadlineMs / 2;
  }
}
