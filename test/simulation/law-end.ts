// Laws about ending tokens: nobody is left without, and nothing is left over (L1, L2, L4).
import { MINUTE } from "../../core/duration.ts";
import { issuerId } from "../../core/home.ts";
import type { Entry } from "../../core/record.ts";
import { isOf, type Token } from "./ledger.ts";
import type { Process } from "./process.ts";
import { readRecord } from "./reading.ts";
import { delivered, entryOf, isNamedTheirs, isOlder, isRecorded, isSaidTheirs, ordered, overtaken, recordOf, seenInUse, siteNamed, TOLERANCE } from "./truth.ts";
import { ISSUERS, type World } from "./world.ts";

/** Whether it is a stranger's, and the list said so. */
const isStrangers = (of: Process, token: Token): boolean => token.by === "stranger" && token.activeSince < of.seenAt(token);

/** So many may be taken for lost ones, until it is clear that they are somebody's. */
const MOST_FOUGHT = 3;

/** Another resource's, and the list said so: the API itself knows no condition. */
const isAnothers = (of: Process, token: Token): boolean => token.mark !== of.world.mark && token.by !== "stranger" && token.activeSince < of.seenAt(token);

/** Older than its object, and than all that its record knows: kept for audit, or left to whoever uses it. */
function ofThisLife(of: Process, token: Token, does: "revoked" | "deleted"): void {
  const { world, record, planned } = of;
  if (world.object?.uid !== of.uid || of.late || world.stack || overtaken(of) || !isOlder(world, token)) return;
  // Another replica may have removed the record since this one looked.
  const known = [...(record?.revisions ?? []), ...(readRecord(planned?.record)?.revisions ?? [])];
  if (known.some((entry) => isOf(token, entry) || entry.created <= token.created)) return;
  world.broken("L2 never without", `r${token.number} of an earlier life was ${does}`);
}

/** Our last words called it that. With a record that a person gave up, or an object that is gone, goes what they rested on. */
function isNamed(of: Process, token: Token): boolean {
  const { world, desired, uid } = of;
  if (token.by !== "clone" || desired.abandon || desired.issuerChange || world.object?.uid !== uid) return false;
  return world.ledger.isValid(token) && isNamedTheirs(world, token) && seenInUse(of, token) && !entryOf(of, token);
}

/** What was said to be somebody else's is left to them at the end too. */
function spares(of: Process, token: Token, does: "revoked" | "deleted"): void {
  if (!of.desired.deleting || overtaken(of) || !(isNamed(of, token) || isSaidTheirs(of, token))) return;
  of.world.broken("L2 never without", `r${token.number}, which was said to be somebody else's, was ${does} with ours`);
}

/** Somebody else runs with our mark, or it looks like that since an older copy was put back. */
function isBesideOthers(world: World): boolean {
  const { ledger, secondOwnerSaid } = world;
  const record = recordOf(world);
  const isNewer = (token: Token): boolean => token.number > (record?.current ?? 0) && ledger.isValid(token) && (token.uses.length > 0 || token.triedAt > 0) && !record?.revisions.some((entry) => isOf(token, entry));
  return ledger.isCopied || secondOwnerSaid !== "" || (record?.others ?? []).length > 0 || world.tokens().some(isNewer);
}

/** As the record has it, it is where the spec says: nobody needs the record to find it. */
function isAtHome(of: Process, token: Token): boolean {
  const { ref = of.desired.issuerRef } = recordOf(of.world)?.issuer ?? {};
  return ref === of.desired.issuerRef && token.place === siteNamed(of.world, ref) && entryOf(of, token)?.former !== true;
}

