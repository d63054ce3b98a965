// The judge. It knows the truth, and holds every effect of ours against the laws L1 to L7 of DESIGN.md.
import { HOUR, MINUTE } from "../../core/duration.ts";
import type { Entry, Record } from "../../core/record.ts";
import type { Outcome } from "../../tokenapi/converge.ts";
import type { Condition, Plan } from "../../core/plan.ts";
import type { Writing } from "../../tokenapi/target.ts";
import { CREDENTIAL, isOf, type Token } from "./ledger.ts";
import { readRecord } from "./reading.ts";
import type { Process } from "./process.ts";
import type { Version } from "./secret.ts";
import { isRolledOut } from "./workloads.ts";
import { HOME, HOURLY, RESYNC, type World } from "./world.ts";

/** The API tells its time in seconds, and answers travel. */
const TOLERANCE = 3_000;

export function recordOf(world: World): Record | null {
  const record = readRecord(world.secret.current?.record);
  return record?.mark === world.mark ? record : null;
}

/** The token whose value stands in the delivered copy. */
export function delivered(world: World): Token | null {
  const value = world.secret.current?.value ?? null;
  const token = value === null ? null : world.ledger.ofValue(value);
  return token?.mark === world.mark ? token : null;
}

const entryOf = (of: Process, token: Token): Entry | null => of.record?.revisions.find((entry) => isOf(token, entry)) ?? null;

/** Nobody else acts beside it. */
const leads = (of: Process): boolean => of.world.stack !== null || (of.world.profile.mode === "elected" && of.world.leader === of);

/** Somebody else touched the delivered copy after this process last looked: what it does next rests on the past. */
export const overtaken = (of: Process): boolean => of.world.secretTouchedAt >= of.lookedAt - 1 || of.world.secretTouched > of.basis;

/** A process acts on an order that a person gave, as far as it knows. */
function ordered(of: Process, token: Token): boolean {
  const { desired } = of;
  return desired.deleting || desired.state === "Revoked" || desired.compromised === token.number || entryOf(of, token)?.revoked?.why === "compromised";
}

export function onIssue(of: Process, token: Token): void {
  const { world } = of;
  world.issues++;
  if (!of.late) prepared(of, token);
  if (world.object === null || of.desired.deleting || of.dead || of.frozenUntil > 0) world.orphans.add(token);
  // A request that was given up may still arrive while its successor waits.
  if (of.memory.hand !== null && !of.late) world.broken("L5 exactly once", `r${token.number} was issued while r${of.memory.hand.number} waits in memory`);
  if (world.issues > world.causes) world.broken("L5 exactly once", `${world.issues} tokens were issued, and there was cause for ${world.causes}`);
  if (leads(of) && !of.late) inTurn(of, token);
}

/** What can wait begins in the first ten minutes of an hour. */
function inWindow({ world }: Process, token: Token): void {
  const past = (world.time.now + world.ledger.skew) % HOUR;
  const length = HOURLY[0]?.duration ?? 0;
  if (past > length + MINUTE && past < HOUR - MINUTE) world.broken("L4 order", `r${token.number} was issued ${past} ms after the window opened`);
}

/** What has to be known and done before a token may be asked for. */
function prepared(of: Process, token: Token): void {
  const { world, desired } = of;
  const mine = world.object?.uid === of.uid;
  if (of.api.listedAt === 0) world.broken("unknown", `r${token.number} was issued before any list was seen`);
  if (desired.paused) world.broken("L4 order", `r${token.number} was issued though the resource is paused`);
  if (mine && world.object?.held === false) world.broken("L1 nothing lost", `r${token.number} was issued before the declaring object was held`);
  if (of.planned && isForeign(of, of.planned)) world.broken("L5 exactly once", `r${token.number} was issued though what stands at the place of delivery is not ours`);
  if (isRestorable(of)) world.broken("L5 exactly once", `r${token.number} was issued though onExternalChange says Restore`);
}

/** The delivered one was only revoked elsewhere, and nothing else asks for a new one. */
function isRestorable(of: Process): boolean {
  const { desired, planned, world } = of;
  const record = readRecord(planned?.record);
  const entry = record?.revisions.find(({ number }) => number === record.current);
  const token = entry ? world.ledger.of(entry) : undefined;
  if (!entry || !token || entry.revoked || planned?.value !== token.value || desired.compromised === entry.number) return false;
  return desired.onExternalChange === "Restore" && desired.every === null && desired.look === planned.look && asksFor(of, entry) && endedElsewhere(of, token);
}

