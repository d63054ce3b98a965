// plan(): what to do next for one token resource, and what to say about it.
//
// An ordered list of named checks; the first that applies gives the action, the reason, the sentence and the event.
// The order is the priority: knowing before ordering, orders before repair, repair before renewal, renewal before rest.
//
//   nothing -> Issue -> (Verify) -> Deliver -> [delivered] -> renewal -> Issue -> ... -> Deliver
//                                                 |                                      |
//                                        restore, redeliver                    the old one: retiring
//                                                                                        |
//                                                             Record, Revoke, Record -> [ended] -> Delete -> Record
import type { Action, NextAction } from "./action.ts";
import { beginAt, lastCall, deleteAt, ours, renewAt, retireAt, retireUnrolled } from "./dates.ts";
import type { Desired } from "./desired.ts";
import type { Check, EventText, Hit } from "./hit.ts";
import type { Observed } from "./observed.ts";
import type { Reason } from "./reason.ts";
import { issuerId } from "./home.ts";
import type { Entry, Former } from "./record.ts";
import { isRolling, lookAgainAfter } from "./rollout.ts";
import { secondOwners } from "./second-owner.ts";
import { retiringFirst, situate, type Situation } from "./situation.ts";
import { judge, type Truth } from "./truth.ts";
import * as clean from "./checks/clean.ts";
import * as deletion from "./checks/deletion.ts";
import * as hand from "./checks/hand.ts";
import * as lost from "./checks/lost.ts";
import * as moving from "./checks/moving.ts";
import * as need from "./checks/need.ts";
import * as order from "./checks/order.ts";
import { retireCrowded, retireDue } from "./checks/retire.ts";
import * as rollout from "./checks/rollout.ts";
import * as world from "./checks/world.ts";

/** The life of a resource, most important first. */
export const LIFE: readonly Check[] = [
  world.copyKnown, // the record is the memory
  need.valueUnread, // needs no API, and decides whether Ready may be said at all
  moving.issuerNext, // a resource is not kept waiting by an issuer that it is to leave
  world.issuerKnown, // nothing follows from silence
  moving.issuerAccepted, // a person's word about what the next line is for
  world.issuerSame, // another API's list says nothing about our tokens
  world.copyOurs, // never write what is not ours
  world.tokensSuspect, // most of a list gone at once: true, or a list that lies?
  world.tokensKnown, // no complete list, no decision
  world.answersSettled, // a lost answer is looked up before anything is repeated
  moving.formerGivenUp, // a person's word
  hand.handElsewhere, // before anything could be delivered that is not of this issuer
  hand.handSuperseded, // a fenced value is dropped before it could be delivered
  order.compromised, // a person's emergency: above overlap, expiry and windows
  hand.handGone,
  hand.handVerify, // the value in memory is the most perishable thing there is
  hand.handDeliver,
  world.listBehind, // what an older list says is not held against the record
  order.revocationUnderway, // what was recorded as revoked is revoked, before anything new is recorded
  order.stateRevoked, // a person's order
  order.stateRestored,
  order.rollback, // before restoredElsewhere: this restore is ours
  order.restoredElsewhere,
  need.currentMissing, // absence is proved before anything follows from it
  order.olderEnded,
  lost.lostToken, // what nobody holds is cleared before the next number is issued
  need.restoreElsewhere, // cheaper than a new revision
  need.issueUrgently, // consumers without a valid token come before tidying
  clean.copyLooks,
  rollout.restartDue, // after the delivery, before the old one may go
  retireCrowded, // at most one retires beside the current one
  retireDue,
  clean.endedDue,
  lost.lostRemains,
  moving.formerThrough, // after all that could be done there
  need.issueBlocked, // says why not, after everything that could still be done was done
  need.issueOutsideWindow, // what is urgent has passed above: expiry wins over windows
  need.issueInTurn, // a rotation begins when nothing older retires
  need.externalReported,
  rollout.restartBlocked, // words for a person: they are in the way of nothing above
  need.specInvalid,
  need.windowInvalid,
  moving.formerUnreachable,
];

