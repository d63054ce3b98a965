// One simulated world: true time, the token API, the place of delivery, the declaring object, its controllers,
// its consumers and a person. Only edges are simulated: the plan and the executor are the real ones.
import type { Desired, Window } from "../../core/desired.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../core/duration.ts";
import type { Observed, Policy } from "../../core/observed.ts";
import { OPEN_POLICY } from "../../tokenapi/issuer.ts";
import { markOf } from "../../core/name.ts";
import type { Coverage } from "./coverage.ts";
import { CREDENTIAL, Ledger, type Backup, type SimUser, type Site, type Token } from "./ledger.ts";
import { Neighbours } from "./neighbours.ts";
import { NoLuck, type Random } from "./random.ts";
import type { Process } from "./process.ts";
import { Replica } from "./replica.ts";
import { SecretStore, type Version } from "./secret.ts";
import { drawSpec } from "./spec.ts";
import { Stack } from "./stack.ts";
import { Timeline } from "./timeline.ts";
import { Workload } from "./workloads.ts";

/** Where the tokens are at first. */
export const HOME: Issuer = { url: "https://qualytics.example", userId: CREDENTIAL, place: "home" };
const AWAY: Issuer = { url: "https://away.example", userId: CREDENTIAL, place: "away" };
const THIRD: Issuer = { url: "https://third.example", userId: CREDENTIAL, place: "third" };
/** Another url shows another API, or the same one by another name; another identity sees nothing of ours, or the same. */
export const ELSEWHERE: Issuer = { ...HOME, url: "https://elsewhere.example", place: "elsewhere" };
export const RENAMED: Issuer = { ...HOME, url: "https://renamed.example" };
export const NOBODY: Issuer = { ...HOME, userId: 2, place: "nobody" };
export const COLLEAGUE: Issuer = { ...HOME, userId: 3 };

export const ISSUERS: readonly Issuer[] = [HOME, AWAY, THIRD, ELSEWHERE, RENAMED, NOBODY, COLLEAGUE];

/** How specs name issuers, and what each of them is as long as nothing befalls it. */
export type Ref = "a" | "b" | "c";
export const STANDING: { readonly [ref in Ref]: Issuer } = { a: HOME, b: AWAY, c: THIRD };

/** Open for ten minutes at every full hour; by the clock of the API. */
export const HOURLY: readonly Window[] = [{ cron: "0 * * * *", duration: 10 * MINUTE, timeZone: "UTC" }];

export const WORKLOADS: readonly string[] = ["Deployment ingest"];
/** Once a day, so that a token of one day may have to be renewed outside of it. */
export const DAILY: readonly Window[] = [{ cron: "30 2 * * *", duration: HOUR, timeZone: "Europe/Berlin" }];

/** More than any process has to do between two waits. */
const MOST_TICKS = 3_000;

/** Between two lists. */
export const RESYNC = 60_000;

export interface Issuer {
  readonly url: string;
  readonly userId: number;
  readonly place: Site;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };
export type Spec = Mutable<Omit<Desired, "since" | "deleting" | "mark" | "kind" | "resource" | "issuerRef">> & { issuerRef: Ref };

export interface DeclaringObject {
  readonly uid: string;
  readonly since: number;
  readonly spec: Spec;
  deleting: boolean;
  held: boolean;
  /** What its status says of the delivered revision. */
  said: Observed["said"];
}

/** elected: one leader at a time. replicas: two act at once, without election. stack: Pulumi, one update after another. */
export type Mode = "elected" | "replicas" | "stack";

export interface Profile {
  readonly mode: Mode;
  /** Probability a moment that the process dies or freezes there, and an answer that goes wrong. */
  readonly crash: number;
  readonly freeze: number;
  readonly fault: number;
  /** Longest pause between two acts of the person. */
  readonly pause: number;
  readonly acts: number;
}

export interface Breach {
  readonly law: string;
  readonly text: string;
}

