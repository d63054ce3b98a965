// planUser(): what to do next for one service user, and what to say about it. The same form as core/plan.ts: ordered
// named checks, the first hit decides, and gives action, reason, sentence and event.
//
//   missing -> Create ->            [as asked for] -> somebody changed it -> Change
//   deactivated -> Reactivate ->          |
//                                      deleted -> (tokens end) -> Deactivate -> Release
import type { DesiredUser } from "./desired.ts";
import type { UserAction, UserCheck, UserEvent, UserHit, UserSituation } from "./hit.ts";
import type { ObservedUser } from "./observed.ts";
import type { UserReason } from "./reason.ts";
import * as end from "./end.ts";
import * as life from "./life.ts";

/** A service user that is wanted, most important first. */
export const USER_LIFE: readonly UserCheck[] = [
  life.issuerKnown, // nothing follows from silence
  life.accountsKnown,
  life.answersSettled, // a lost answer is looked up before anything is repeated
  life.claimed, // before everything that writes: the older resource has the say
  life.renamed, // before missing: it is not
  life.obstacle, // a policy forbids more than a person can pause
  life.paused,
  life.refused, // before what would only be refused again
  life.nameTaken, // before missing: creating it again would be refused again
  life.hold, // before the first write: what we make we can also end
  life.missing,
  life.deactivated, // before drifted: the API changes no deactivated user
  life.drifted,
];

/** One whose resource is deleted. */
export const USER_END: readonly UserCheck[] = [
  end.orphaned, // needs no API
  end.abandoned, // a person's way out: also from tokens that never end
  end.leftToAnother, // needs no API either
  end.blocked, // names the way out
  life.answersSettled,
  end.forbidden,
  end.gone,
  end.inUse,
  end.deactivation,
];

export interface UserCondition {
  readonly type: "Ready" | "Stalled";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: UserReason;
  readonly message: string;
}

export interface UserPlan {
  readonly action: UserAction | null;
  /** Which check decided. */
  readonly check: string;
  readonly outcome: UserHit["outcome"];
  readonly reason: UserReason;
  readonly message: string;
  readonly conditions: readonly UserCondition[];
  readonly event: UserEvent | null;
  readonly nextDue: number | null;
}

export function situateUser(desired: DesiredUser, observed: ObservedUser, now: number): UserSituation {
  const accounts = observed.accounts.is === "present" ? observed.accounts.value : null;
  // The name decides; one that came back under its name with another id is taken over as any other is.
  return { desired, observed, now, account: accounts?.named ?? null };
}

export function planUser(desired: DesiredUser, observed: ObservedUser, now: number): UserPlan {
  const s = situateUser(desired, observed, now);
  const [check, hit] = decide(s);
  const { action, outcome, reason, message, event } = hit;
  return { action, check, outcome, reason, message, conditions: conditions(s, hit), event, nextDue: outcome === "act" ? now : hit.due };
}

function decide(s: UserSituation): [string, UserHit] {
  for (const check of s.desired.deleting ? USER_END : USER_LIFE) {
    const hit = check.ask(s);
    if (hit) return [check.name, hit];
  }
  return ["rest", { outcome: "rest", action: null, reason: "Ready", message: `The service user ${s.desired.name} is active, with the role ${s.desired.role}.`, due: null, event: null }];
}

function conditions(s: UserSituation, hit: UserHit): UserCondition[] {
  const { reason, message } = hit;
  const stalled: UserCondition[] = hit.outcome === "stall" ? [{ type: "Stalled", status: "True", reason, message }] : [];
  return [ready(s, hit), ...stalled];
}

/** Ready is True only while the user was active and as asked for when last seen. */
function ready(s: UserSituation, { outcome, reason, message }: UserHit): UserCondition {
  const no = (status: "False" | "Unknown"): UserCondition => ({ type: "Ready", status, reason, message });
  if (outcome === "rest") return { type: "Ready", status: "True", reason: "Ready", message };
  if (s.desired.deleting || reason === "ServiceUserClaimed" || reason === "IssuerNotFound") return no("False");
  // What cannot be seen just now may be as it was.
  return s.observed.accounts.is === "unknown" || s.observed.issuer.is === "unknown" ? no("Unknown") : no("False");
}