/** What a deletion may not do. */
function againstDeletion(of: Process, token: Token, does: "revoked" | "deleted"): void {
  const { world, desired } = of;
  if (!desired.deleting) return;
  if (desired.deletionPolicy === "Orphan") world.broken("L4 order", `r${token.number} was ${does} though the deletion policy is Orphan`);
  if (does === "deleted" && desired.deletionPolicy === "Revoke") world.broken("L4 order", `r${token.number} was deleted though the deletion policy is Revoke`);
  const { current } = world.secret;
  // What is not where the spec says is told by the record alone, and so is ours beside a second owner's: it goes before the copy that holds the record.
  const stands = isAtHome(of, token) && delivered(world) === token && recordOf(world) !== null && current?.owner === of.uid && world.object?.uid === of.uid && token.created >= desired.since && !desired.abandon && !isDeliveredSince(of, token);
  if (stands && !overtaken(of) && !isBesideOthers(world) && world.profile.mode === "elected") world.broken("L4 order", `r${token.number} was ${does} while its delivered copy stands`);
}

/** By a process that stood still in the middle of that, and has lost the lead: this one has not seen it yet, and the copy goes with its object. */
const isDeliveredSince = ({ world, basis, name }: Process, { deliveredBy }: Token): boolean => deliveredBy !== name && world.secret.version > basis;

/** What a process has been told of its own write counts until it has seen a later list. */
function again(of: Process, token: Token): void {
  if (!token.active && !of.late && of.toldOf(token) > of.seenAt(token)) of.world.broken("L5 exactly once", `r${token.number} was revoked again, by a list from before`);
}

export function onRevoke(of: Process, token: Token): void {
  const { world } = of;
  world.revokedAt = world.time.now;
  if (isAnothers(of, token)) return world.broken("L2 never without", `#${token.id} was revoked, which is another resource's`);
  if (isStrangers(of, token)) world.broken("L2 never without", `#${token.id} was revoked, which is somebody else's`);
  spares(of, token, "revoked");
  againstDeletion(of, token, "revoked");
  ofThisLife(of, token, "revoked");
  again(of, token);
  if (!world.ledger.isValid(token) || ordered(of, token) || overtaken(of) || restoredSince(of, token)) return;
  unordered(of, token);
}

/** Nobody asked for it: the rules have to. */
function unordered(of: Process, token: Token): void {
  const { world } = of;
  const { current } = world.secret;
  const now = delivered(world);
  const entry = entryOf(of, token);
  if (now === token && current?.owner === world.object?.uid && entry && recordOf(world)?.current === entry.number) {
    return world.broken("L2 never without", `r${token.number} was revoked while consumers read it`);
  }
  if (!entry || isTakenInSince(of, token, entry)) return unrecorded(of, token);
  if (entry.deliveredAt === null && token.deliveredAt === null) return;
  const bare = !now || !world.ledger.isValid(now);
  if (bare && !isEndedByOthers(of, now)) world.broken("L4 order", `r${token.number} was revoked and nothing valid is delivered`);
  if (now) gaveWay(of, token, now, entry);
  if (!bare && !entry.revoked) world.broken("L4 order", `r${token.number} was revoked, and the record does not say so`);
}

/** By somebody, or by another replica after the list that this one went by: the API itself knows no condition. */
function isEndedByOthers(of: Process, now: Token | null): boolean {
  if (!now) return false;
  return now.endedBy === "outside" || (of.world.profile.mode === "replicas" && now.endedAt !== null && now.endedAt >= of.seenAt(now));
}

/** Found in use and recorded by another process, while this one's request stood still: the API itself knows no condition. */
const isTakenInSince = ({ planned }: Process, token: Token, { deliveredAt }: Entry): boolean =>
  deliveredAt === null && planned !== null && !readRecord(planned.record)?.revisions.some((entry) => isOf(token, entry));

/** The record that it went by said so, and is gone since: a request that is on its way cannot be called back. */
const isNoted = ({ planned }: Process, token: Token): boolean => readRecord(planned?.record)?.revisions.some((entry) => isOf(token, entry) && entry.revoked !== undefined) ?? false;

/** It gave way to one of which a list has shown since that it is gone. */
function gaveWay(of: Process, token: Token, now: Token, { revoked }: Entry): void {
  const isGone = now.endedBy === "outside" && (now.endedAt ?? 0) < of.seenAt(now);
  if (isGone && (revoked?.why === "retired" || revoked?.why === "early")) of.world.broken("L2 never without", `r${token.number} was revoked, and its successor is known to be gone`);
}

