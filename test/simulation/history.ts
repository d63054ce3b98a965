// One history: a world, a person who acts for a while, then peace, in which everything has to come to rest.
import { DAY, HOUR, MINUTE } from "../../core/duration.ts";
import { Consumer } from "./consumer.ts";
import type { Coverage } from "./coverage.ts";
import { OPEN_POLICY } from "../../tokenapi/issuer.ts";
import { changeOf, FORMER, goRival, made, meddle } from "./accidents.ts";
import { act, deleteObject } from "./person.ts";
import { readRecord } from "./reading.ts";
import { Random } from "./random.ts";
import { atRest, inPeace } from "./rest.ts";
import { recordOf } from "./truth.ts";
import { DAILY, HOURLY, RENAMED, STANDING, World, type Breach, type Ref, type Spec } from "./world.ts";

export interface Told {
  readonly seed: number;
  readonly steps: number;
  readonly breach: Breach | null;
  readonly story: readonly string[];
  /** How many acts and mishaps it had. */
  readonly acts: number;
  readonly mishaps: number;
}

const MAX_STEPS = 20_000;

/** A history told without some of what happened in it. */
export interface Cut {
  /** Acts of the person, by their place. */
  readonly acts: ReadonlySet<number>;
  /** Deaths, freezes and faults, by their place. */
  readonly mishaps: ReadonlySet<number>;
}

export const UNCUT: Cut = { acts: new Set(), mishaps: new Set() };

export async function live(seed: number, coverage: Coverage, tellStory = false, cut = UNCUT): Promise<Told> {
  const story: string[] | null = tellStory ? [] : null;
  const world = new World(new Random(seed), coverage, story);
  world.spared = cut.mishaps;
  world.luck = new Random(Math.imul(seed, 0x85ebca6b));
  void new Consumer(world);
  void new Consumer(world);
  const acts = await turmoil(world, seed, cut.acts);
  if (!world.breach) await peace(world);
  return { seed, steps: world.steps, breach: world.breach, story: story ?? [], acts, mishaps: world.mishaps };
}

export async function until(world: World, end: number, isOver: () => boolean = () => false): Promise<void> {
  while (!world.breach && !isOver() && world.time.next !== null && world.time.next <= end) {
    await world.step();
    if (world.settled && !world.breach) inPeace(world);
    // Some turmoil, such as a fault that lasts for days, is cut short; peace has to be peaceful.
    if (world.faults && world.steps > MAX_STEPS / 4) return;
    if (world.steps > MAX_STEPS) world.broken("L7 settles", "no end in sight");
  }
  world.time.now = Math.max(world.time.now, end);
}

/** Renewals that time alone gives cause for. */
function renewals(world: World, span: number): number {
  const spec = world.object?.spec;
  if (!spec) return 1;
  return 1 + Math.ceil(span / lifeOf(spec));
}

/** From one renewal to the next. */
function lifeOf(spec: Spec): number {
  return Math.min(spec.days === null ? Number.POSITIVE_INFINITY : spec.days * DAY - spec.renewBefore, spec.every ?? Number.POSITIVE_INFINITY);
}

/** Each act draws from a chance of its own, so that leaving one out does not change the others. */
async function turmoil(world: World, seed: number, cut: ReadonlySet<number>): Promise<number> {
  const { random } = world;
  let i = 0;
  for (; i <= world.profile.acts && !world.breach; i++) {
    world.random = new Random(Math.imul(seed, 0x9e3779b1) + i);
    if (i > 0 && !cut.has(i)) act(world);
    const pause = world.random.span(200, world.profile.pause);
    world.random = random;
    for (const each of [world, ...(world.rival ? [world.rival] : [])]) each.causes += renewals(each, pause);
    await until(world, world.time.now + pause);
  }
  return i - 1;
}

/** All issuers are back, but for one that never is, or by another name, at the end of an object: that is what abandon and consent are for. */
function calmIssuers(world: World): void {
  const { object, issuers, random } = world;
  Object.assign(issuers, STANDING);
  if (!object || world.beside) return;
  const former = recordOf(world)?.former?.ref;
  if (random.chance(former ? 0.3 : 0.03)) deleteObject(world);
  if (!object.deleting) return;
  if (!world.stack && random.chance(0.5)) object.spec.abandon = true;
  const left = object.spec.abandon ? object.spec.issuerRef : former;
  if (left && random.chance(0.5)) issuers[left as Ref] = null;
  else if (random.chance(0.5)) issuers.a = RENAMED;
}

/** The world around is as it should be. */
function calm(world: World): void {
  world.tell(() => "PEACE: faults stop");
  world.faults = false;
  world.outageUntil = world.deniedUntil = world.refusedUntil = world.sluggishUntil = 0;
  world.stack?.rest(0);
  world.secret.refusal = null;
  world.secret.unreadable = false;
  if (!world.workload.exists) made(world);
  meddle(world, { refusal: null });
  world.cutUntil = 0;
  world.policy = OPEN_POLICY;
  calmIssuers(world);
  world.drifts = [0];
  for (const replica of world.replicas) replica.shift = replica.drift = 0;
  for (const user of world.ledger.users) {
    user.active = true;
    const name = user.name.replace(FORMER, "");
    if (!world.ledger.users.some((other) => other.place === user.place && other.name === name)) user.name = name;
  }
}

