// One process of ours: its clocks, its cache, its memory and its worker loop. It can die or freeze at every moment.
import type { Desired } from "../../core/desired.ts";
import { LifecycleError } from "../../core/error.ts";
import { unknown } from "../../core/observed.ts";
import { decodeRecord } from "../../core/record.ts";
import type { Clock } from "../../tokenapi/clock.ts";
import { converge, type Outcome } from "../../tokenapi/converge.ts";
import { IssuerSession } from "../../tokenapi/issuer.ts";
import { blankMemory } from "../../tokenapi/memory.ts";
import { onOutcome, onPlan } from "./laws.ts";
import { SimApi } from "./sim-api.ts";
import { SimTarget } from "./sim-target.ts";
import type { Version } from "./secret.ts";
import { HOME, RESYNC, type DeclaringObject, type Issuer, type World } from "./world.ts";

const LEASE = 15_000;

/** What the watch has brought so far. */
export class Cache {
  version: Version | null = null;
  resourceVersion = 0;
  at = 0;
  /** Whether the watch has brought anything at all. */
  synced = false;
  /** The version whose value was read and compared. */
  read = -1;

  learn(version: Version | null, resourceVersion: number, at: number): void {
    this.synced = true;
    if (resourceVersion < this.resourceVersion) return;
    this.version = version;
    this.resourceVersion = resourceVersion;
    this.at = at;
  }
}

export class Replica {
  readonly world: World;
  readonly name: string;
  readonly clock: Clock;
  readonly cache = new Cache();
  readonly memory = blankMemory();
  readonly api: SimApi;
  /** This process's wall clock minus true time. */
  shift = 0;
  dead = false;
  busy = false;
  /** What it is working on, as it saw it when it began. */
  desired: Desired;
  lookedAt = 0;
  /** The version that its plans rest on: writes are conditional on it, whatever the watch brings meanwhile. */
  basis = 0;
  /** A request that this process gave up takes effect right now. */
  late = false;
  /** The version of the delivered copy that its plans rest on. */
  planned: Version | null = null;
  frozenUntil = 0;
  /** Plans of the present run: none where the place of delivery could not be read. */
  plans = 0;
  /** What the status said when it began. */
  said: DeclaringObject["said"] = null;
  #at: Issuer | null = null;
  #session: IssuerSession | null = null;
  uid = "";
  #wakeAt: number | null = null;
  #failures = 0;
  readonly #unwatch: () => void;

  constructor(world: World, name: string, desired: Desired) {
    this.world = world;
    this.name = name;
    this.desired = desired;
    const started = world.time.now;
    let readings = 0;
    this.shift = world.random.pick([0, 0, 400, -400]);
    this.clock = {
      now: () => world.time.now + this.shift,
      // No two readings are the same, as on a real clock.
      monotonic: () => world.time.now - started + 1 + (readings += 1e-6),
      sleep: (milliseconds) => this.park("sleep", Math.max(1, milliseconds), Math.max(1, milliseconds)),
    };
    this.api = new SimApi(this);
    if (!world.faults || world.random.chance(0.8)) this.cache.learn(world.secret.current, world.secret.version, 1);
    this.#unwatch = world.secret.watch((version, resourceVersion) => this.#observe(version, resourceVersion));
  }