/** It was restored since this process looked: the API knows no condition that could hold a request back. */
const restoredSince = (of: Process, token: Token): boolean => token.activeSince > Math.min(of.lookedAt, of.seenAt(token)) && token.deliveredAt !== null;

/** Somebody else under our mark is recognized in the end, and then remembered: neither chases the other. */
function chases(of: Process, token: Token): void {
  const { world, planned } = of;
  const current = delivered(world);
  if (!current || !world.ledger.isValid(current) || current.activeSince >= of.seenAt(current)) return;
  // What an up has delivered counts for it before it is saved.
  if (token.number <= Math.max(current.number, of.record?.current ?? 0)) return;
  const isKnown = readRecord(planned?.record)?.others?.some((id) => {
    const other = world.ledger.tokens.get(id);
    return other?.by === "clone" && world.ledger.isValid(other) && other.activeSince < of.seenAt(other);
  });
  if (isKnown) world.broken("L7 settles", `r${token.number} was revoked, of a second owner that is known`);
  // What others count on their own may come to numbers that ours have passed.
  if (token.active && token.number > world.foughtUpTo) world.fought++;
  world.foughtUpTo = Math.max(world.foughtUpTo, token.number);
  if (world.fought > MOST_FOUGHT) world.broken("L7 settles", `${world.fought} tokens of a second owner were revoked, one after the other`);
}

/** So old is no list by which a token is taken for nobody's. */
const OLD_LIST = 33_000;

/** What no record knows is revoked only while nobody has used it. */
function unrecorded(of: Process, token: Token): void {
  if (isNoted(of, token)) return;
  if (token.by === "clone") chases(of, token);
  if (seenInUse(of, token)) of.world.broken("L2 never without", `r${token.number} was revoked unrecorded though it is used`);
  const seenAt = of.seenAt(token);
  if (of.plannedAt - seenAt > OLD_LIST && token.uses.some((use) => use > seenAt && use < of.plannedAt)) {
    of.world.broken("L2 never without", `r${token.number} was cleared by a list of ${of.plannedAt - seenAt} ms before, and used since`);
  }
}

export function onDelete(of: Process, token: Token): void {
  const { world, desired } = of;
  if (isAnothers(of, token)) return world.broken("L2 never without", `#${token.id} was deleted, which is another resource's`);
  if (isStrangers(of, token)) world.broken("L2 never without", `#${token.id} was deleted, which is somebody else's`);
  spares(of, token, "deleted");
  againstDeletion(of, token, "deleted");
  ofThisLife(of, token, "deleted");
  // Restored by somebody since the list: the API refuses, and nothing is lost.
  if (token.active && token.activeSince > of.seenAt(token)) return;
  // It had ended, and a backup of the API made it active again when it had expired as well.
  const isExpired = token.endedAt !== null && world.ledger.isOver(token);
  if (token.active && !isExpired) return world.broken("L4 order", `r${token.number} was deleted without having been revoked`);
  if (desired.deleting || ordered(of, token)) return;
  const entry = entryOf(of, token);
  if (entry && desired.rollback === entry.number) return world.broken("L4 order", `r${token.number} was deleted though a rollback asks for it`);
  if (entry) tooEarly(of, token, entry);
}

/** Deleted before the time for a restore is over? */
function tooEarly({ world, desired, name }: Process, token: Token, entry: Entry): void {
  if (!entry.revoked || token.endedAt === null || entry.deliveredAt === null || token.endedBy !== "us") return;
  const ended = Math.min(token.endedAt, token.expires === null ? Number.POSITIVE_INFINITY : token.expires - world.ledger.skew);
  // Somebody restored it, and it expired before anybody looked.
  if (entry.revoked.at < token.activeSince + world.ledger.skew && world.ledger.isOver(token)) return;
  // An update that revoked it once more, since somebody had restored it, died before that was saved.
  if (world.stack && entry.revoked.at < token.activeSince + world.ledger.skew && token.endedIn !== name) return;
  // An older record was put back: of what it was restored for, and how long, nothing is known.
  if (world.secretTouchedAt >= ended) return;
  if (world.time.now + TOLERANCE < ended + desired.keepRevokedFor) {
    world.broken("L4 order", `r${token.number} was deleted ${world.time.now - token.endedAt} ms after it was revoked: keepRevokedFor is ${desired.keepRevokedFor}`);
  }
}

