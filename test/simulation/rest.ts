// What has to be true in peace: consumers are served at every step, and at rest the goal is reached and nothing is left over.
import { HOUR, MINUTE } from "../../core/duration.ts";
import { issuerId } from "../../core/home.ts";
import type { Entry, Record } from "../../core/record.ts";
import { delivered, isNamedTheirs, isOlder, isRecorded, nameOfOwner, placesNamed, recordOf, siteNamed, siteOf } from "./truth.ts";
import { isOf, type Token } from "./ledger.ts";
import { STUBBORN } from "./sim-target.ts";
import { DAILY, type DeclaringObject, type Ref, type Spec, type World } from "./world.ts";

/** So long two may retire beside the current one, and so late may anything be. */
const CROWDED = 10 * MINUTE;
const lateness = ({ stack }: World): number => (stack ? 12 * HOUR : 0);

/** What somebody holds without our having delivered it waits for its own date, and does not count. */
const retires = (entry: Entry, { rollback }: Spec): boolean => !entry.revoked && !entry.kept && entry.deliveredAt !== null && entry.number !== rollback;

/** Somebody has to be served. */
function isServed(object: DeclaringObject | null): object is DeclaringObject {
  return object !== null && !object.deleting && object.spec.state === "Active" && object.spec.onExternalChange !== "Report";
}

/** After every step in peace. */
export function inPeace(world: World): void {
  const { object, ledger } = world;
  if (!isServed(object)) return;
  const current = delivered(world);
  if (!current || !ledger.isValid(current)) return world.broken("L2 never without", `in peace, ${current ? `r${current.number}` : "nothing"} is delivered, which is not valid`);
  const record = recordOf(world);
  let retiring = 0;
  for (const entry of record?.revisions ?? []) {
    const token = ledger.of(entry);
    if (entry.number !== record?.current && retires(entry, object.spec) && token && ledger.isValid(token)) retiring++;
  }
  if (retiring < 2) world.crowdedSince = null;
  else if (world.time.now - (world.crowdedSince ??= world.time.now) > CROWDED + lateness(world)) world.broken("L3 few", `${retiring} revisions retire at once`);
}

export function atRest(world: World): void {
  const { object, ledger } = world;
  if (object?.deleting) return world.broken("L7 settles", "the object is still being deleted");
  for (const token of world.tokens()) {
    if (token.by === "stranger" || !ledger.isValid(token) || world.orphans.has(token)) continue;
    if (token.by === "clone" && (isBeside(world, token) || isNamedTheirs(world, token) || !placesNamed(world).has(token.place))) continue;
    // Of before the delivered copy was put back to an older one: from then on it looks like a second owner's, and is named.
    if (isNamedTheirs(world, token) && isBeside(world, token) && looksTheirs(world, token)) continue;
    if (isForgotten(world, token)) continue;
    const wrong = leftActive(world, token);
    if (wrong !== null) return world.broken("L1 nothing lost", `r${token.number} is active at rest ${wrong}`);
  }
  if (!object) return;
  reached(world);
  tidied(world);
  leftForGood(world);
}

/** A former issuer at which nothing is left is not remembered for ever. */
function leftForGood(world: World): void {
  const { former, revisions = [] } = recordOf(world) ?? {};
  const there = former ? world.issuers[former.ref as Ref] : null;
  if (!former || !there || issuerId(there) !== issuerId(former) || revisions.some((entry) => entry.former)) return;
  if (world.tokens().some(({ place }) => place === there.place)) return;
  world.broken("L7 settles", `the record still names ${issuerId(former)}, where nothing is left`);
}

/** A second owner's newer token, or one that the record knows to be its, is said, and left alone. */
function isBeside(world: World, token: Token): boolean {
  const record = recordOf(world);
  const theirs = [...(record?.others ?? []), ...(record?.former?.others ?? [])];
  return !world.object || token.number >= (record?.current ?? 0) || theirs.includes(token.id);
}

/** So many numbers were given up one after the other that somebody else seems to issue: that is said, and a rotation clears them. */
function isGivenUpOften(world: World): boolean {
  const record = recordOf(world);
  return record !== null && record.fence - (record.current ?? 0) >= 3;
}

/** Only that, somebody else, an older record put back, or use by others gives cause to take one of ours for a second owner's. */
const looksTheirs = (world: World, { deliveredAt, uses, created, lastUsed }: Token): boolean => isGivenUpOften(world) || (lastUsed ?? 0) > created + MINUTE || deliveredAt !== null || uses.length > 0 || world.ledger.isCopied || world.secretTouchedAt >= created - world.ledger.skew;

