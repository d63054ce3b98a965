// One history: a world, a person who acts for a while, then peace, in which everything has to come to rest.
import { DAY, HOUR } from "../../core/duration.ts";
import type { Entry } from "../../core/record.ts";
import { Consumer } from "./consumer.ts";
import type { Coverage } from "./coverage.ts";
import { delivered, isOlder, recordOf } from "./laws.ts";
import type { Token } from "./ledger.ts";
import { act } from "./person.ts";
import { Random } from "./random.ts";
import { World, type Breach, type Spec } from "./world.ts";

export interface Told {
  readonly seed: number;
  readonly steps: number;
  readonly breach: Breach | null;
  readonly story: readonly string[];
}

const MAX_STEPS = 20_000;

export async function live(seed: number, coverage: Coverage, tellStory = false): Promise<Told> {
  const story: string[] | null = tellStory ? [] : null;
  const world = new World(new Random(seed), coverage, story);
  void new Consumer(world);
  void new Consumer(world);
  await turmoil(world);
  if (!world.breach) await peace(world);
  return { seed, steps: world.steps, breach: world.breach, story: story ?? [] };
}

async function until(world: World, end: number): Promise<void> {
  while (!world.breach && world.time.next !== null && world.time.next <= end) {
    await world.step();
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

async function turmoil(world: World): Promise<void> {
  for (let i = 0; i <= world.profile.acts && !world.breach; i++) {
    if (i > 0) act(world);
    const pause = world.random.span(200, world.profile.pause);
    world.causes += renewals(world, pause);
    await until(world, world.time.now + pause);
  }
}

function heal(world: World): void {
  world.tell(() => "PEACE: faults stop");
  world.faults = false;
  world.outageUntil = 0;
  world.secret.refusal = null;
  for (const user of world.ledger.users) user.active = true;
  if (world.secret.current?.owner === "somebody") {
    world.touch();
    world.secret.remove();
  }
  for (const replica of world.replicas) replica.shift = 0;
  if (world.object && !world.object.deleting) {
    const { spec } = world.object;
    spec.paused = false;
    if (spec.ownerName === "Nobody") spec.ownerName = "Data Ingest";
    if (spec.onExternalChange === "Report" && world.random.chance(0.8)) spec.onExternalChange = "Reissue";
  }
  world.causes += 3;
  world.outside(60_000);
}

async function peace(world: World): Promise<void> {
  heal(world);
  const { object } = world;
  // What a frozen process still does, and what a lost request still brings, is over after so long.
  world.causes += renewals(world, HOUR);
  await until(world, world.time.now + HOUR);
  if (world.breach) return;
  const spec = object?.spec;
  const window = spec ? spec.retire.maxOverlap + spec.keepRevokedFor + (lifeOf(spec) < HOUR ? HOUR : DAY) : HOUR;
  const actions = world.actions;
  const issues = world.issues;
  world.causes += renewals(world, window) + 1;
  world.outside(60_000);
  await until(world, world.time.now + window);
  if (world.breach) return;
  const expected = renewals(world, window);
  if (world.issues - issues > expected) world.broken("L7 settles", `${world.issues - issues} tokens were issued in peace, ${expected} were due`);
  if (world.actions - actions > 80 + 20 * expected) world.broken("L7 settles", `${world.actions - actions} actions in peace`);
  await pauseInWork(world);
  if (!world.breach) atRest(world);
}

/** To a moment at which nobody is in the middle of something, a renewal that has just begun for one. */
async function pauseInWork(world: World): Promise<void> {
  for (let i = 0; i < 100 && !world.breach; i++) {
    await until(world, world.time.now + 3_000);
    if (!world.replicas.some(({ busy }) => busy)) return;
  }
}

function atRest(world: World): void {
  const { object, ledger } = world;
  if (object?.deleting) return world.broken("L7 settles", "the object is still being deleted");
  for (const token of ledger.tokens.values()) {
    if (!ledger.isValid(token) || world.orphans.has(token.id)) continue;
    const wrong = leftActive(world, token);
    if (wrong !== null) return world.broken("L1 nothing lost", `r${token.number} is active at rest ${wrong}`);
  }
  if (object) reached(world);
}

/** Why a token should not be active at rest; null: it may be. */
function leftActive(world: World, token: Token): string | null {
  const { object, ledger } = world;
  const current = delivered(world);
  if (object && token === current) return null;
  const entry = object ? recordOf(world)?.revisions.find(({ id }) => id === token.id) : undefined;
  if (!entry) return world.unclaimedSaid && isOlder(world, token) ? null : "and nobody's";
  // Its successor ended elsewhere and a person is to decide: it is held back, and said.
  const decides = object?.spec.onExternalChange === "Report" && !(current && ledger.isValid(current));
  return decides || accounted(entry, object?.spec.rollback ?? null) ? null : "though it was given up";
}

/** What may be active at rest beside the delivered one: kept for somebody, or still retiring. */
function accounted(entry: Entry, rollback: number | null): boolean {
  return entry.kept === true || entry.number === rollback || !entry.revoked;
}

function isAsked(world: World, spec: Spec, current: Token): boolean {
  const record = recordOf(world);
  const entry = record?.revisions.find(({ number }) => number === record.current);
  const owner = world.ledger.users.find(({ id }) => id === current.owner)?.name;
  return owner === spec.ownerName && entry?.inputs.rotate === spec.rotate && entry.inputs.days === spec.days;
}

/** The goal itself. */
function reached(world: World): void {
  const { object, ledger } = world;
  const current = delivered(world);
  if (!object) return;
  const { spec } = object;
  if (spec.state === "Revoked") {
    // What a person wrote into the copy is not ours to revoke.
    const ours = recordOf(world)?.revisions.some(({ id }) => id === current?.id);
    if (current && ours && ledger.isValid(current)) world.broken("L7 settles", `r${current.number} is valid though state is Revoked`);
    return;
  }
  if (spec.onExternalChange === "Report") return;
  if (!current || !ledger.isValid(current)) return world.broken("L7 settles", "at rest nothing valid is delivered");
  const record = recordOf(world);
  if (!isAsked(world, spec, current)) world.broken("L7 settles", `r${current.number} is not what the spec asks for`);
  const retiring = (record?.revisions ?? []).filter((other) => other.number !== record?.current && !other.revoked && !other.kept && other.number !== spec.rollback);
  if (retiring.length > 1) world.broken("L3 few", `${retiring.length} revisions retire at rest`);
}