/** Two that want one Secret never agree: a person lets the second one go. */
function settleRival(rival: World): void {
  calm(rival);
  if (rival.object) Object.assign(rival.object.spec, { deletionPolicy: "Delete", abandon: false });
  goRival(rival);
  rival.causes += 3;
  rival.outside(60_000);
}

/** A person puts right what a person has to. */
function heal(world: World): void {
  const { secret, object } = world;
  if (secret.current && (secret.current.owner === "somebody" || (readRecord(secret.current.record)?.mark ?? world.mark) !== world.mark)) {
    world.touch();
    secret.remove();
  }
  if (object && !object.deleting) {
    const { spec } = object;
    spec.paused = false;
    spec.complaint = null;
    if (spec.windows !== HOURLY && spec.windows !== DAILY) spec.windows = [];
    if (spec.ownerName === "Nobody") spec.ownerName = "Data Ingest";
    if (spec.onExternalChange === "Report" && world.random.chance(0.8)) spec.onExternalChange = "Reissue";
  }
  world.causes += 3;
  world.outside(60_000);
}

/** What did not authenticate is not issued again until a person says so. */
async function askAgain(world: World): Promise<void> {
  const { object } = world;
  if (!object || object.deleting || !world.replicas.some(({ memory }) => memory.refused !== null)) return;
  object.spec.rotate = "in peace";
  world.causes += 1 + renewals(world, HOUR);
  world.tell(() => "PERSON asks for a rotation, now that tokens authenticate");
  world.outside(1_000);
  await until(world, world.time.now + HOUR);
}

function isHomeless(world: World): boolean {
  const ref = recordOf(world)?.issuer.ref ?? world.object?.spec.issuerRef;
  return world.issuers[ref as Ref] === null;
}

/** Whoever was left at an issuer that is another one by now has to be told so, one after the other. */
async function consent(world: World): Promise<void> {
  for (let i = 0; i < 3 && !world.breach; i++) {
    const change = changeOf(world);
    if (!change || !world.object) break;
    // Where the one at home is the one that never comes back, that is no way out of a deletion.
    if (world.object.deleting && !world.stack) world.object.spec.abandon = isHomeless(world);
    world.object.spec.issuerChange = change;
    world.causes += 2 + renewals(world, HOUR);
    world.tell(() => `PERSON consents: ${change.from} -> ${change.to}`);
    world.outside(1_000);
    await until(world, world.time.now + HOUR);
  }
  await letGo(world);
}

/** Where the issuer that a deletion waits for now never comes back, it names the way out. */
async function letGo(world: World): Promise<void> {
  const { object, issuers, stack } = world;
  if (!object?.deleting || object.spec.abandon || stack || world.breach) return;
  if (issuers[object.spec.issuerRef] !== null && !isHomeless(world)) return;
  world.tell(() => "PERSON abandons, as the message says");
  object.spec.abandon = true;
  world.outside(1_000);
  await until(world, world.time.now + HOUR);
}

/** Each token that still stands when peace begins is ended, deleted and forgotten, in the worst case by two at once. */
const EACH = 6;

export async function peace(world: World): Promise<void> {
  calm(world);
  if (world.rival) settleRival(world.rival);
  heal(world);
  const { object } = world;
  // What a frozen process still does, and what a lost request still brings, is over after so long.
  world.causes += renewals(world, HOUR);
  await until(world, world.time.now + HOUR);
  await consent(world);
  await askAgain(world);
  if (world.breach) return;
  world.settled = true;
  inPeace(world);
  const spec = object?.spec;
  const window = spec ? spec.retire.maxOverlap + spec.keepRevokedFor + (lifeOf(spec) < HOUR ? HOUR : DAY) : HOUR;
  const actions = world.actions;
  const issues = world.issues;
  const many = world.tokens().length;
  world.causes += renewals(world, window) + 1;
  world.outside(60_000);
  await until(world, world.time.now + window);
  if (world.breach) return;
  const expected = renewals(world, window);
  if (world.issues - issues > expected) world.broken("L7 settles", `${world.issues - issues} tokens were issued in peace, ${expected} were due`);
  if (world.actions - actions > 80 + 20 * expected + EACH * many) world.broken("L7 settles", `${world.actions - actions} actions in peace`);
  await pauseInWork(world);
  if (!world.breach) atRest(world);
  if (!world.breach && world.rival) atRest(world.rival);
}

/** To a moment at which nobody is in the middle of something, a renewal that has just begun for one. */
async function pauseInWork(world: World): Promise<void> {
  for (let i = 0; world.stack && i < 3; i++) {
    world.stack.soon(1_000);
    await until(world, world.time.now + 10 * MINUTE);
  }
  for (let i = 0; i < 100 && !world.breach; i++) {
    await until(world, world.time.now + 3_000);
    if (!world.stack?.locked && ![...world.replicas, ...(world.rival?.replicas ?? [])].some(({ busy }) => busy)) return;
  }
}
