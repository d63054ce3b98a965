// One process of ours: its clocks, its cache, its memory and its worker loop. It can die or freeze at every moment.
import type { Desired } from "../../core/desired.ts";
import { LifecycleError } from "../../core/error.ts";
import { unknown, type Fact } from "../../core/observed.ts";
import { converge, type Outcome } from "../../tokenapi/converge.ts";
import { blankMemory } from "../../tokenapi/memory.ts";
import type { Snapshot } from "../../tokenapi/snapshot.ts";
import { onOutcome, onPlan } from "./law-word.ts";
import { onDeath } from "./misfortune.ts";
import { Process } from "./process.ts";
import { readRecord } from "./reading.ts";
import { SimTarget } from "./sim-target.ts";
import { SimWorkloads } from "./workloads.ts";
import type { Version } from "./secret.ts";
import { RESYNC, type DeclaringObject, type Ref, type World } from "./world.ts";

const LEASE = 15_000;
/** So long after it first mattered the watch has brought an edit. */
const WATCHED = 200;
const EDITED = "EDITED_MEANWHILE";

/** Two specs of one object; edits put new parts in, and change none. */
function isLike(one: Desired, other: Desired | null): boolean {
  return other !== null && (Object.keys({ ...one, ...other }) as (keyof Desired)[]).every((key) => one[key] === other[key]);
}

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

export class Replica extends Process {
  readonly cache = new Cache();
  wakeAt: number | null = null;
  failures = 0;
  /** When it first did something for a spec that had been edited. */
  editedAt: number | null = null;
  readonly #unwatch: () => void;

  constructor(world: World, name: string, desired: Desired) {
    super(world, name, desired);
    if (!world.faults || world.random.chance(0.8)) this.cache.learn(world.secret.current, world.secret.version, 1);
    this.#unwatch = world.secret.watch((version, resourceVersion) => this.#observe(version, resourceVersion));
  }