/** The end of a resource. */
export const END: readonly Check[] = [
  deletion.orphaned, // leaves everything: needs no API
  deletion.abandoned, // a person's way out
  moving.formerGivenUp, // a person's word, before it is waited for
  deletion.blocked, // names the way out
  moving.issuerAccepted,
  world.issuerSame, // another API's tokens are not ours to end
  world.answersSettled, // a POST without an answer may have made one more
  deletion.handDropped, // its token is found again by its mark: where it was issued may be told by the record alone
  deletion.foreignNames, // what only the record knows, before the record goes
  deletion.copyRemoved,
  deletion.tokensEnded,
  deletion.released,
];

/** The checks that are asked, in their order. */
export const chain = ({ deleting }: Pick<Desired, "deleting">): readonly Check[] => (deleting ? END : LIFE);

export interface Condition {
  readonly type: "Ready" | "Rotating" | "Stalled" | "ClockSkew" | "SecondOwner" | "Unclaimed" | "FormerIssuer";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: Reason;
  readonly message: string;
}

export interface Plan {
  /** At most one: after it the world is looked at again. */
  readonly actions: readonly Action[];
  /** Which check decided; for explain and for coverage. */
  readonly check: string;
  readonly outcome: Hit["outcome"];
  readonly reason: Reason;
  readonly message: string;
  readonly conditions: readonly Condition[];
  /** To be said when the action has taken effect. */
  readonly events: readonly EventText[];
  /** When to plan again though nothing changed; our clock, milliseconds; null: only when something changes. */
  readonly nextDue: number | null;
  readonly nextAction: NextAction;
}

const REST: Hit = { outcome: "rest", action: null, reason: "Ready", message: "Nothing is to be done.", due: null, event: null, next: null };

export function plan(desired: Desired, observed: Observed, now: number): Plan {
  const s = situate(desired, observed, now);
  const [check, hit] = decide(s);
  const upcoming = [...(hit.next ? [hit.next] : []), ...calendar(s)].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  const looked = moving.lastLookAt(s);
  const dues = [hit.due, rolloutDue(s), world.suspectUntil(s), looked === null || desired.deleting ? null : ours(s, looked), ...upcoming.map((next) => next.at)].filter((due) => due !== null && due > now) as number[];
  return {
    actions: hit.action ? [hit.action] : [],
    check,
    outcome: hit.outcome,
    reason: hit.reason,
    message: hit.message,
    conditions: conditions(s, hit),
    events: hit.event ? [hit.event] : [],
    nextDue: hit.outcome === "act" ? now : dues.length > 0 ? Math.min(...dues) : null,
    nextAction: nextAction(s, hit, upcoming),
  };
}

function decide(s: Situation): [string, Hit] {
  for (const check of chain(s.desired)) {
    const hit = check.ask(s);
    if (hit) return [check.name, writes(hit) ? (need.unwritable(s) ?? hit) : hit];
  }
  return ["rest", REST];
}

const WRITES: ReadonlySet<Action["do"]> = new Set(["Fence", "Deliver", "Redeliver", "Record"]);
const writes = ({ action }: Hit): boolean => action !== null && WRITES.has(action.do);

function conditions(s: Situation, hit: Hit): Condition[] {
  const ready: Truth = judge(s, hit);
  const list: Condition[] = [{ type: "Ready", ...ready }];
  const others = [...new Set([...secondOwners(s), ...s.others])];
  if (s.retiring.length > 0 && !s.desired.deleting) {
    const numbers = s.retiring.map(({ entry }) => entry.number).join(", ");
    list.push({ type: "Rotating", status: "True", reason: "AwaitingRetirement", message: `Revision ${numbers} retires beside the current one.` });
  }
  if (hit.outcome === "stall") list.push({ type: "Stalled", status: "True", reason: hit.reason, message: hit.message });
  if (need.isSkewed(s)) {
    list.push({ type: "ClockSkew", status: "True", reason: "ClockSkew", message: "Our clock and the API's differ by more than a minute: nothing retires, and only expiry rotates." });
  }
  if (others.length > 0) {
    const numbers = others.map(({ number }) => number).join(", ");
    const message = `Active under our mark, and issued by somebody else as far as can be seen: revision ${numbers}. Is this cluster or stack a copy of another, or was the delivered copy put back from a backup? Nothing of it is revoked: do that by hand if nobody needs it.`;
    list.push({ type: "SecondOwner", status: "True", reason: "SecondOwner", message });
  }
  if (s.record?.former) list.push(formerCondition(s, s.record.former));
  if (s.unclaimed.length > 0) {
    const numbers = s.unclaimed.map(({ number }) => number).join(", ");
    const message = `Active under our mark, but of an earlier life, of another stack, or at an issuer that nothing was delivered from yet: revision ${numbers}. Nothing records it, so it is left alone: revoke it by hand if nobody needs it.`;
    list.push({ type: "Unclaimed", status: "True", reason: "HeldBySomebody", message });
  }
  return list;
}