/**
 * Of an issuer that the spec no longer names, and that no record names: whoever takes the record away takes that memory,
 * and a first token that was lost before the spec changed was never recorded. The operator's sweep finds both.
 */
function isForgotten(world: World, token: Token): boolean {
  const { place, created, deliveredAt } = token;
  if (placesNamed(world).has(place)) return false;
  return world.orphans.has(token) || world.secretTouchedAt >= created - world.ledger.skew || (deliveredAt === null && !isRecorded(world, place) && !isRemembered(world, token));
}

/** Whoever was told of it has led ever since. */
const isRemembered = ({ profile, leader }: World, { knownTo }: Token): boolean => profile.mode === "elected" && leader !== null && leader.name === knownTo;

/** Somebody has looked since it expired: its expiry alone wakes nobody. */
const isSeenOver = ({ replicas, ledger }: World, expires: number | null): boolean => expires === null || expires + MINUTE < Math.max(0, ...replicas.map(({ lookedAt }) => lookedAt)) + ledger.skew;

/** What has expired is not kept as good by whoever looks afterwards. */
function outlived(world: World, entry: Entry, late: number): void {
  const expires = world.ledger.of(entry)?.expires ?? null;
  if (expires !== null && expires + late < world.time.now + world.ledger.skew && isSeenOver(world, expires)) world.broken("L3 few", `r${entry.number} is recorded as good long after it expired`);
}

/** It has a part yet: delivered, asked for, or held back. */
const isAwaited = (world: World, { current }: Record, { number, revoked }: Entry): boolean => number === current || number === world.object?.spec.rollback || (revoked?.done === false && isHeldBack(world));

/** What has ended is deleted when its time is over, and forgotten. */
function tidied(world: World): void {
  const { object, ledger, time } = world;
  const record = recordOf(world);
  if (!object || !record) return;
  for (const entry of record.revisions) {
    const { revoked, number } = entry;
    const late = HOUR + lateness(world);
    if (!revoked && number !== record.current) outlived(world, entry, late);
    if (!revoked || isAwaited(world, record, entry)) continue;
    if (revoked.at + object.spec.keepRevokedFor + late < time.now) world.broken("L3 few", `r${number} is recorded long after it ended`);
  }
  for (const token of world.tokens()) {
    if (token.by !== "us" || ledger.isValid(token) || token.number > record.fence || isForgotten(world, token) || isAhead(world, token)) continue;
    if (isAlien(world, token, object.since) || record.revisions.some((entry) => isOf(token, entry))) continue;
    world.broken("L3 few", `r${token.number} has ended, is not recorded and is still there at rest`);
  }
}

/** Of an earlier life, or nobody has seen yet that it is over. */
const isAlien = (world: World, token: Token, since: number): boolean => (world.stack ? isOlder(world, token) : token.created < since + MINUTE) || (token.active && !isSeenOver(world, token.expires));

/** At the issuer that the spec names, and the resource has not moved there yet. */
function isAhead(world: World, { place }: Token): boolean {
  const record = recordOf(world);
  return record !== null && siteOf(record.issuer) !== place && siteNamed(world, world.object?.spec.issuerRef) === place;
}

/** Why a token should not be active at rest; null: it may be. */
function leftActive(world: World, token: Token): string | null {
  const { object } = world;
  const current = delivered(world);
  if (object && token === current) return null;
  const entry = object ? recordOf(world)?.revisions.find((other) => isOf(token, other)) : undefined;
  if (!entry) return world.unclaimedSaid && (isOlder(world, token) || isAhead(world, token)) ? null : "and nobody's";
  return isHeldBack(world) || accounted(entry, object?.spec.rollback ?? null) ? null : "though it was given up";
}

/** The current one ended elsewhere and a person is to decide: what gave way to it is held back, and that is said. */
function isHeldBack(world: World): boolean {
  const current = delivered(world);
  return world.object?.spec.onExternalChange === "Report" && !(current && world.ledger.isValid(current));
}

/** What may be active at rest beside the delivered one: kept for somebody, or still retiring. */
function accounted(entry: Entry, rollback: number | null): boolean {
  return entry.kept === true || entry.number === rollback || !entry.revoked;
}