/** What a world is given instead of drawing it. */
export interface Staging {
  readonly profile?: Profile;
  readonly time?: Timeline;
  /** Another resource of the same installation, which wants the same place of delivery. */
  readonly beside?: World | null;
}

export class World {
  random: Random;
  /** Of its own, so that a misfortune more changes no other history; without it there is none of these. */
  luck: Random = new NoLuck(0);
  readonly time: Timeline;
  readonly ledger: Ledger;
  readonly secret: SecretStore;
  /** Another object that wants the same Secret; and the one that was here first, seen from that other one. */
  rival: World | null = null;
  readonly beside: World | null;
  readonly kind: Desired["kind"];
  readonly resource: string;
  readonly mark: string;
  readonly profile: Profile;
  readonly coverage: Coverage;
  readonly story: string[] | null;
  /** What goes wrong is counted, so that a story can be told without some of it. */
  spared: ReadonlySet<number> = new Set();
  mishaps = 0;
  replicas: Replica[] = [];
  leader: Replica | null = null;
  /** What acts instead of the replicas where Pulumi is the front. */
  readonly stack: Stack | null;
  object: DeclaringObject | null = null;
  /** How much faster or slower than true time the clocks of processes may go. */
  drifts: readonly number[];
  /** True while things may go wrong. */
  faults = true;
  outageUntil = 0;
  /** The credential may not list until then. */
  deniedUntil = 0;
  /** As one that is no good, or as one of somebody who may not. */
  deniedAs: "PERMISSION_DENIED" | "UNAUTHENTICATED" = "PERMISSION_DENIED";
  /** New tokens do not authenticate until then. */
  refusedUntil = 0;
  /** Nothing is revoked by an up until then. */
  barredUntil = 0;
  /** Trying a new one takes long until then. */
  sluggishUntil = 0;
  /** The next POST takes effect when nobody waits for it any more. */
  nextLate = false;
  /** Lists leave everything out until then. */
  cutUntil = 0;
  /** What each issuer object names; null: there is none. */
  readonly issuers: { [ref in Ref]: Issuer | null } = { ...STANDING };
  /** When a record of this object has named an API last. */
  readonly recordedAt = new Map<Site, number>();
  /** When an issuer became another one last, or went. */
  renamedAt = 0;
  /** When a copy was removed by us last. */
  removedAt = 0;
  policy: Policy = OPEN_POLICY;
  /** When somebody but us last wrote, removed or restored the delivered copy. */
  secretTouchedAt = 0;
  /** Tokens of a second owner that were revoked since the last delivery. */
  fought = 0;
  /** True time of the last revocation by us. */
  revokedAt = 0;
  /** The highest of their numbers so far. */
  foughtUpTo = 0;
  readonly workload = new Workload();
  /** When somebody last made, removed or changed the workload. */
  workloadTouchedAt = 0;
  secretTouched = 0;
  /** Whether the last words of ours named tokens that are nobody's. */
  unclaimedSaid = false;
  /** What they said of somebody else who runs with our mark. */
  secondOwnerSaid = "";
  /** The faults are long over: everything has to be as it should. */
  settled = false;
  crowdedSince: number | null = null;
  breach: Breach | null = null;
  steps = 0;
  issues = 0;
  /** How many issues something gave cause for. */
  causes = 1;
  actions = 0;
  /** Of the API and of the cluster, as they were kept before some acts. */
  backups: { readonly api: Backup; readonly copy: Version | null; readonly spec: Spec; readonly uid: string }[] = [];
  /** Tokens that a dead or frozen process may have left behind an object that is gone. */
  readonly orphans = new Set<Token>();
  /** When each revision was delivered first, also of those that are deleted by now. */
  readonly deliveries: { readonly number: number; readonly at: number }[] = [];
  lastDesired: Desired;
  readonly neighbours: Neighbours;
  /** How many processes are at work, and not waiting for anything outside. */
  #working = 0;
  #processes = 0;
  #uid = 0;
  readonly #late = new Set<() => void>();