  #observe(version: Version | null, resourceVersion: number): void {
    const slow = this.world.faults && this.world.random.chance(0.1);
    this.world.time.in(this.world.random.span(1, slow ? 60_000 : 500), () => {
      if (this.dead || resourceVersion <= this.cache.resourceVersion) return;
      this.cache.learn(version, resourceVersion, this.clock.monotonic());
      this.wake(1);
    }, () => (this.dead || resourceVersion <= this.cache.resourceVersion ? null : `watch ${this.world.nameOf(this)} ${this.world.secret.version - resourceVersion}`));
  }

  protected override stood(length: number): void {
    const { world } = this;
    // What it was about to do happens when it wakes, and the others see that at their next resync.
    world.time.in(length + RESYNC, () => world.replicas.forEach((other) => other.wake(1)), () => "resync");
    if (world.profile.mode !== "elected" || length <= LEASE) return;
    world.time.in(LEASE, () => {
      if (world.leader === this && !this.dead && this.frozenUntil > world.time.now) world.elect();
    });
  }

  protected override ended(): void {
    const { world } = this;
    this.#unwatch();
    world.replicas = world.replicas.filter((other) => other !== this);
    onDeath(world);
    world.replace(this);
  }

  wake(delay: number): void {
    const at = this.world.time.now + delay;
    if (this.wakeAt !== null && this.wakeAt <= at) return;
    this.wakeAt = at;
    this.world.time.in(delay, () => {
      if (this.dead || this.wakeAt !== at) return;
      if (this.busy) return;
      this.wakeAt = null;
      this.#begin();
    }, () => (this.dead || this.wakeAt !== at ? null : `wake ${this.world.nameOf(this)}`));
  }

  #begin(): void {
    const { world } = this;
    const desired = world.desired();
    if (!desired || (world.profile.mode === "elected" && world.leader !== this)) return;
    this.desired = desired;
    this.editedAt = null;
    this.busy = true;
    world.working++;
    this.#work(desired).then(
      () => this.#done(),
      (error: unknown) => {
        this.#done();
        world.broken("never throws", error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
  }

  #done(): void {
    this.busy = false;
    this.world.working--;
    if (this.wakeAt === null) return;
    const at = this.wakeAt;
    this.wakeAt = null;
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
    this.planned = null;
    this.plans = 0;
    this.doing = null;
    this.said = object.said;
    this.planned = this.cache.version;
    const refs = this.refs;
    this.planned = null;
    for (const ref of refs) await this.#reach(ref, desired);
    const ref = desired.issuerRef ?? "a";
    const outcome = await converge({
      desired,
      issuer: this.sessionAt(ref),
      issuerProblem: this.#problem(ref),
      elsewhere: (ref) => ({ issuer: this.sessionAt(ref), problem: this.#problem(ref), policy: world.policy }),
      policy: world.policy,
      owner: desired.ownerName === null ? null : { name: desired.ownerName },
      held: () => object.held,
      alone: world.profile.mode === "elected",
      target: new SimTarget(this, object),
      memory: this.memory,
      said: this.said,
      workloads: new SimWorkloads(this),
      clock: this.clock,
      guard: () => this.#guard(),
      patient: false,
      traced: (step) => onPlan(this, step),
    });
    onOutcome(this, outcome);
    object.said = saidBy(this, outcome) ?? object.said;
    this.#schedule(outcome);
    // What was read told of an issuer that was not looked at.
    if (this.refs.some((ref) => !refs.includes(ref))) this.wake(100);
  }

  /** Its session, with a list that is not too old. */
  async #reach(ref: Ref, desired: Desired): Promise<void> {
    try {
      const session = await this.open(ref, RESYNC);
      if (!session) return;
      const list = session.tokens(desired.kind === "ServiceToken" ? "service" : "personal");
      if (list.sentAt === null || this.clock.monotonic() - list.sentAt > RESYNC) await list.refresh(list.sentAt ?? 0).catch(() => undefined);
      this.#beside(ref, list);
    } catch (error) {
      if (!(error instanceof LifecycleError)) throw error;
    }
  }

  #problem(ref: string): Fact<never> | null {
    return this.sessionAt(ref) || !this.world.issuers[ref as Ref] ? null : unknown("IssuerNotReady", "The issuer does not answer.");
  }

  /** Other resources use the same list: they say what should be in it, and read it anew while this one is worked on. */
  #beside(ref: Ref, list: Snapshot): void {
    const { world } = this;
    if (this.siteAt(ref) === "home") world.neighbours.look(this, list);
    if (!list.sentAt || !world.faults || !world.random.chance(0.1)) return;
    world.working++;
    const over = (): void => void world.working--;
    list.refresh(list.sentAt ?? 0).then(over, over);
  }

  /** As the operator's: nothing is done without the lead, or for a spec that is no longer what stands there. */
  #guard(): void {
    const { world } = this;
    if (world.profile.mode === "elected" && world.leader !== this) throw new LifecycleError("terminal", "NOT_LEADER", "another process leads");
    if (isLike(this.desired, world.desired())) this.editedAt = null;
    else if (world.time.now >= (this.editedAt ??= world.time.now) + WATCHED) throw new LifecycleError("conflict", EDITED, "The object was edited meanwhile.");
  }

  #schedule(outcome: Outcome): void {
    const { world } = this;
    if (outcome.error?.code === "NOT_LEADER") return this.die("after it lost the lead");
    if (outcome.error?.code === EDITED) return this.wake(1);
    if (outcome.error || this.refs.some((ref) => this.sessionAt(ref) === null)) {
      this.failures++;
      this.wake(outcome.error?.retryAfter ?? Math.min(300_000, 500 * 2 ** Math.min(this.failures, 10)));
      return;
    }
    this.failures = 0;
    const date = outcome.again ?? outcome.plan.nextDue;
    if (date === null) return;
    this.wake(Math.max(1, date - this.clock.now() + world.random.int(20)));
  }
}


/** What the status of the object then holds: a word for the revision that is current. */
function saidBy(of: Replica, { plan, error }: Outcome): DeclaringObject["said"] {
  const record = readRecord(of.planned?.record);
  const [ready] = plan.conditions;
  if (!ready || error || !record?.current) return null;
  return { revision: record.current, reason: ready.reason, message: ready.message };
}
