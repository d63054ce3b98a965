// One process of ours, whichever front it is: its clocks, its memory, and what it waits for. It can die or freeze at
// every such moment. It knows nothing of what it works on.
import type { Action } from "../../core/action.ts";
import type { Desired } from "../../core/desired.ts";
import type { Record } from "../../core/record.ts";
import type { Clock } from "../../tokenapi/clock.ts";
import { IssuerSession } from "../../tokenapi/issuer.ts";
import { blankMemory, type Memory } from "../../tokenapi/memory.ts";
import { listOf } from "../../tokenapi/places.ts";
import { readRecord } from "./reading.ts";
import { SimApi } from "./sim-api.ts";
import type { Version } from "./secret.ts";
import { rolesOf } from "../../core/home.ts";
import type { Site, Token } from "./ledger.ts";
import type { DeclaringObject, Issuer, Ref, World } from "./world.ts";

export abstract class Process {
  readonly world: World;
  readonly name: string;
  readonly clock: Clock;
  memory: Memory = blankMemory();
  /** This process's wall clock minus true time, and how much further off it is with each millisecond. */
  shift = 0;
  drift = 0;
  dead = false;
  busy = false;
  /** What it is working on, as it saw it when it began. */
  desired: Desired;
  uid = "";
  lookedAt = 0;
  /** The version that its plans rest on: writes are conditional on it, whatever the watch brings meanwhile. */
  basis = 0;
  /** A request that this process gave up takes effect right now. */
  late = false;
  /** The version of the delivered copy that its plans rest on. */
  planned: Version | null = null;
  frozenUntil = 0;
  /** For how long it stands still at its next wait. */
  standsFor = 0;
  /** Plans of the present run: none where the place of delivery could not be read. */
  plans = 0;
  /** True time of its newest plan. */
  plannedAt = 0;
  /** True time of the lists that its newest plan rests on: others may come while that is carried out. */
  plannedBy: ReadonlyMap<SimApi, number> = new Map();
  /** How many tokens bore the mark when it began. */
  tokens = 0;
  /** What its last write has delivered, until it plans again. */
  delivering: Token | null = null;
  /** What the status said when it began. */
  said: DeclaringObject["said"] = null;
  /** What it waits for, and the answer that is on its way; for whoever compares two worlds. */
  waitsFor = "";
  doing: Action | null = null;
  answer: unknown = null;
  /** When the copy that it looks at was asked for, and since when it is known; by its steady clock. */
  copyAt = { read: 0, done: 0 };
  readonly #open = new Map<string, { readonly at: Issuer; readonly api: SimApi; readonly session: IssuerSession }>();
  readonly started: number;

  constructor(world: World, name: string, desired: Desired) {
    this.world = world;
    this.name = name;
    this.desired = desired;
    const started = (this.started = world.time.now);
    let readings = 0;
    this.shift = world.random.pick([0, 0, 400, -400]);
    this.drift = world.random.pick(world.drifts);
    this.clock = {
      now: () => world.time.now + this.shift + Math.trunc((world.time.now - started) * this.drift),
      // No two readings are the same, as on a real clock.
      monotonic: () => world.time.now - started + 1 + (readings += 1e-6),
      sleep: (milliseconds) => this.park("sleep", Math.max(1, milliseconds), Math.max(1, milliseconds)),
    };
  }

  /** Others start in its place, or its person notices. */
  protected abstract ended(): void;

  /** It stands still for long. */
  protected abstract stood(length: number): void;

  /** The record that its next step rests on. */
  get record(): Record | null {
    return readRecord(this.world.secret.current?.record);
  }

  /** A moment in which the process waits for the outside: here it may die, or stand still for long. */
  park(what: string, low: number, high: number): Promise<void> {
    const { world } = this;
    const { random, profile } = world;
    world.working--;
    this.waitsFor = what;
    let delay = low === high ? low : random.span(low, high);
    if (world.mishap(profile.crash)) {
      world.time.in(delay, () => this.die(`at ${what}`), () => (this.dead ? null : `die ${this.name}`));
      return new Promise(() => undefined);
    }
    if (world.mishap(profile.freeze)) delay += this.#freeze(what);
    else if (this.standsFor > 0) delay += this.#standStill(what, this.standsFor);
    return new Promise((resolve) => {
      const goOn = (): void => {
        if (this.dead) return;
        world.working++;
        resolve();
      };
      world.time.in(delay, goOn, () => (this.dead ? null : `go on ${world.nameOf(this)}`));
    });
  }