  constructor(random: Random, coverage: Coverage, story: string[] | null, { profile, time = new Timeline(), beside = null }: Staging = {}) {
    this.random = random;
    this.coverage = coverage;
    this.story = story;
    this.time = time;
    this.beside = beside;
    this.secret = beside?.secret ?? new SecretStore();
    this.ledger = beside?.ledger ?? drawLedger(random, () => this.time.now);
    this.kind = beside?.kind ?? (random.chance(0.2) ? "PersonalToken" : "ServiceToken");
    this.resource = beside ? "data/rival" : "data/ingest";
    this.mark = markOf("simulation", `${this.kind}/${this.resource}`);
    this.neighbours = beside?.neighbours ?? new Neighbours(this);
    // A bad quartz: nine seconds a day, and without correction beyond all tolerance in a week.
    this.drifts = random.pick([[0], [0], [1e-4, -1e-4, 0]]);
    this.profile = profile ?? drawProfile(random);
    this.create();
    this.lastDesired = this.desired() as Desired;
    this.stack = this.profile.mode === "stack" ? new Stack(this) : null;
    if (!this.stack) this.elect();
    if (this.profile.mode === "replicas") this.elect();
  }

  create(again: Spec | null = null): void {
    const { random } = this;
    const old = this.object?.spec ?? null;
    const draw = (): Spec => ({ ...drawSpec(random), ...(this.profile.mode === "stack" ? { look: "" } : {}), ...(this.kind === "PersonalToken" ? { ownerName: null } : {}) });
    const spec: Spec = again ?? (old && random.chance(0.5) ? { ...old, compromised: null, rollback: null, abandon: false, paused: false } : draw());
    this.object = { uid: `${this.beside ? "rival" : "object"}-${++this.#uid}`, since: Math.floor(this.time.now / 1_000) * 1_000, spec, deleting: false, held: this.profile.mode === "stack" || random.chance(0.3), said: null };
    this.recordedAt.clear();
    this.tell(() => `object created: ${JSON.stringify(spec)}`);
  }

  get working(): number {
    return this.beside?.working ?? this.#working;
  }

  set working(working: number) {
    if (this.beside) this.beside.working = working;
    else this.#working = working;
  }

  /** Whether something goes wrong now. */
  mishap(probability: number): boolean {
    const first = this.beside ?? this;
    return this.faults && this.random.chance(probability) && !first.spared.has(first.mishaps++);
  }

  /** A process by its place among those that live: names never come again. */
  nameOf(process: Process): string {
    return String(this.replicas.findIndex((other) => other === process));
  }

  /** A new process takes the lead. */
  elect(): void {
    const desired = this.desired() ?? this.lastDesired;
    const replica = new Replica(this, `${this.beside ? "rival-" : ""}p${++this.#processes}`, desired);
    this.replicas.push(replica);
    this.leader = replica;
    this.tell(() => `  ${replica.name} starts${this.profile.mode === "elected" ? " and leads" : ""}`);
    replica.wake(this.random.span(10, 2_000));
  }

  replace(dead: Replica): void {
    if (this.profile.mode === "elected" && this.leader !== dead) return;
    const was = this.leader;
    this.time.in(this.random.span(100, 30_000), () => {
      if (this.profile.mode === "replicas" || this.leader === was) this.elect();
    }, () => (this.profile.mode === "replicas" || this.leader === was ? "elect" : null));
  }

  /** The declaring object goes, and with it what it owns. */
  vanish(): void {
    const { object } = this;
    if (!object) return;
    this.tell(() => "object gone");
    this.lastDesired = this.desired() ?? this.lastDesired;
    this.object = null;
    this.time.in(this.random.span(10, 2_000), () => this.collect(object.uid), () => `collect ${object.uid}`);
  }

  collect(uid: string): void {
    if (this.secret.current?.owner !== uid || this.object?.uid === uid) return;
    this.touch();
    this.touchOther();
    this.secret.remove();
  }

