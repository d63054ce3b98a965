// Laws about what is delivered and recorded: good, verified, and what gives way in its time (L1, L2, L4).
import { DAY, MINUTE } from "../../core/duration.ts";
import { issuerId } from "../../core/home.ts";
import type { Entry, Record, RecordedIssuer } from "../../core/record.ts";
import type { Writing } from "../../tokenapi/target.ts";
import { isOf, type Token } from "./ledger.ts";
import type { Process } from "./process.ts";
import { readRecord } from "./reading.ts";
import type { Version } from "./secret.ts";
import { delivered, isForeign, isNamedTheirs, isOlder, isSaidTheirs, leads, ordered, overtaken, recordOf, seenInUse, siteNamed, siteOf, usedBefore, TOLERANCE } from "./truth.ts";
import { isRolledOut } from "./workloads.ts";
import { RESYNC, type World } from "./world.ts";

/** Ahead of its time goes only what stands in the way of another one. */
function early(of: Process, old: Token, current: Token): void {
  const others = of.record?.revisions.filter((other) => !other.revoked && !other.kept && !isOf(current, other)) ?? [];
  if (others.length === 0 && !overtaken(of)) of.world.broken("L4 order", `r${old.number} was retired early though nothing else retires`);
}

/** An old revision of a good current one is about to be revoked, and recorded as such: is it time? */
function retirement(of: Process, old: Token, entry: Entry, current: Token): void {
  const { world, desired } = of;
  const { now } = world.time;
  if (entry.revoked?.why === "early") return early(of, old, current);
  const dated = of.record?.revisions.find((other) => isOf(current, other))?.deliveredAt ?? now;
  // A slow delivery is dated anew once its process hears of it; until then others know the earlier date.
  const since = Math.min(current.deliveredAt ?? now, dated - world.ledger.skew);
  if (old.expires !== null && old.expires <= now + world.ledger.skew + TOLERANCE) return;
  const { minOverlap, maxOverlap, when } = desired.retire;
  if (now + TOLERANCE < since + minOverlap) return world.broken("L4 order", `r${old.number} was revoked ${now - since} ms after r${current.number} was delivered: minOverlap is ${minOverlap}`);
  const begun = Math.min(since, tookOver(world, old, entry));
  if (now + TOLERANCE >= begun + maxOverlap) return;
  if (!isRolledOut(of, current)) return world.broken("L2 never without", `r${old.number} was revoked while the workload still rolls out for r${current.number}`);
  if (when === "Unused") unused(of, old, current, { since, begun });
}

/** When the first of ours was delivered that what somebody holds gives way to. */
function tookOver(world: World, old: Token, { deliveredAt }: Entry): number {
  if (deliveredAt !== null) return Number.POSITIVE_INFINITY;
  return Math.min(...world.deliveries.filter(({ number }) => number > old.number).map(({ at }) => at));
}

/**
 * A trial of ours looks like a consumer's use where a record of before it was put back, or where its request was under
 * way for longer than it was recorded for.
 */
function isTrialUnknown({ world, record }: Process, current: Token): boolean {
  const { triedAt, triedFrom } = current;
  const usedAfter = record?.revisions.find((entry) => isOf(current, entry))?.usedAfter ?? 0;
  return triedAt > 0 && (world.secretTouchedAt >= triedAt || (triedAt + world.ledger.skew > usedAfter && triedFrom + world.ledger.skew <= usedAfter));
}

/** The new one is used, and nobody needs the old one any more. */
function unused(of: Process, old: Token, current: Token, { since, begun }: { since: number; begun: number }): void {
  const { world, desired } = of;
  const { now } = world.time;
  const idleFor = Math.max(desired.retire.idleFor, world.stack ? 0 : RESYNC);
  if (!isTrialUnknown(of, current) && !current.uses.some((use) => use >= since)) return world.broken("L4 order", `r${old.number} was revoked, and nobody uses r${current.number}`);
  if (of.seenAt(old) + TOLERANCE < begun + idleFor) world.broken("L2 never without", `r${old.number} was revoked for want of use, by a list from before it had stood still`);
  const last = old.uses.findLast((use) => use <= of.seenAt(old));
  if (last !== undefined && now + TOLERANCE < last + idleFor) {
    world.broken("L2 never without", `r${old.number} was revoked ${now - last} ms after it was used`);
  }
}

/** A write of ours is about to take effect. */
export function onWrite(of: Process, before: Version | null, writing: Writing, value: string | null): void {
  if (before && isForeign(of, before)) of.world.broken("L1 nothing lost", "what is not ours was overwritten");
  onRecord(of, readRecord(before?.record), writing.record);
  if (typeof writing.value === "string" || value === null) return;
  onDeliver(of, value);
  const token = of.world.ledger.ofValue(value);
  if (!token || token.deliveredAt !== null) return;
  Object.assign(token, { deliveredAt: of.world.time.now, deliveredBy: of.name });
  of.world.deliveries.push({ number: token.number, at: of.world.time.now });
}

