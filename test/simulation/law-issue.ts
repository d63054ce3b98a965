// Laws about asking for tokens: only for cause, one at a time, with everything known and done before (L4, L5).
import { HOUR, MINUTE } from "../../core/duration.ts";
import type { Entry, Record } from "../../core/record.ts";
import { isOf, type Token } from "./ledger.ts";
import type { Process } from "./process.ts";
import { readRecord } from "./reading.ts";
import { delivered, isForeign, leads, nameOfOwner, overtaken, TOLERANCE } from "./truth.ts";
import { issuerId } from "../../core/home.ts";
import { HOURLY, type Issuer, type World } from "./world.ts";

export function onIssue(of: Process, token: Token): void {
  const { world } = of;
  world.issues++;
  if (!of.late) prepared(of, token);
  if (world.object === null || of.dead || of.frozenUntil > 0) world.orphans.add(token);
  // A request that was given up may still arrive while its successor waits.
  if (of.memory.hand !== null && !of.late) world.broken("L5 exactly once", `r${token.number} was issued while r${of.memory.hand.number} waits in memory`);
  if (world.issues > world.causes) world.broken("L5 exactly once", `${world.issues} tokens were issued, and there was cause for ${world.causes}`);
  if (leads(of) && !of.late) inTurn(of, token);
  if (!of.late) unburnt(world);
}

/** One may be on its way when writes begin to be refused, and one of each replica. */
const MOST_BURNT = 3;

/** A place of delivery that cannot be written costs no tokens. */
function unburnt(world: World): void {
  const { secret, stack } = world;
  if (stack || secret.refusal === null || ++secret.burnt <= MOST_BURNT) return;
  world.broken("L5 exactly once", `${secret.burnt} tokens were issued while their Secret could not be written`);
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
  if (of.listedAt(token.place) === 0) world.broken("unknown", `r${token.number} was issued before any list was seen`);
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
  if (!record || !entry || !token || entry.revoked || planned?.value !== token.value || desired.compromised === entry.number) return false;
  return desired.onExternalChange === "Restore" && desired.every === null && desired.look === planned.look && isAtHome(of, record, entry) && asksFor(of, entry) && endedElsewhere(of, token);
}

/** Another issuer is something else that asks for one. */
const isAtHome = ({ desired: { issuerRef } }: Process, { issuer: { ref = issuerRef } }: Record, { former }: Entry): boolean => !former && ref === issuerRef;

/** Revoked by somebody else, as the list showed, and otherwise good. */
function endedElsewhere(of: Process, { endedAt, endedBy, by, expires, place }: Token): boolean {
  const { desired, world } = of;
  if (endedAt === null || endedAt >= of.listedAt(place) || endedBy !== "outside" || by !== "us") return false;
  return expires === null || expires - desired.renewBefore > world.time.now + world.ledger.skew + TOLERANCE;
}

/** Whether the spec asks for just such a revision. */
function asksFor({ desired, world }: Process, { inputs }: Entry): boolean {
  if (inputs.rotate !== desired.rotate || inputs.days !== desired.days || inputs.scim !== desired.scim || inputs.base !== desired.base) return false;
  return nameOfOwner(world, inputs.owner) === desired.ownerName;
}

/** A token is asked of an API that the record does not name. */
export function onIssueElsewhere(of: Process, at: Issuer): void {
  const record = of.world.stack ? of.record : readRecord(of.planned?.record);
  if (record && record.mark === of.world.mark && issuerId(record.issuer) !== issuerId(at) && !of.late) of.world.broken("L5 exactly once", "a token was asked for at another API than the record's");
}

/** Two are tolerated for answers that were lost. */
const MOST_FAILURES = 7;

export function onVerify(of: Process, token: Token | null): void {
  // What stands delivered is tried where a list is suspected, once a list.
  if (!token || token.deliveredAt !== null) return;
  token.failures++;
  if (token.failures > MOST_FAILURES) of.world.broken("L7 settles", `r${token.number} was tried ${token.failures} times`);
}

/** Our own use of what stands delivered is recorded as ours before its request leaves. */
export function onTrial(of: Process, token: Token, from: number): void {
  const { world } = of;
  const entry = readRecord(world.secret.current?.record)?.revisions.find((other) => isOf(token, other));
  if (!entry || world.stack || overtaken(of)) return;
  if (from + world.ledger.skew > entry.usedAfter + TOLERANCE) world.broken("L4 order", `r${token.number} was tried ${from + world.ledger.skew - entry.usedAfter} ms later than our use of it is recorded for`);
}

/** A rotation waits for what still retires. */
function inTurn(of: Process, token: Token): void {
  const { world, record } = of;
  const current = delivered(world);
  // What was given up is no current one, though its value still stands there.
  if (!record?.current || !current || !world.ledger.isValid(current) || world.secret.current?.ownAlone === false) return;
  // Somebody restored it since the list that tells whether it is good.
  if (current.activeSince >= of.seenAt(current)) return;
  // Somebody put another one's value in its place.
  if (current.number !== record.current) return;
  // What was reported as compromised is no current one, though a backup of the API brought it back.
  if (of.desired.compromised === current.number) return;
  // What is about to expire, or was tampered with, is replaced whatever retires.
  if (current.expires !== null && current.expires - world.ledger.skew - world.time.now <= of.desired.renewBefore) return;
  if (of.desired.windows === HOURLY && of.frozenUntil < of.lookedAt) inWindow(of, token);
  const retiring = record.revisions.filter((entry) => entry.number < current.number && !entry.revoked && !entry.kept && entry.number !== of.desired.rollback);
  // What is at a former issuer that cannot be reached is waited for until its time is over.
  const isOver = ({ former }: Entry): boolean => former === true && (current.deliveredAt ?? 0) + of.desired.retire.maxOverlap < world.time.now + TOLERANCE;
  const valid = retiring.filter((entry) => !isOver(entry) && world.ledger.of(entry)?.active === true);
  if (valid.length > 0) world.broken("L3 few", `r${token.number} was issued while r${valid.map(({ number }) => number).join(", r")} still retires`);
}