  #observe(version: Version | null, resourceVersion: number): void {
    const slow = this.world.faults && this.world.random.chance(0.1);
    this.world.time.in(this.world.random.span(1, slow ? 60_000 : 500), () => {
      if (this.dead || resourceVersion <= this.cache.resourceVersion) return;
      this.cache.learn(version, resourceVersion, this.clock.monotonic());
      this.wake(1);
    });
  }

  /** A moment in which the process waits for the outside: here it may die, or stand still for long. */
  park(what: string, low: number, high: number): Promise<void> {
    const { world } = this;
    const { random, profile } = world;
    let delay = low === high ? low : random.span(low, high);
    if (world.mishap(profile.crash)) {
      world.time.in(delay, () => this.die(`at ${what}`));
      return new Promise(() => undefined);
    }
    if (world.mishap(profile.freeze)) delay += this.#freeze(what);
    return new Promise((resolve) => {
      world.time.in(delay, () => {
        if (this.dead) return;
        world.stir();
        resolve();
      });
    });
  }

  #freeze(what: string): number {
    const { world } = this;
    const length = world.random.span(5_000, 1_200_000);
    this.frozenUntil = world.time.now + length;
    world.coverage.meet("fault", "frozen");
    world.tell(() => `  ${this.name} freezes at ${what} for ${Math.round(length / 1_000)} s`);
    if (world.profile.mode === "elected" && length > LEASE) {
      world.time.in(LEASE, () => {
        if (world.leader === this && !this.dead && this.frozenUntil > world.time.now) world.elect();
      });
    }
    world.causes++;
    return length;
  }

  die(why: string): void {
    if (this.dead) return;
    const { world } = this;
    this.dead = true;
    this.#unwatch();
    world.coverage.meet("fault", "died");
    world.tell(() => `  ${this.name} dies ${why}`);
    world.causes++;
    world.replicas = world.replicas.filter((other) => other !== this);
    world.replace(this);
  }

  wake(delay: number): void {
    const at = this.world.time.now + delay;
    if (this.#wakeAt !== null && this.#wakeAt <= at) return;
    this.#wakeAt = at;
    this.world.time.in(delay, () => {
      if (this.dead || this.#wakeAt !== at) return;
      if (this.busy) return;
      this.#wakeAt = null;
      this.#begin();
    });
  }

  #begin(): void {
    const { world } = this;
    const desired = world.desired();
    if (!desired || (world.profile.mode === "elected" && world.leader !== this)) return;
    this.desired = desired;
    this.busy = true;
    world.stir();
    this.#work(desired).then(
      () => this.#done(),
      (error: unknown) => world.broken("never throws", error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  }

  #done(): void {
    this.busy = false;
    if (this.#wakeAt === null) return;
    const at = this.#wakeAt;
    this.#wakeAt = null;
    this.wake(Math.max(1, at - this.world.time.now));
  }

  async #work(desired: Desired): Promise<void> {
    const { world } = this;
    const { object } = world;
    if (!object) return;
    if (object.uid !== this.uid) {
      this.uid = object.uid;
      Object.assign(this.memory, blankMemory());
    }
    if (this.#at !== world.issuer) this.#forget();
    if (!this.#session && world.issuer) await this.#open(world.issuer);
    this.planned = null;
    this.plans = 0;
    this.said = object.said;
    const list = this.#session?.tokens("service") ?? null;
    if (list && (list.sentAt === null || this.clock.monotonic() - list.sentAt > RESYNC)) {
      await list.refresh(list.sentAt ?? 0).catch(() => undefined);
    }
    if (list && this.#at === HOME) world.neighbours.look(this, list);
    const outcome = await converge({
      desired,
      issuer: this.#session,
      issuerProblem: this.#session || !world.issuer ? null : unknown("IssuerNotReady", "The issuer does not answer."),
      policy: world.policy,
      owner: { name: desired.ownerName ?? "" },
      held: () => object.held,
      alone: world.profile.mode === "elected",
      target: new SimTarget(this, object),
      memory: this.memory,
      said: this.said,
      clock: this.clock,
      guard: () => this.#guard(),
      patient: false,
      traced: (step) => onPlan(this, step),
    });
    onOutcome(this, outcome);
    object.said = saidBy(this, outcome) ?? object.said;
    this.#schedule(outcome);
  }

  #guard(): void {
    if (this.world.profile.mode === "elected" && this.world.leader !== this) throw new LifecycleError("terminal", "NOT_LEADER", "another process leads");
  }

  /** Whether it has an issuer to ask. */
  get reaches(): boolean {
    return this.#session !== null;
  }

  /** Another issuer: what the lists of the old one said is gone with it. */
  #forget(): void {
    this.#session = null;
    this.api.listedAt = 0;
  }

  async #open(issuer: Issuer): Promise<void> {
    try {
      this.api.at = issuer;
      this.#session = await IssuerSession.open(this.api, { url: issuer.url, resyncInterval: RESYNC, clock: this.clock });
      this.#at = issuer;
    } catch (error) {
      if (!(error instanceof LifecycleError)) throw error;
    }
  }

  #schedule(outcome: Outcome): void {
    const { world } = this;
    if (outcome.error?.code === "NOT_LEADER") return this.die("after it lost the lead");
    if (outcome.error || !this.#session) {
      this.#failures++;
      this.wake(outcome.error?.retryAfter ?? Math.min(300_000, 500 * 2 ** Math.min(this.#failures, 10)));
      return;
    }
    this.#failures = 0;
    const date = outcome.again ?? outcome.plan.nextDue;
    if (date === null) return;
    this.wake(Math.max(1, date - this.clock.now() + world.random.int(20)));
  }
}


/** What the status of the object then holds: a word for the revision that is current. */
function saidBy(of: Replica, { plan, error }: Outcome): DeclaringObject["said"] {
  const record = of.planned?.record ? decodeRecord(of.planned.record) : null;
  const [ready] = plan.conditions;
  if (!ready || error || !record?.current) return null;
  return { revision: record.current, reason: ready.reason, message: ready.message };
}