/** Revoked by somebody else, as the list showed, and otherwise good. */
function endedElsewhere({ desired, world, api }: Process, { endedAt, endedBy, by, expires }: Token): boolean {
  if (endedAt === null || endedAt >= api.listedAt || endedBy !== "outside" || by !== "us") return false;
  return expires === null || expires - desired.renewBefore > world.time.now + world.ledger.skew + TOLERANCE;
}

/** Whether the spec asks for just such a revision. */
function asksFor({ desired, world }: Process, { inputs }: Entry): boolean {
  if (inputs.rotate !== desired.rotate || inputs.days !== desired.days || inputs.scim !== desired.scim || inputs.base !== desired.base) return false;
  return nameOfOwner(world, inputs.owner) === desired.ownerName;
}

/** The user's name as the spec has it: none where the token is the credential's own. */
export function nameOfOwner({ ledger }: World, owner: number): string | null {
  return owner === CREDENTIAL ? null : (ledger.users.find(({ id }) => id === owner)?.name ?? "");
}

/** Another object's, or with the record of another resource. */
function isForeign({ uid, world }: Process, { owner, record }: Version): boolean {
  const mark = readRecord(record)?.mark ?? null;
  return (owner !== null && owner !== uid) || (mark !== null && mark !== world.mark);
}

/** A token is asked of an API that the record does not name. */
export function onIssueElsewhere(of: Process): void {
  const record = readRecord(of.planned?.record);
  if (record && record.revisions.length > 0 && !of.late) of.world.broken("L5 exactly once", "a token was asked for at another API than the record's");
}

/** Two are tolerated for answers that were lost. */
const MOST_FAILURES = 7;

export function onVerify(of: Process, token: Token | null): void {
  // What stands delivered is tried where a list is suspected, once a list.
  if (!token || token.deliveredAt !== null) return;
  token.failures++;
  if (token.failures > MOST_FAILURES) of.world.broken("L7 settles", `r${token.number} was tried ${token.failures} times`);
}

/** Whether it is a stranger's, and the list said so. */
const isStrangers = (of: Process, token: Token): boolean => token.by === "stranger" && token.activeSince < of.api.listedAt;

/** Another resource's, and the list said so: the API itself knows no condition. */
const isAnothers = (of: Process, token: Token): boolean => token.mark !== of.world.mark && token.by !== "stranger" && token.activeSince < of.api.listedAt;

/** Older than its object, and than all that its record knows: kept for audit, or left to whoever uses it. */
function ofThisLife(of: Process, token: Token, does: "revoked" | "deleted"): void {
  const { world, record } = of;
  if (world.object?.uid !== of.uid || of.late || world.stack || overtaken(of) || !isOlder(world, token)) return;
  if (record?.revisions.some((entry) => isOf(token, entry) || entry.created <= token.created)) return;
  world.broken("L2 never without", `r${token.number} of an earlier life was ${does}`);
}

/** What a deletion may not do. */
function againstDeletion(of: Process, token: Token, does: "revoked" | "deleted"): void {
  const { world, desired } = of;
  if (!desired.deleting) return;
  if (desired.deletionPolicy === "Orphan") world.broken("L4 order", `r${token.number} was ${does} though the deletion policy is Orphan`);
  if (does === "deleted" && desired.deletionPolicy === "Revoke") world.broken("L4 order", `r${token.number} was deleted though the deletion policy is Revoke`);
  const { current } = world.secret;
  const stands = delivered(world) === token && recordOf(world) !== null && current?.owner === of.uid && world.object?.uid === of.uid && token.created >= desired.since;
  if (stands && !overtaken(of) && world.profile.mode === "elected") world.broken("L4 order", `r${token.number} was ${does} while its delivered copy stands`);
}