/** What a process records is about to count. */
export function onRecord(of: Process, before: Record | null, record: Record): void {
  for (const entry of record.revisions) {
    if (before?.current !== record.current) waitsAnew(of, before, entry);
    ends(of, before, entry);
    adopts(of, before, entry);
    keeps(of, before, entry);
  }
  forgets(of, before, record);
  moves(of, before, record);
  leaves(of, before, record);
}

/** What somebody holds waits from its first successor on, unless that one was ended before its time. */
function waitsAnew(of: Process, before: Record | null, entry: Entry): void {
  const was = before?.revisions.find((other) => isOf(other, entry))?.retiringSince;
  const current = before?.revisions.find(({ number }) => number === before.current);
  const { world } = of;
  const token = current && world.ledger.of(current);
  if (was === undefined || was === entry.retiringSince || !token || token.endedAt !== null) return;
  // Whether one is good that nobody reaches is not known.
  if (of.sessionAt((current.former ? before?.former : before?.issuer)?.ref ?? of.desired.issuerRef ?? "a") === null) return;
  world.broken("L3 few", `r${entry.number} waits anew for each that follows`);
}

/** A person's word to go on without what is at one issuer. */
const isGivenUp = (of: Process, issuer: RecordedIssuer | undefined): boolean => issuer !== undefined && of.desired.issuerChange?.from === issuerId(issuer);

/** It became active after the list that the process went by. Where there was none, nobody may say so. */
const isMissed = (of: Process, token: Token): boolean => of.seenAt(token) > 0 && token.activeSince >= of.seenAt(token);

/** The record is the memory: what is still good is not left out of it. */
function forgets(of: Process, before: Record | null, record: Record): void {
  const { world } = of;
  for (const entry of before?.revisions ?? []) {
    const token = world.ledger.of(entry);
    if (!token || record.revisions.some((other) => isOf(other, entry))) continue;
    if (isGivenUp(of, entry.former ? before?.former : before?.issuer)) world.orphans.add(token);
    else if (world.ledger.isValid(token) && !isMissed(of, token) && !overtaken(of)) world.broken("L1 nothing lost", `r${token.number} is active, and was left out of the record`);
  }
}

/** It is at home nowhere where nobody answers. */
function moves(of: Process, before: Record | null, { issuer }: Record): void {
  if (!before || issuer.ref === undefined || before.issuer.ref === issuer.ref || of.sessionAt(issuer.ref) !== null) return;
  of.world.broken("L2 never without", `the resource moved to ${issuerId(issuer)}, which does not answer`);
}

const issuersOf = ({ issuer, former }: Record): RecordedIssuer[] => [issuer, ...(former ? [former] : [])];

/** From now on a record names these issuers. */
export function remembers(world: World, record: Record): void {
  for (const issuer of issuersOf(record)) {
    const site = siteOf(issuer);
    if (site) world.recordedAt.set(site, world.time.now);
  }
}

/** What is no longer named is never looked at again: nothing of ours may be left there. */
function leaves(of: Process, before: Record | null, record: Record): void {
  const { world } = of;
  const named = issuersOf(record);
  // What a stack writes counts once it is saved.
  if (!world.stack) remembers(world, record);
  for (const issuer of before ? issuersOf(before) : []) {
    const site = siteOf(issuer);
    if (site === null || named.some((other) => siteOf(other) === site)) continue;
    for (const token of world.tokens()) {
      if (token.place !== site || token.by !== "us" || !world.ledger.isValid(token) || world.orphans.has(token) || isOlder(world, token)) continue;
      letGo(of, token, isTheirs(world, before, token) || isGivenUp(of, issuer));
    }
  }
}

/** What is known to be a second owner's was said, and is left to them; what nobody has used is nobody's. */
const isTheirs = (world: World, before: Record | null, token: Token): boolean => [...(before?.others ?? []), ...(before?.former?.others ?? [])].includes(token.id) || (looksUsed(token) && isNamedTheirs(world, token));

/** As far as the API tells: a trial of our own that came late looks like a consumer's. */
const looksUsed = ({ uses, lastUsed, created }: Token): boolean => uses.length > 0 || (lastUsed !== null && lastUsed > created + MINUTE);

function letGo(of: Process, token: Token, isAllowed: boolean): void {
  const { world } = of;
  if (isAllowed) world.orphans.add(token);
  else if (!isMissed(of, token) && !overtaken(of)) world.broken("L1 nothing lost", `the record lets an issuer go while r${token.number} (#${token.id}) is active there`);
}

/** A value is handed over. */
export function onDeliver(of: Process, value: string): void {
  const { world } = of;
  const token = world.ledger.ofValue(value);
  if (!token) return;
  world.tell(() => `  ${of.name} delivers r${token.number}`);
  world.fought = world.foughtUpTo = 0;
  of.delivering = token;
  if (!isGood(of, token)) world.broken("L2 never without", `r${token.number} was delivered after it had been given up`);
  if (of.desired.verify && of.memory.hand?.verified !== true) world.broken("L4 order", `r${token.number} was delivered unverified`);
}

/** So much later than recorded may a value stand there. */
const SLOW = 2_000;