function formerCondition(s: Situation, former: Former): Condition {
  const unreached = moving.unreached(s);
  if (unreached !== null) return { type: "FormerIssuer", status: "True", reason: "FormerUnreachable", message: unreached };
  return { type: "FormerIssuer", status: "True", reason: "IssuerMoved", message: `The resource has moved from ${issuerId(former)}: what was issued there gives way by the usual rules.` };
}

/** Everything that comes by itself. */
function calendar(s: Situation): NextAction[] {
  const { current, desired } = s;
  const dates: (NextAction & { readonly at: number })[] = [];
  if (current && !desired.deleting && desired.state === "Active" && !current.entry.revoked) {
    const { number, expires } = current.entry;
    const renew = renewAt(desired, current.entry);
    if (renew !== null && !retiringFirst(s)) dates.push(...renewal(s, current.entry, renew));
    const last = lastCall(s, current.entry);
    // Until then a rotation that waits for a retirement or for another issuer may wait.
    if (last !== null && (retiringFirst(s) || s.ahead)) dates.push({ type: "Rotate", at: last, reason: `revision ${number} is about to expire` });
    if (expires !== null) dates.push({ type: "Expire", at: expires, reason: `revision ${number} expires` });
    for (const old of s.retiring) {
      const { at, why } = retireAt(s, old, current);
      dates.push({ type: "Retire", at, reason: why });
    }
  }
  if (!desired.deleting) dates.push(...endings(s));
  return dates.map((date) => ({ ...date, at: ours(s, date.at) }));
}

/** What is kept for its consumers ends by itself; what has ended is deleted. By the API's clock. */
function endings({ desired, kept, ended }: Situation): (NextAction & { readonly at: number })[] {
  const dates: (NextAction & { readonly at: number })[] = [];
  for (const { entry } of kept) {
    if (entry.expires !== null) dates.push({ type: "Expire", at: entry.expires, reason: `revision ${entry.number} expires` });
  }
  for (const { entry } of ended) {
    const at = entry.revoked?.done && entry.number !== desired.rollback ? deleteAt(desired, entry) : null;
    if (at !== null) dates.push({ type: "Delete", at, reason: `revision ${entry.number} has been revoked long enough` });
  }
  return dates;
}

/** When workloads that are rolling out are looked at again; null: nothing waits for them. */
function rolloutDue(s: Situation): number | null {
  const { current, desired, observed } = s;
  if (!current || desired.deleting || !isRolling(s, current)) return null;
  const [old] = s.retiring;
  const blocked = observed.rollout?.is === "unknown" && current.entry.restart === "due";
  if (!old && !blocked) return null;
  const from = old && !blocked ? ours(s, retireUnrolled(s, old, current).at) : 0;
  return Math.max(from, s.now + lookAgainAfter(s, current));
}

/** The renewal at the date at which it will really begin. */
function renewal(s: Situation, entry: Entry, due: number): (NextAction & { readonly at: number })[] {
  const { at, expiryWins } = beginAt(s, entry, due);
  if (at === null) return [];
  const how = expiryWins ? "about to expire, and no window opens before" : at > due ? "due for renewal, and a window opens" : "due for renewal";
  return [{ type: "Rotate", at, reason: `revision ${entry.number} is ${how}` }];
}

function nextAction(s: Situation, hit: Hit, upcoming: readonly NextAction[]): NextAction {
  if (hit.outcome === "act" || hit.outcome === "stall") {
    const type = hit.action?.do === "Issue" ? (s.current ? "Rotate" : "Issue") : "None";
    return { type, at: hit.outcome === "act" ? s.now : hit.due, reason: hit.message };
  }
  const first = upcoming.find((next) => (next.at ?? 0) > s.now);
  return first ?? { type: "None", at: hit.due, reason: hit.message };
}