  #freeze(what: string): number {
    const { world } = this;
    // As long as the other replica gives it the benefit of the doubt is the most dangerous length.
    const most = world.profile.mode === "replicas" && world.random.chance(0.4);
    return this.#standStill(what, most ? world.random.span(29_000, 33_000) : world.random.span(5_000, 1_200_000));
  }

  #standStill(what: string, length: number): number {
    const { world } = this;
    this.standsFor = 0;
    this.frozenUntil = world.time.now + length;
    world.coverage.meet("fault", "frozen");
    world.tell(() => `  ${this.name} freezes at ${what} for ${Math.round(length / 1_000)} s`);
    this.stood(length);
    world.causes++;
    return length;
  }

  die(why: string): void {
    if (this.dead) return;
    const { world } = this;
    this.dead = true;
    world.coverage.meet("fault", "died");
    world.tell(() => `  ${this.name} dies ${why}`);
    world.causes++;
    this.ended();
  }

  /** The issuers that it has to do with: the one of the spec, and those that the record names, as it last saw it. */
  get refs(): Ref[] {
    const record = readRecord(this.planned?.record);
    const named = record?.mark === this.world.mark ? [record.issuer.ref, record.former?.ref] : [];
    return [...new Set([this.desired.issuerRef, ...named])].filter((ref): ref is Ref => ref === "a" || ref === "b" || ref === "c");
  }

  /** Whether it has an issuer to ask. */
  get reaches(): boolean {
    return this.refs.some((ref) => this.sessionAt(ref) !== null);
  }

  /** Whether it knows the time of the API at which the resource is at home. */
  get reachesHome(): boolean {
    return this.sessionAt(rolesOf(this.desired, readRecord(this.planned?.record)).home ?? this.desired.issuerRef ?? "a") !== null;
  }

  sessionAt(ref: string): IssuerSession | null {
    return this.#open.get(ref)?.session ?? null;
  }

  /** Where the issuer of a name is, as it knows it; null: it has not opened it. */
  siteAt(ref = "a"): Site | null {
    return this.#open.get(ref)?.at.place ?? null;
  }

  /** The line to each issuer that it has opened. */
  get apis(): SimApi[] {
    return [...this.#open.values()].map(({ api }) => api);
  }

  /** True time of the newest list of each issuer that a plan of now would rest on: an answer that has just come is not in it yet. */
  get shown(): [SimApi, number][] {
    return [...this.#open.values()].map(({ api, session }) => [api, Math.min(api.listedAt, this.started + (listOf(session, this.desired).sentAt ?? 0) - 1)]);
  }

  /** True time of the newest list of one API that it has seen; 0: none. */
  listedAt(place: Site): number {
    return Math.max(0, ...this.apis.filter(({ at }) => at.place === place).map(({ listedAt }) => listedAt));
  }

  /** True time at which it was told that a token is revoked, as it had asked; 0: it was not. */
  toldOf({ id, place }: Pick<Token, "id" | "place">): number {
    return Math.max(0, ...this.apis.filter(({ at }) => at.place === place).map(({ endedAt }) => endedAt.get(id) ?? 0));
  }

  /** The version of the delivered copy that stood there when the older of its newest lists was made. */
  get listedCopy(): number {
    const listed = this.apis.filter(({ listedAt }) => listedAt > 0);
    return listed.length === 0 ? 0 : Math.min(...listed.map(({ copyAt }) => copyAt));
  }

  /** The newest list of one API, as its newest plan had it. */
  seenAt({ place }: Pick<Token, "place">): number {
    return this.planLists(({ at }) => at.place === place);
  }

  /** The newest list of some of its issuers, as its newest plan had it; 0: none. */
  planLists(isMeant: (api: SimApi) => boolean): number {
    return Math.max(0, ...[...this.plannedBy].flatMap(([api, at]) => (isMeant(api) ? [at] : [])));
  }

  /** True time since which the delivered copy is known as its newest plan had it. */
  get copyKnownAt(): number {
    return this.started + this.copyAt.done - 1;
  }

  /** Another issuer of that name: what the lists of the old one said is gone with it. */
  protected async open(ref: Ref, resyncInterval: number): Promise<IssuerSession | null> {
    const issuer = this.world.issuers[ref];
    const known = this.#open.get(ref);
    if (known?.at === issuer) return known.session;
    this.#open.delete(ref);
    if (!issuer) return null;
    const api = new SimApi(this, issuer);
    const session = await IssuerSession.open(api, { url: issuer.url, resyncInterval, clock: this.clock });
    this.#open.set(ref, { at: issuer, api, session });
    return session;
  }
}
