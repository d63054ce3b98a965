// Whether a new revision is needed, why, and what stands in the way. The reasons come in the order of their weight.
import { act, normal, stall, wait, warning, where, type Check, type EventText, type Hit } from "../hit.ts";
import { beginAt, lastCall, ours, renewAt, retireAt } from "../dates.ts";
import type { Desired } from "../desired.ts";
import { MINUTE } from "../duration.ts";
import { tokenName } from "../name.ts";
import { matches } from "../pattern.ts";
import type { Reason } from "../reason.ts";
import type { IssueInputs } from "../record.ts";
import { everyRevision, knownAt, listAt, retiringFirst, SECOND_LOOK, type Revision, type Situation } from "../situation.ts";
import { begin, goingBack, passing } from "./moving.ts";
import type { Fact, Owner, Policy } from "../observed.ts";
import { windowProblems } from "../windows.ts";

export interface Need {
  readonly reason: Reason;
  readonly message: string;
  /** What consumers read is not, or soon will not be, a valid token: nothing voluntary delays this. */
  readonly urgent: boolean;
}

const need = (urgent: boolean, reason: Reason, message: string): Need => ({ urgent, reason, message });

/** How far our clock may be from the API's before dates stop to count. */
export const MAX_SKEW = MINUTE;

export function isSkewed(s: Situation): boolean {
  return Math.abs(s.issuer?.clockOffset ?? 0) > MAX_SKEW;
}

/** Why the current revision is no good any more; null: it is. */
export function brokenCurrent(s: Situation, current: Revision): Need | null {
  const { number } = current.entry;
  const { revoked } = current.entry;
  if (revoked?.why === "compromised") return need(true, "Compromised", `Revision ${number} was compromised.`);
  if (current.seen === "expired" || isPast(current.entry.expires, s.apiNow)) return need(true, "Expired", `Revision ${number} has expired.`);
  if (current.seen === "gone") return need(true, "DeletedElsewhere", `Revision ${number} was deleted elsewhere.`);
  if (current.seen === "revoked" && revoked?.why !== "state") return need(true, "RevokedElsewhere", `Revision ${number} was revoked elsewhere.`);
  if (s.copy?.value === "missing") return need(true, "SecretMissing", `The delivered copy lacks the value of revision ${number}.`);
  if (s.copy?.value === "changed") return need(true, "SecretChanged", `The delivered copy holds another value than that of revision ${number}.`);
  return null;
}

const isPast = (date: number | null, now: number): boolean => date !== null && date <= now;

function voluntary(s: Situation, current: Revision): Need | null {
  const { entry } = current;
  // Before all that can wait: with a window or a retirement ahead, it would wait past expiry.
  if (isPast(lastCall(s, entry), s.apiNow)) return need(true, "Renewal", `Revision ${entry.number} is about to expire.`);
  if (s.ahead || entry.former) return need(false, "IssuerMoved", `The spec names another issuer than that of revision ${entry.number}.`);
  const changed = changedInput(s, entry.inputs);
  if (changed) return need(false, "SpecChanged", `The spec now asks for ${changed}.`);
  if (entry.inputs.rotate !== s.desired.rotate) return need(false, "RotationRequested", "A rotation was asked for.");
  const { unrenderable } = s.observed;
  if (unrenderable === s.desired.look && s.copy?.look !== unrenderable) {
    return need(false, "SpecChanged", "The delivered copy is to look different, and its present value cannot be written in that form.");
  }
  const due = renewAt(s.desired, entry);
  if (isPast(due, s.apiNow) && !isSkewed(s)) return need(false, "Renewal", `Revision ${entry.number} is due for renewal.`);
  return null;
}

function changedInput(s: Situation, inputs: IssueInputs): string | null {
  const { desired, observed } = s;
  if (observed.owner.is === "present" && observed.owner.value.id !== inputs.owner) return `the service user ${observed.owner.value.name}`;
  if (inputs.base !== desired.base) return `the token name ${desired.base}`;
  if (inputs.days !== desired.days) return desired.days === null ? "a token that never expires" : `a lifetime of ${desired.days} days`;
  if (inputs.scim !== desired.scim) return desired.scim ? "a token for SCIM endpoints only" : "a token for all endpoints";
  return null;
}

/** Why a new revision is needed now; null: none is. */
export function findNeed(s: Situation): Need | null {
  if (s.desired.state === "Revoked") return null;
  if (!s.current) return need(true, "Issuing", "No revision is delivered yet.");
  const broken = brokenCurrent(s, s.current);
  if (!broken) return voluntary(s, s.current);
  const outside = broken.reason === "DeletedElsewhere" || broken.reason === "RevokedElsewhere";
  return outside && s.desired.onExternalChange === "Report" ? null : broken;
}