/** A rotation waits for what still retires. */
function inTurn(of: Process, token: Token): void {
  const { world, record } = of;
  const current = delivered(world);
  if (!record || !current || !world.ledger.isValid(current) || world.secret.current?.ownAlone === false) return;
  // What is about to expire, or was tampered with, is replaced whatever retires.
  if (current.expires !== null && current.expires - world.ledger.skew - world.time.now <= of.desired.renewBefore) return;
  if (of.desired.windows === HOURLY && of.frozenUntil < of.lookedAt && current.activeSince < of.lookedAt) inWindow(of, token);
  const retiring = record.revisions.filter((entry) => entry.number < current.number && !entry.revoked && !entry.kept && entry.number !== of.desired.rollback);
  const valid = retiring.filter((entry) => world.ledger.of(entry)?.active === true);
  if (valid.length > 0) world.broken("L3 few", `r${token.number} was issued while r${valid.map(({ number }) => number).join(", r")} still retires`);
}

export function onRevoke(of: Process, token: Token): void {
  const { world } = of;
  if (isAnothers(of, token)) return world.broken("L2 never without", `#${token.id} was revoked, which is another resource's`);
  if (isStrangers(of, token)) world.broken("L2 never without", `#${token.id} was revoked, which is somebody else's`);
  againstDeletion(of, token, "revoked");
  ofThisLife(of, token, "revoked");
  if (!world.ledger.isValid(token) || ordered(of, token) || overtaken(of) || restoredSince(of, token)) return;
  unordered(of, token);
}

/** Nobody asked for it: the rules have to. */
function unordered(of: Process, token: Token): void {
  const { world } = of;
  const { current } = world.secret;
  const now = delivered(world);
  if (now === token && current?.owner === world.object?.uid && recordOf(world)?.current === token.number) {
    return world.broken("L2 never without", `r${token.number} was revoked while consumers read it`);
  }
  const entry = entryOf(of, token);
  if (!entry) return unrecorded(of, token);
  if (entry.deliveredAt === null && token.deliveredAt === null) return;
  const bare = !now || !world.ledger.isValid(now);
  if (bare && now?.endedBy !== "outside") world.broken("L4 order", `r${token.number} was revoked and nothing valid is delivered`);
  if (!bare && !entry.revoked) world.broken("L4 order", `r${token.number} was revoked, and the record does not say so`);
}

/** It was restored since this process looked: the API knows no condition that could hold a request back. */
const restoredSince = (of: Process, token: Token): boolean => token.activeSince > of.lookedAt && token.deliveredAt !== null;

/** What no record knows is revoked only while nobody has used it. */
function unrecorded(of: Process, token: Token): void {
  const usedLate = token.lastUsed !== null && token.lastUsed > token.created + MINUTE + 1_000;
  if (usedLate && usedBefore(token, of.api.listedAt)) of.world.broken("L2 never without", `r${token.number} was revoked unrecorded though it is used`);
}

const usedBefore = (token: Token, at: number): boolean => token.uses.some((use) => use <= at);

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
  const idleFor = Math.max(desired.retire.idleFor, world.stack ? 0 : RESYNC);
  if (now + TOLERANCE < since + minOverlap) return world.broken("L4 order", `r${old.number} was revoked ${now - since} ms after r${current.number} was delivered: minOverlap is ${minOverlap}`);
  if (now + TOLERANCE >= since + maxOverlap) return;
  if (!isRolledOut(of, current)) return world.broken("L2 never without", `r${old.number} was revoked while the workload still rolls out for r${current.number}`);
  if (when === "Deadline") return;
  if (!current.uses.some((use) => use >= since)) return world.broken("L4 order", `r${old.number} was revoked, and nobody uses r${current.number}`);
  if (of.api.listedAt + TOLERANCE < since + idleFor) world.broken("L2 never without", `r${old.number} was revoked for want of use, by a list from before it had stood still`);
  const last = old.uses.findLast((use) => use <= of.api.listedAt);
  if (last !== undefined && now + TOLERANCE < last + idleFor) {
    world.broken("L2 never without", `r${old.number} was revoked ${now - last} ms after it was used`);
  }
}

