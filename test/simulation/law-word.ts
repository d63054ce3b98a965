// Laws about words: Ready and every reason are true, and nothing follows from what is not known (L6).
import type { Condition, Plan } from "../../core/plan.ts";
import type { Entry, Record } from "../../core/record.ts";
import type { Outcome } from "../../tokenapi/converge.ts";
import { listOf } from "../../tokenapi/places.ts";
import { issuerId } from "../../core/home.ts";
import { dated } from "./law-delivery.ts";
import type { Process } from "./process.ts";
import { readRecord } from "./reading.ts";
import { onPlanned } from "./bad-timing.ts";
import { isNamedTheirs, TOLERANCE } from "./truth.ts";

function meet(of: Process, plan: Plan): void {
  const { coverage } = of.world;
  const list = of.desired.deleting ? "end" : "life";
  coverage.meet("check", `${list} ${plan.check}`);
  for (const reason of new Set([plan.reason, ...plan.conditions.map((condition) => condition.reason), ...plan.events.map((event) => event.reason)])) coverage.meet("reason", reason);
}

export function onPlan(of: Process, plan: Plan): void {
  const { coverage } = of.world;
  if (of.plans++ === 0) of.tokens = of.world.tokens().length;
  dated(of);
  of.plannedBy = new Map(of.shown);
  of.doing = plan.actions[0] ?? null;
  of.plannedAt = of.world.time.now;
  onPlanned(of, plan);
  meet(of, plan);
  if (!of.reaches && !of.desired.deleting && !WITHOUT_ISSUER.has(plan.reason)) of.world.broken("L6 truth", `there is no issuer, and the plan says ${plan.reason}`);
  if (plan.check === "lost-token" && !of.world.stack && plan.actions.some((action) => action.do !== "Look") && of.basis < of.listedCopy) {
    of.world.broken("unknown", "a token is taken for a lost one by a copy that had changed before the list was made");
  }
  for (const action of plan.actions) {
    coverage.meet("action", action.do);
    // Each up looks anew, and a workload that takes its time is looked at now and then; in an operator any other look that never ends is a chase.
    if (action.do !== "Look" || (!of.world.stack && action.at !== "rollout")) of.world.actions++;
  }
  of.world.tell(() => `  ${of.name} ${plan.check}: ${plan.actions[0]?.do ?? plan.outcome}: ${plan.message}`);
}

/** What was said: for the judge's later questions, and for coverage. */
function heard(of: Process, { conditions }: Plan): Condition | undefined {
  const { world } = of;
  const ready = conditions[0];
  world.secondOwnerSaid = conditions.find(({ type }) => type === "SecondOwner")?.message ?? "";
  isTheirsAlone(of);
  world.unclaimedSaid = conditions.some(({ type }) => type === "Unclaimed");
  world.coverage.meet("ready", `${ready?.status ?? ""} ${ready?.reason ?? ""}`);
  return ready;
}

/** What this very process has given up is nobody else's. */
function isTheirsAlone({ world, memory: { dropped } }: Process): void {
  if (dropped && world.ledger.of(dropped) && isNamedTheirs(world, dropped)) world.broken("L6 truth", `r${dropped.number}, which we gave up ourselves, is said to be a second owner's`);
}

/** The end of a Pulumi handler. */
export function onView(of: Process, plan: Plan, value: string | null): void {
  const ready = heard(of, plan);
  if (ready?.status === "True" && plan.reason !== "TokensSuspect") truthful(of, of.record, value);
}

/** More tokens of one mark than that are not put in order within one pass. */
const MANY = 5;

export function onOutcome(of: Process, outcome: Outcome): void {
  const { world } = of;
  if (outcome.error) world.tell(() => `  ${of.name} stops: ${outcome.error?.code ?? ""}`);
  // For an object that was replaced meanwhile its writes are collected, until it looks again.
  // Each token that a second owner left behind takes a few steps of its own.
  // An API that keeps the names of what is deleted refuses each of them once.
  const few = Math.max(of.tokens, world.tokens().length) <= MANY && !(world.ledger.keepsNames && world.issues > MANY);
  if (outcome.error?.code === "TOO_MANY_STEPS" && world.object?.uid === of.uid && few) world.broken("L7 settles", outcome.error.message);
  if (of.plans === 0) blindly(of, outcome);
  const ready = heard(of, outcome.plan);
  saidSo(of, outcome, ready);
  // A plan that no further look could follow is older than what was learnt meanwhile.
  const stale = (outcome.error !== null && world.secret.unreadable) || outcome.plan.reason === "TokensSuspect";
  if (ready?.status === "True" && !stale) truthful(of, readRecord(of.planned?.record), of.planned?.value ?? null);
}

/** What a list would show is said only after one was seen, or where whoever saw one has said it before. */
export function unseen(of: Process, ready: Condition | undefined): void {
  if (of.apis.some(({ listedAt }) => listedAt > 0) || of.said?.reason === ready?.reason) return;
  if (ready?.reason === "DeletedElsewhere" || ready?.reason === "RevokedElsewhere") of.world.broken("L6 truth", `${ready.reason} was said before any list was seen`);
}

/** What is wrong is said. */
function saidSo(of: Process, outcome: Outcome, ready: Condition | undefined): void {
  const { world } = of;
  unseen(of, ready);
  const idle = outcome.plan.outcome === "rest" && outcome.error === null && !of.desired.deleting && of.desired.state === "Active";
  if (idle && of.desired.windows?.some(({ cron }) => cron.startsWith("61 "))) world.broken("L6 truth", "a window that never opens was passed over in silence");
  const { former } = readRecord(of.planned?.record) ?? {};
  if (idle && former && of.planned?.owner === of.uid && of.sessionAt(former.ref) === null) world.broken("L6 truth", "a former issuer that cannot be reached was passed over in silence");
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

/** The list that should show it lacks most of everything, and is not believed before that is settled. */
function isDoubted(of: Process, record: Record, entry: Entry): boolean {
  const session = of.sessionAt((entry.former ? record.former?.ref : record.issuer.ref) ?? of.desired.issuerRef ?? "a");
  const shown = session && listOf(session, of.world).view(of.world.mark, []);
  return shown?.is === "unknown" && shown.reason === "TokensSuspect";
}

/** Ready is True: the delivered token was active when last seen, unexpired, and its value stood there. */
function truthful(of: Process, record: Record | null, value: string | null): void {
  const { world } = of;
  const entry = record?.revisions.find(({ number }) => number === record.current);
  if (!record || !entry) return world.broken("L6 truth", "Ready without a record");
  const token = value === null ? null : world.ledger.ofValue(value);
  if (token?.id !== entry.id) return world.broken("L6 truth", `Ready, and the copy does not hold the value of r${entry.number}`);
  // Another issuer's list says nothing of it, though it may be of the same API.
  const issued = entry.former ? record.former : record.issuer;
  const listedAt = of.planLists(({ at }) => issued !== undefined && issuerId(at) === issuerId(issued));
  if (token.endedAt !== null && token.endedAt < listedAt && !isDoubted(of, record, entry)) world.broken("L6 truth", `Ready, and r${entry.number} had ended before the last list (${new Date(token.endedAt).toISOString()}, ${new Date(listedAt).toISOString()})`);
  // Without an issuer nobody knows the API's time but by a clock of one's own.
  if (token.expires !== null && token.expires + TOLERANCE <= world.time.now + (of.reachesHome ? world.ledger.skew : Math.min(of.shift, world.ledger.skew))) world.broken("L6 truth", `Ready, and r${entry.number} has expired`);
}