/** What keeps a needed revision from being issued; null: nothing. */
function obstacle(s: Situation, why: Need): Hit | null {
  const { desired, observed } = s;
  if (desired.complaint?.blocks) return stall("SpecInvalid", desired.complaint.message);
  if (desired.paused) return wait("Paused", "Paused by annotation: nothing is begun.");
  const unmovable = immovable(s);
  // What cannot wait, or would wait for ever, is issued where the resource still is, if it is known there to whom.
  if (unmovable && (!(why.urgent || isStranded(s)) || observed.owner.is === "unknown")) return unmovable;
  const owner = s.ahead && !unmovable && observed.next ? observed.next.owner : observed.owner;
  const unfit = unfitOwner(owner);
  if (unfit) return unfit;
  const refusal = policyRefusal(s, owner, (unmovable ? s.issuer : (s.ahead?.issuer ?? s.issuer))?.policy);
  if (refusal) return stall("PolicyForbids", refusal);
  return observed.refused === null ? null : stall("VerificationFailed", observed.refused);
}

/** Why a service user gets no token; null: it may. */
function unfitOwner(owner: Fact<Owner>): Hit | null {
  if (owner.is === "absent") return stall("NoServiceUser", owner.message);
  if (owner.is === "unknown") return wait(owner.reason, owner.message);
  return owner.value.active ? null : stall("ServiceUserDeactivated", `The service user ${owner.value.name} is deactivated: reactivate it, or name another.`);
}

/** Why the resource does not move to the issuer that the spec names; null: it does, or is there. */
function immovable(s: Situation): Hit | null {
  const { ahead, observed } = s;
  if (!ahead || !observed.next) return null;
  const between = passing(s);
  if (between) return between;
  if (ahead.issuer && ahead.tokens) return null;
  const message = `The issuer that the spec names now cannot take over yet: ${ahead.problem ?? "its tokens are not known."}`;
  return observed.next.issuer.is === "absent" ? stall("IssuerNotFound", message) : wait("IssuerMoved", message);
}

/**
 * The delivered token is at the former issuer, and at the one between it and the third there is something that somebody
 * holds: neither of them would ever be through.
 */
function isStranded({ record, current }: Situation): boolean {
  return current?.entry.former === true && (record?.revisions.some(({ former, revoked }) => !former && !revoked) ?? false);
}

function policyRefusal(s: Situation, owner: Fact<Owner>, policy: Policy | undefined): string | null {
  if (!policy) return null;
  if (policy.refusal !== null) return policy.refusal;
  if (s.desired.days === null && !policy.allowNever) return "The issuer's policy forbids tokens that never expire: set expiresInDays.";
  if (s.desired.days !== null && policy.maxDays !== null && s.desired.days > policy.maxDays) {
    return `The issuer's policy allows at most ${policy.maxDays} days: lower expiresInDays.`;
  }
  const patterns = policy.serviceUsers;
  if (patterns === null || s.desired.ownerName === null) return null;
  const names = ownerNames(s.desired, owner);
  if (patterns.some((pattern) => names.some((name) => matches(pattern, name)))) return null;
  return `The issuer's policy does not allow tokens for the service user ${names[0] ?? s.desired.ownerName}.`;
}

/** The owner by its real name, however the spec names it, and by its number. */
function ownerNames(desired: Desired, owner: Fact<Owner>): string[] {
  return owner.is === "present" ? [owner.value.name, `#${owner.value.id}`] : [desired.ownerName ?? ""];
}

/** How long a refused write is left alone. */
const WRITE_AGAIN = 5 * MINUTE;

/** The place of delivery refused a write of ours; null: not that we know. */
export function unwritable(s: Situation): Hit | null {
  if (typeof s.copy?.writable !== "string") return null;
  const { hand } = s.observed;
  const what = hand ? `revision ${hand.number}, which was issued for it, is kept, and no other is issued, until it can` : "no token is issued until it can";
  return stall("SecretNotWritable", `The delivered copy cannot be written (${s.copy.writable}): ${what}.`, s.copy.writeAgainAt ?? s.now + WRITE_AGAIN);
}

/** Why a revision gives way is said when that begins; that a first one is issued is said once it is delivered. */
function begun({ current, desired }: Situation, { reason, urgent }: Need, message: string): EventText | null {
  if (!current) return null;
  const text = `${desired.resource}: ${message}`;
  return urgent && reason !== "Renewal" ? warning(reason, text) : normal(reason, text);
}

/** The next step towards a new revision. */
function issue(s: Situation, why: Need): Hit {
  if (!s.observed.held) return act({ do: "Hold" }, why.reason, why.message);
  if (s.copy?.writable === null) return act({ do: "Probe" }, why.reason, `${why.message} Trying whether it can be delivered.`);
  const refused = unwritable(s);
  if (refused) return refused;
  if (s.ahead && !immovable(s)) return begin(s);
  const back = goingBack(s);
  if (back) return back;
  const owner = s.observed.owner.is === "present" ? s.observed.owner.value.id : 0;
  const { desired } = s;
  const inputs: IssueInputs = { owner, base: desired.base, days: desired.days, scim: desired.scim, rotate: desired.rotate };
  const message = `${why.message} Issuing revision ${s.next}.`;
  return act({ do: "Issue", number: s.next, name: tokenName(desired.base, desired.mark, s.next), inputs }, why.reason, message, begun(s, why, message));
}