export function onDelete(of: Process, token: Token): void {
  const { world, desired } = of;
  if (isAnothers(of, token)) return world.broken("L2 never without", `#${token.id} was deleted, which is another resource's`);
  if (isStrangers(of, token)) world.broken("L2 never without", `#${token.id} was deleted, which is somebody else's`);
  againstDeletion(of, token, "deleted");
  ofThisLife(of, token, "deleted");
  // Restored by somebody since the list: the API refuses, and nothing is lost.
  if (token.active && !world.ledger.isOver(token) && token.activeSince > of.api.listedAt) return;
  if (token.active) return world.broken("L4 order", `r${token.number} was deleted without having been revoked`);
  if (desired.deleting || ordered(of, token)) return;
  const entry = entryOf(of, token);
  if (entry && desired.rollback === token.number) return world.broken("L4 order", `r${token.number} was deleted though a rollback asks for it`);
  if (!entry?.revoked || token.endedAt === null || entry.deliveredAt === null) return;
  const ended = Math.min(token.endedAt, token.expires === null ? Number.POSITIVE_INFINITY : token.expires - world.ledger.skew);
  if (world.time.now + TOLERANCE < ended + desired.keepRevokedFor && token.endedBy === "us") {
    world.broken("L4 order", `r${token.number} was deleted ${world.time.now - token.endedAt} ms after it was revoked: keepRevokedFor is ${desired.keepRevokedFor}`);
  }
}

/** A write of ours is about to take effect. */
export function onWrite(of: Process, before: Version | null, writing: Writing, value: string | null): void {
  if (before && isForeign(of, before)) of.world.broken("L1 nothing lost", "what is not ours was overwritten");
  onRecord(of, readRecord(before?.record), writing.record);
  if (typeof writing.value === "string" || value === null) return;
  onDeliver(of, value);
  const token = of.world.ledger.ofValue(value);
  if (token) token.deliveredAt ??= of.world.time.now;
}

/** What a process records is about to count. */
export function onRecord(of: Process, before: Record | null, record: Record): void {
  for (const entry of record.revisions) {
    ends(of, before, entry);
    adopts(of, before, entry);
    keeps(of, before, entry);
  }
}

/** A value is handed over. */
export function onDeliver(of: Process, value: string): void {
  const { world } = of;
  const token = world.ledger.ofValue(value);
  if (!token) return;
  world.tell(() => `  ${of.name} delivers r${token.number}`);
  if (!isGood(of, token)) world.broken("L2 never without", `r${token.number} was delivered after it had been given up`);
  if (of.desired.verify && of.memory.hand?.verified !== true) world.broken("L4 order", `r${token.number} was delivered unverified`);
}

/** A second owner of our mark is never fought: what it uses beside a good one of ours is not taken in. */
function adopts(of: Process, record: Record | null, entry: Entry): void {
  const { world } = of;
  if (entry.deliveredAt !== null || !record) return;
  const current = delivered(world);
  const token = world.ledger.of(entry);
  if (!current || token?.by !== "clone" || record.revisions.some((other) => isOf(other, entry)) || of.desired.state === "Revoked") return;
  const good = world.ledger.isValid(token) && world.ledger.isValid(current) && current.activeSince < of.api.listedAt && current.number === record.current;
  if (good && entry.number > current.number && usedBefore(token, of.api.listedAt)) world.broken("L7 settles", `r${token.number} of a second owner was taken in`);
}

/** What we restored for a rollback is nobody's wish to keep it for ever. */
function keeps(of: Process, before: Record | null, entry: Entry): void {
  if (!entry.kept || of.desired.rollback !== entry.number || before?.revisions.find((other) => isOf(other, entry))?.kept) return;
  if (of.world.ledger.of(entry)?.restoredBy === "us") of.world.broken("L6 truth", `r${entry.number} was restored by us, and is recorded as restored by somebody`);
}

/** The delivered copy goes, and with it the memory. */
export function onRemove(of: Process, version: Version): void {
  const { world, desired } = of;
  const record = readRecord(version.record);
  if (!record || record.mark !== world.mark || desired.abandon || of.api.at === HOME || record.issuer.url !== HOME.url || record.issuer.userId !== HOME.userId) return;
  const left = record.revisions.filter((entry) => world.ledger.of(entry)?.active === true);
  if (left.length > 0) world.broken("L1 nothing lost", `the record was removed for another API's list while r${left.map(({ number }) => number).join(", r")} is active`);
}

/** A revision is recorded as retired that was not before. */
function ends(of: Process, before: Record | null, entry: Entry): void {
  const { world } = of;
  if (entry.revoked?.why !== "retired" && entry.revoked?.why !== "early") return;
  const old = before?.revisions.find((other) => isOf(other, entry)) ?? null;
  const token = world.ledger.of(entry);
  const current = delivered(world);
  if (!old || old.revoked || !token || !current || !world.ledger.isValid(token) || ordered(of, token)) return;
  retirement(of, token, entry, current);
}