function isAsked(world: World, spec: Spec, current: Token): boolean {
  if (current.place !== siteNamed(world, spec.issuerRef)) return false;
  const record = recordOf(world);
  const entry = record?.revisions.find(({ number }) => number === record.current);
  return nameOfOwner(world, current.owner) === spec.ownerName && entry?.inputs.rotate === spec.rotate && entry.inputs.days === spec.days;
}

/** What somebody keeps at a former issuer, or what is kept there for a restore yet, keeps the resource from moving once more, and that is said. */
function isHeldUp(world: World): boolean {
  const { issuer, revisions } = recordOf(world) ?? {};
  const { rollback, keepRevokedFor = 0 } = world.object?.spec ?? {};
  const isKept = ({ revoked }: Entry): boolean => revoked !== undefined && revoked.at + keepRevokedFor + HOUR > world.time.now;
  return issuer?.ref !== world.object?.spec.issuerRef && (revisions ?? []).some((entry) => entry.former && (entry.kept === true || entry.number === rollback || isKept(entry)));
}

/** The goal itself. */
function reached(world: World): void {
  const { object, ledger } = world;
  const current = delivered(world);
  if (!object) return;
  const { spec } = object;
  if (spec.state === "Revoked") {
    // What a person wrote into the copy is not ours to revoke.
    const ours = current?.by === "us" && recordOf(world)?.revisions.some((entry) => isOf(current, entry));
    if (current && ours && ledger.isValid(current)) world.broken("L7 settles", `r${current.number} is valid though state is Revoked`);
    return;
  }
  if (spec.onExternalChange === "Report") return;
  if (!current || !ledger.isValid(current)) return world.broken("L7 settles", "at rest nothing valid is delivered");
  if (!isAsked(world, spec, current) && !waitsForWindow(world, spec) && !isHeldUp(world)) world.broken("L7 settles", `r${current.number} is not what the spec asks for`);
  asOrdered(world, spec, current);
}

/** A daily window is longer away than rest is waited for, and nobody runs an up just while a window is open. */
const waitsForWindow = ({ stack }: World, { windows }: Spec): boolean => windows === DAILY || (stack !== null && windows?.length !== 0);

function asOrdered(world: World, spec: Spec, current: Token): void {
  const record = recordOf(world);
  if (spec.compromised === current.number) world.broken("L4 order", `r${current.number} is delivered though it is compromised`);
  const retiring = (record?.revisions ?? []).filter((other) => other.number !== record?.current && retires(other, spec));
  if (retiring.length > 1) world.broken("L3 few", `${retiring.length} revisions retire at rest`);
  // What somebody holds without our delivery is not counted as one too many, but a rotation waits for it as well.
  const waitedFor = (record?.revisions ?? []).some((other) => other.number < current.number && !other.revoked && !other.kept);
  // What is held up waits until the current one is about to expire.
  if (!waitedFor && !isHeldUp(world)) inTime(world, spec, current);
  // A look that only a new revision can have waits with that revision.
  const waits = (waitedFor || waitsForWindow(world, spec)) && spec.look === STUBBORN;
  if (spec.look !== world.secret.current?.look && !waits) world.broken("L7 settles", "the delivered copy looks other than the spec says");
  rolledBack(world, spec);
}

/** Renewed when it was due. */
function inTime(world: World, { renewBefore, every, windows }: Spec, { expires, created, number }: Token): void {
  // Nobody runs an up just while a window is open: half of renewBefore is left to expiry alone.
  const unopened = world.stack !== null && windows?.length !== 0;
  const due = Math.min(expires === null ? Number.POSITIVE_INFINITY : expires - (unopened ? renewBefore / 2 : renewBefore), every === null || unopened ? Number.POSITIVE_INFINITY : created + every);
  // What waited for its turn is due from when the one before it was gone.
  if (Math.max(due, world.revokedAt + world.ledger.skew) + (windows === DAILY ? 26 * HOUR : windows?.length ? 2 * HOUR : 2 * MINUTE) + lateness(world) < world.time.now + world.ledger.skew) world.broken("L7 settles", `r${number} is overdue for renewal`);
}

/** A revision that is kept is restored where a rollback asks for it. */
function rolledBack(world: World, { rollback, compromised }: Spec): void {
  const entry = recordOf(world)?.revisions.find(({ number }) => number === rollback);
  const token = entry ? world.ledger.of(entry) : undefined;
  if (!entry?.revoked || !token || token.active || rollback === compromised || world.ledger.isOver(token)) return;
  if (entry.revoked.why !== "compromised" && entry.number !== recordOf(world)?.current) world.broken("L7 settles", `r${entry.number} is not restored though a rollback asks for it`);
}