/** At another API than the spec's, and nobody could know. */
function isUnseenElsewhere({ world }: Process, { place, activeSince, created }: Token): boolean {
  // Whoever names another API right after the record is gone takes the way to the one before away.
  if (world.removedAt > 0 && world.renamedAt >= world.removedAt) return true;
  return !isRecorded(world, place) || activeSince >= world.removedAt - MINUTE || world.secretTouchedAt >= created - world.ledger.skew;
}

export function onRelease(of: Process): void {
  const { world } = of;
  const home = of.siteAt(of.desired.issuerRef) ?? siteNamed(world, of.desired.issuerRef);
  for (const token of world.tokens()) {
    if (token.by !== "us" || world.orphans.has(token)) continue;
    if (!world.ledger.isValid(token)) {
      leftBehind(of, token);
      continue;
    }
    if (isLeft(of, token)) world.orphans.add(token);
    // Never delivered, so no record says that it was another API's; or restored after that was looked at, or somebody took the record away.
    else if (token.place !== home && isUnseenElsewhere(of, token)) world.orphans.add(token);
    else if (of.seenAt(token) === 0 && of.desired.deletionPolicy !== "Orphan" && !of.desired.abandon) world.broken("L1 nothing lost", `the object was let go unseen while r${token.number} is active`);
    else if (of.desired.deletionPolicy === "Orphan" || of.desired.abandon || token.activeSince > Math.max(of.seenAt(token), of.copyKnownAt)) world.orphans.add(token);
    else if (world.profile.mode !== "replicas" || token.activeSince < of.seenAt(token) - MINUTE) world.broken("L1 nothing lost", `the object was let go while r${token.number} is active`);
    else world.orphans.add(token);
  }
}

/** Pulumi: a replacement may live under higher numbers already, so a delete leaves what its state does not know. */
const isHigher = ({ world }: Process, token: Token): boolean => world.stack !== null && token.number > Math.max(0, ...(recordOf(world)?.revisions ?? []).map(({ number }) => number));

/** Pulumi: a second owner's, as the state knows, was said all along and is left to them. */
const isLeftTo = ({ world, record }: Process, { id }: Token): boolean => world.stack !== null && (record?.others?.includes(id) ?? false);

/** A person's word gave up what is there. */
const isGivenUpAt = ({ desired: { issuerChange } }: Process, place: Token["place"]): boolean => ISSUERS.some((issuer) => issuer.place === place && issuerId(issuer) === issuerChange?.from);

/** It is in use, and an older copy was put back since: it looks like a second owner's. */
const isOfBefore = (world: World, { uses, triedAt, created }: Token): boolean => (uses.length > 0 || triedAt > 0) && world.secretTouchedAt >= created - world.ledger.skew;

/** Not this one's to end. */
const isLeft = (of: Process, token: Token): boolean => isOlder(of.world, token) || isOfBefore(of.world, token) || isHigher(of, token) || isLeftTo(of, token) || isNamedTheirs(of.world, token);

/** deletionPolicy: Delete leaves nothing that was seen to have ended. */
function leftBehind(of: Process, token: Token): void {
  const { world, desired } = of;
  const since = token.endedAt ?? (token.expires === null ? Number.POSITIVE_INFINITY : token.expires - world.ledger.skew);
  if (token.place !== siteNamed(world, desired.issuerRef) && (isUnseenElsewhere(of, token) || isGivenUpAt(of, token.place))) return;
  if (desired.deletionPolicy !== "Delete" || desired.abandon || token.created < desired.since || since > of.seenAt(token) - MINUTE) return;
  world.broken("L1 nothing lost", `the object was let go and r${token.number} was not deleted`);
}