function isGood(of: Process, token: Token): boolean {
  const { world } = of;
  if (world.ledger.isValid(token) || world.ledger.isOver(token) || ordered(of, token)) return true;
  // What ended elsewhere is good as long as no list has shown it.
  if (token.endedBy === "outside" && (token.endedAt ?? 0) >= of.api.listedAt) return true;
  // What is written for an object that goes is collected with it.
  return world.object === null || world.object.deleting || world.object.uid !== of.uid || overtaken(of);
}

/** Made before the declaring object: of an earlier life. */
export function isOlder(world: World, token: Token): boolean {
  const { object } = world;
  if (!object || token.deleted) return false;
  // Pulumi keeps no birthday: what is older than all that the state knows is of an earlier life, or another stack's.
  const since = world.stack ? Math.min(...(recordOf(world)?.revisions ?? []).map(({ created }) => created)) : object.since - MINUTE;
  return token.created < since;
}

export function onRelease(of: Process): void {
  const { world } = of;
  for (const token of world.tokens()) {
    if (token.by !== "us" || world.orphans.has(token)) continue;
    if (!world.ledger.isValid(token)) {
      leftBehind(of, token);
      continue;
    }
    if (isOlder(world, token) || isHigher(of, token)) world.orphans.add(token);
    // Never delivered, so no record says that it was another API's.
    else if (of.api.at !== HOME && !recordOf(world)) world.orphans.add(token);
    else if (of.api.listedAt === 0 && of.desired.deletionPolicy !== "Orphan" && !of.desired.abandon) world.broken("L1 nothing lost", `the object was let go unseen while r${token.number} is active`);
    else if (of.desired.deletionPolicy === "Orphan" || of.desired.abandon || token.activeSince > of.api.listedAt) world.orphans.add(token);
    else if (world.profile.mode !== "replicas" || token.activeSince < of.api.listedAt - MINUTE) world.broken("L1 nothing lost", `the object was let go while r${token.number} is active`);
    else world.orphans.add(token);
  }
}

/** Pulumi: a replacement may live under higher numbers already, so a delete leaves what its state does not know. */
const isHigher = ({ world, record }: Process, token: Token): boolean => world.stack !== null && token.number > Math.max(0, ...(record?.revisions ?? []).map(({ number }) => number));

/** deletionPolicy: Delete leaves nothing that was seen to have ended. */
function leftBehind(of: Process, token: Token): void {
  const { world, desired } = of;
  const since = token.endedAt ?? (token.expires === null ? Number.POSITIVE_INFINITY : token.expires - world.ledger.skew);
  if (desired.deletionPolicy !== "Delete" || desired.abandon || token.created < desired.since || since > of.api.listedAt - MINUTE || of.api.at !== HOME) return;
  world.broken("L1 nothing lost", `the object was let go and r${token.number} was not deleted`);
}

function meet(of: Process, plan: Plan): void {
  const { coverage } = of.world;
  const list = of.desired.deleting ? "end" : "life";
  coverage.meet("check", `${list} ${plan.check}`);
  for (const reason of new Set([plan.reason, ...plan.conditions.map((condition) => condition.reason), ...plan.events.map((event) => event.reason)])) coverage.meet("reason", reason);
}

export function onPlan(of: Process, plan: Plan): void {
  const { coverage } = of.world;
  of.plans++;
  of.doing = plan.actions[0] ?? null;
  meet(of, plan);
  if (!of.reaches && !of.desired.deleting && !WITHOUT_ISSUER.has(plan.reason)) of.world.broken("L6 truth", `there is no issuer, and the plan says ${plan.reason}`);
  for (const action of plan.actions) {
    coverage.meet("action", action.do);
    // Each up looks anew, and a workload that takes its time is looked at now and then; in an operator any other look that never ends is a chase.
    if (action.do !== "Look" || (!of.world.stack && action.at !== "rollout")) of.world.actions++;
  }
  of.world.tell(() => `  ${of.name} ${plan.check}: ${plan.actions[0]?.do ?? plan.outcome}: ${plan.message}`);
}