  /** Somebody keeps backups; nobody keeps all of them. */
  keepBackup(): void {
    const { object, secret, ledger, random } = this;
    if (!object || !random.chance(0.3)) return;
    this.backups = [...this.backups.slice(-2), { api: ledger.backup(), copy: secret.current, spec: { ...object.spec }, uid: object.uid }];
  }

  /** An active user whose tokens stand in the list that ours stand in. */
  anOwner(): SimUser | undefined {
    return this.ledger.users.find(({ id, active, place }) => active && (place === null || place === "home") && (id === CREDENTIAL) === (this.kind === "PersonalToken"));
  }

  /** What bears our mark at the API, whoever made it. */
  tokens(): Token[] {
    return [...this.ledger.tokens.values()].filter(({ mark }) => mark === this.mark);
  }

  desired(): Desired | null {
    const { object } = this;
    if (!object) return null;
    return { ...object.spec, ...(this.stack ? { restart: [] } : {}), kind: this.kind, resource: this.resource, mark: this.mark, since: object.since, deleting: object.deleting };
  }

  tell(line: () => string): void {
    if (this.story) this.story.push(`${new Date(this.time.now).toISOString().slice(5, 23)} ${line()}`);
  }

  /** A law is broken: the history ends here. */
  broken(law: string, text: string): void {
    if (this.beside) return this.beside.broken(law, `the rival: ${text}`);
    if (this.breach) return;
    this.breach = { law, text };
    this.tell(() => `LAW BROKEN ${law}: ${text}`);
  }

  /** A request that its sender gave up takes effect after so long. */
  comesLate(delay: number, effect: () => void): void {
    const come = (): void => {
      if (this.#late.delete(come)) effect();
    };
    this.#late.add(come);
    this.time.in(delay, come);
  }

  /** What is late comes at the most dangerous moment. */
  hurry(): void {
    if (this.faults && this.#late.size > 0 && this.random.chance(0.5)) for (const come of [...this.#late]) come();
  }

  /** Somebody but us is about to change the delivered copy. */
  touch(): void {
    this.secretTouchedAt = this.time.now;
    // With the record goes the memory of whose they were.
    this.fought = this.foughtUpTo = 0;
    this.secretTouched = this.secret.version + 1;
  }

  /** We are about to: to the other object that wants it we are somebody. */
  touchOther(): void {
    const other = this.rival ?? this.beside;
    other?.touch();
    if (other) other.causes++;
  }

  async step(): Promise<boolean> {
    if (!this.time.step()) return false;
    this.steps++;
    // What was resolved runs until every process waits for something outside again.
    // One that waits for a list which another part of it asked for is not told from one at work: hence the limit.
    for (let i = 0; this.working > 0 && i < MOST_TICKS; i++) await null;
    return true;
  }

  /** Every process learns of it, and looks again when its next list is due. */
  outside(within: number): void {
    this.stack?.soon(within);
    for (const replica of this.replicas) {
      replica.wake(this.random.span(50, within));
      this.time.in(within + RESYNC, () => replica.wake(1), () => (replica.dead ? null : `resync ${this.nameOf(replica)}`));
    }
  }
}

function drawLedger(random: Random, time: () => number): Ledger {
  const ledger = new Ledger(time);
  ledger.skew = random.pick([0, 0, 300, -700, 20_000]);
  ledger.deletesExpired = random.chance(0.5);
  ledger.keepsNames = random.chance(0.2);
  return ledger;
}

function drawProfile(random: Random): Profile {
  const calm = random.chance(0.25);
  return {
    mode: random.pick(["elected", "elected", "elected", "elected", "replicas", "replicas", "stack", "stack"]),
    crash: calm ? 0 : random.pick([0.002, 0.01, 0.04]),
    freeze: calm ? 0 : random.pick([0, 0.004, 0.02]),
    fault: calm ? 0 : random.pick([0, 0.03, 0.12]),
    pause: random.pick([20 * SECOND, HOUR, 3 * DAY]),
    acts: 3 + random.int(9),
  };
}