/** The overlap counts from when the value stood there, as far as whoever wrote it was told that it did. */
export function dated(of: Process): void {
  const { world, delivering, memory } = of;
  of.delivering = null;
  // What failed after the delivery ended that run.
  if (!delivering?.deliveredAt || of.plans < 2 || memory.hand || world.stack || overtaken(of)) return;
  // Whoever lost the lead meanwhile may not write it down, and its successor cannot know.
  if (!leads(of)) return;
  const entry = recordOf(world)?.revisions.find((other) => isOf(delivering, other));
  if (!entry?.deliveredAt || entry.deliveredAt + SLOW + TOLERANCE >= delivering.deliveredAt + world.ledger.skew) return;
  world.broken("L4 order", `r${delivering.number} is recorded as delivered ${delivering.deliveredAt + world.ledger.skew - entry.deliveredAt} ms before it stood there`);
}

/** A second owner of our mark is never fought: what it uses beside a good one of ours is not taken in. */
function adopts(of: Process, record: Record | null, entry: Entry): void {
  const { world } = of;
  if (entry.deliveredAt !== null) return;
  if (world.stack) return claims(of, record, entry);
  if (!record) return;
  const current = delivered(world);
  const token = world.ledger.of(entry);
  if (!current || token?.by !== "clone" || record.revisions.some((other) => isOf(other, entry)) || of.desired.state === "Revoked") return;
  const good = world.ledger.isValid(token) && world.ledger.isValid(current) && current.activeSince < of.seenAt(current) && current.number === record.current;
  if (good && entry.number > current.number && usedBefore(token, of.seenAt(token))) world.broken("L7 settles", `r${token.number} of a second owner was taken in`);
}

/** What a create may have left behind itself is unused and young; anything else that no state of this stack knew may be another stack's. */
function claims(of: Process, record: Record | null, entry: Entry): void {
  const { world } = of;
  const { skew } = world.ledger;
  const token = world.ledger.of(entry);
  if (!token || record?.revisions.some((other) => isOf(other, entry) || other.created <= entry.created)) return;
  if (seenInUse(of, token) || of.seenAt(token) + skew > token.created + DAY + TOLERANCE) world.broken("L2 never without", `r${token.number}, which may be another stack's, was taken in`);
}

/** What we restored for a rollback is nobody's wish to keep it for ever. */
export function keeps(of: Process, before: Record | null, entry: Entry): void {
  if (!entry.kept || of.desired.rollback !== entry.number || before?.revisions.find((other) => isOf(other, entry))?.kept) return;
  if (of.world.ledger.of(entry)?.restoredBy === "us") of.world.broken("L6 truth", `r${entry.number} was restored by us, and is recorded as restored by somebody`);
}

/** The delivered copy goes, and with it the memory. */
export function onRemove(of: Process, version: Version): void {
  const { world, desired } = of;
  const record = readRecord(version.record);
  world.removedAt = world.time.now;
  if (!record || record.mark !== world.mark || desired.abandon) return;
  const theirs = world.tokens().filter((token) => isSaidTheirs(of, token));
  if (theirs.length > 0) world.broken("L2 never without", `the record was removed, which alone tells r${theirs.map(({ number }) => number).join(", r")} to be somebody else's`);
  // Where the spec says, they are found by their marks. An issuer that is renamed while it works is still the one that it asks.
  const home = of.siteAt(desired.issuerRef) ?? siteNamed(world, desired.issuerRef);
  const left = record.revisions.filter((entry) => {
    const token = world.ledger.of(entry);
    return token !== undefined && world.ledger.isValid(token) && token.place !== home && !isMissed(of, token);
  });
  if (left.length > 0 && !overtaken(of)) world.broken("L1 nothing lost", `the record was removed while r${left.map(({ number }) => number).join(", r")} is active at another API than the spec's`);
}

/** A revision is recorded as retired that was not before. */
export function ends(of: Process, before: Record | null, entry: Entry): void {
  const { world } = of;
  if (entry.revoked?.why !== "retired" && entry.revoked?.why !== "early") return;
  const old = before?.revisions.find((other) => isOf(other, entry)) ?? null;
  const token = world.ledger.of(entry);
  const current = delivered(world);
  if (!old || old.revoked || !token || !current || !world.ledger.isValid(token) || ordered(of, token)) return;
  // Whoever put an older record back took that memory away. What was never delivered nobody holds, whoever restored it.
  if (token.rescued !== null && token.deliveredAt !== null && token.activeSince < of.seenAt(token) && world.secretTouchedAt < token.rescued) return world.broken("L2 never without", `r${token.number} was retired, though somebody restored it`);
  retirement(of, token, entry, current);
}

function isGood(of: Process, token: Token): boolean {
  const { world } = of;
  if (world.ledger.isValid(token) || world.ledger.isOver(token) || ordered(of, token)) return true;
  // What ended elsewhere is good as long as no list has shown it.
  if (token.endedBy === "outside" && (token.endedAt ?? 0) >= of.seenAt(token)) return true;
  // What is written for an object that goes is collected with it.
  return world.object === null || world.object.deleting || world.object.uid !== of.uid || overtaken(of);
}