/** What was said: for the judge's later questions, and for coverage. */
function heard({ world }: Process, { conditions }: Plan): Condition | undefined {
  const ready = conditions[0];
  world.secondOwnerSaid = conditions.some(({ type }) => type === "SecondOwner");
  world.unclaimedSaid = conditions.some(({ type }) => type === "Unclaimed");
  world.coverage.meet("ready", `${ready?.status ?? ""} ${ready?.reason ?? ""}`);
  return ready;
}

/** The end of a Pulumi handler. */
export function onView(of: Process, plan: Plan, value: string | null): void {
  const ready = heard(of, plan);
  if (ready?.status === "True" && plan.reason !== "TokensSuspect") truthful(of, of.record, value);
}

export function onOutcome(of: Process, outcome: Outcome): void {
  const { world } = of;
  if (outcome.error) world.tell(() => `  ${of.name} stops: ${outcome.error?.code ?? ""}`);
  // For an object that was replaced meanwhile its writes are collected, until it looks again.
  if (outcome.error?.code === "TOO_MANY_STEPS" && world.object?.uid === of.uid) world.broken("L7 settles", outcome.error.message);
  if (of.plans === 0) blindly(of, outcome);
  const ready = heard(of, outcome.plan);
  saidSo(of, outcome, ready);
  // A plan that no further look could follow is older than what was learnt meanwhile.
  const stale = (outcome.error !== null && world.secret.unreadable) || outcome.plan.reason === "TokensSuspect";
  if (ready?.status === "True" && !stale) truthful(of, readRecord(of.planned?.record), of.planned?.value ?? null);
}

/** What a list would show is said only after one was seen, or where whoever saw one has said it before. */
function unseen(of: Process, ready: Condition | undefined): void {
  if (of.api.listedAt > 0 || of.said?.reason === ready?.reason) return;
  if (ready?.reason === "DeletedElsewhere" || ready?.reason === "RevokedElsewhere") of.world.broken("L6 truth", `${ready.reason} was said before any list was seen`);
}

/** What is wrong is said. */
function saidSo(of: Process, outcome: Outcome, ready: Condition | undefined): void {
  const { world } = of;
  unseen(of, ready);
  const idle = outcome.plan.outcome === "rest" && outcome.error === null && !of.desired.deleting && of.desired.state === "Active";
  if (idle && of.desired.windows?.some(({ cron }) => cron.startsWith("61 "))) world.broken("L6 truth", "a window that never opens was passed over in silence");
  if (idle && ready?.status === "False" && ready.reason !== "ServiceUserDeactivated") world.broken("L6 truth", `nothing is done or waited for, and Ready is False: ${ready.reason}`);
}

/** What may be said where there is no issuer to ask. */
const WITHOUT_ISSUER: ReadonlySet<string> = new Set(["IssuerNotReady", "IssuerNotFound", "CopyUnknown", "SecretChanged"]);

/** The place of delivery could not be read: nothing may follow from that. */
function blindly(of: Process, { plan }: Outcome): void {
  meet(of, plan);
  if (!of.desired.deleting && plan.reason !== "CopyUnknown") of.world.broken("unknown", `the delivered copy is not known, and the plan says ${plan.reason}`);
  if (plan.actions.length > 0 && !of.desired.abandon) of.world.broken("unknown", `${plan.actions[0]?.do ?? ""} was planned without knowing the delivered copy`);
}

/** Ready is True: the delivered token was active when last seen, unexpired, and its value stood there. */
function truthful(of: Process, record: Record | null, value: string | null): void {
  const { world } = of;
  const entry = record?.revisions.find(({ number }) => number === record.current);
  if (!entry) return world.broken("L6 truth", "Ready without a record");
  const token = value === null ? null : world.ledger.ofValue(value);
  if (token?.id !== entry.id) return world.broken("L6 truth", `Ready, and the copy does not hold the value of r${entry.number}`);
  if (token.endedAt !== null && token.endedAt < of.api.listedAt) world.broken("L6 truth", `Ready, and r${entry.number} had ended before the last list (${new Date(token.endedAt).toISOString()}, ${new Date(of.api.listedAt).toISOString()})`);
  // Without an issuer nobody knows the API's time but by a clock of one's own.
  if (token.expires !== null && token.expires + TOLERANCE <= world.time.now + (of.reaches ? world.ledger.skew : of.shift)) world.broken("L6 truth", `Ready, and r${entry.number} has expired`);
}