export const currentMissing: Check = {
  name: "current-missing",
  why: "one list without it proves nothing: a second one seconds later does",
  ask(s) {
    const missing = everyRevision(s).find((revision) => revision.seen === "missing");
    const list = missing && listAt(s, missing.entry);
    if (!missing || !list || !s.copy) return null;
    const message = `Revision ${missing.entry.number} is not in the token list: looking again.`;
    // The first list that counts was sent after the copy was read; the second one seconds after that.
    const seenAt = knownAt(s.copy);
    const firstCounts = list.sentAt > seenAt;
    return act({ do: "Look", at: "tokens", after: firstCounts ? list.sentAt + SECOND_LOOK : seenAt, ...where(missing.entry) }, "TokenMissing", message);
  },
};

export const valueUnread: Check = {
  name: "value-unread",
  why: "somebody wrote the delivered copy: its value has to be read and compared",
  ask(s) {
    if (!s.current || s.copy?.value !== "unread") return null;
    return act({ do: "Look", at: "copy", after: s.observed.monotonic }, "SecretChanged", "The delivered copy was written by somebody else: comparing its value.");
  },
};

export const restoreElsewhere: Check = {
  name: "restore-elsewhere",
  why: "onExternalChange: Restore takes back a revocation that was not ours",
  ask(s) {
    if (s.desired.onExternalChange !== "Restore" || s.desired.paused || s.desired.state === "Revoked" || !s.current?.remote) return null;
    const broken = brokenCurrent(s, s.current);
    if (broken?.reason !== "RevokedElsewhere" || s.current.entry.number === s.desired.compromised) return null;
    const message = `Revision ${s.current.entry.number} of ${s.desired.resource} was revoked elsewhere: restored, as onExternalChange says.`;
    return act({ do: "Restore", token: s.current.remote, ...where(s.current.entry) }, "RevokedElsewhere", message, normal("Restored", message));
  },
};

export const issueUrgently: Check = {
  name: "issue-urgently",
  why: "what consumers read has to be a valid token: before any tidying up",
  ask(s) {
    const why = findNeed(s);
    return why?.urgent && !obstacle(s, why) ? issue(s, why) : null;
  },
};

export const issueBlocked: Check = {
  name: "issue-blocked",
  why: "says why a needed revision does not come",
  ask(s) {
    const why = findNeed(s);
    return why && obstacle(s, why);
  },
};

export const issueOutsideWindow: Check = {
  name: "issue-outside-window",
  why: "a rotation that can wait begins when a window is open, or when expiry would win",
  ask(s) {
    const why = findNeed(s);
    if (!why || why.urgent || !s.current || retiringFirst(s)) return null;
    const { at, expiryWins } = beginAt(s, s.current.entry, s.apiNow);
    if (at !== null && at <= s.apiNow) return null;
    const until = expiryWins
      ? `No window of rotation.windows opens before revision ${s.current.entry.number} has to be replaced: it begins without one, so that the token does not expire.`
      : at === null
        ? "It waits for a window of rotation.windows, and none will open: correct rotation.windows."
        : "It waits until a window of rotation.windows opens.";
    const message = `${why.message} ${until}`;
    const due = at === null ? null : ours(s, at);
    return { ...wait("OutsideWindow", message, due), next: due === null ? null : { type: "Rotate", at: due, reason: message } };
  },
};

export const issueInTurn: Check = {
  name: "issue-in-turn",
  why: "a rotation begins when no older revision is still retiring",
  ask(s) {
    const why = findNeed(s);
    if (!why) return null;
    const old = retiringFirst(s);
    if (!old || !s.current) return issue(s, why);
    const { at } = retireAt(s, old, s.current);
    const last = s.current.entry.expires === null ? null : lastCall(s, s.current.entry);
    return wait("AwaitingRetirement", `${why.message} It waits until revision ${old.entry.number} has retired.`, ours(s, Math.min(at, last ?? at)));
  },
};

export const specInvalid: Check = {
  name: "spec-invalid",
  why: "what is wrong with a spec, and what to write instead, is said while everything else goes on",
  ask({ desired: { complaint } }) {
    return complaint ? stall("SpecInvalid", complaint.message) : null;
  },
};

export const windowInvalid: Check = {
  name: "window-invalid",
  why: "a window that cannot be read never opens: better said today than when a rotation is due",
  ask(s) {
    for (const [index, window] of (s.desired.windows ?? []).entries()) {
      const [problem] = windowProblems(window);
      if (problem) return stall("WindowInvalid", `rotation.windows[${index}].${problem.field}: ${problem.message}. This window never opens.`);
    }
    return null;
  },
};

export const externalReported: Check = {
  name: "external-reported",
  why: "onExternalChange: Report leaves it to a person, and says so",
  ask(s) {
    if (!s.current || s.desired.state === "Revoked" || s.desired.onExternalChange !== "Report") return null;
    const broken = brokenCurrent(s, s.current);
    if (broken?.reason !== "DeletedElsewhere" && broken?.reason !== "RevokedElsewhere") return null;
    return stall(broken.reason, `${broken.message} onExternalChange says Report: restore it, or ask for a rotation.`);
  },
};
