// A resource that moves from one issuer to another. The record says first that it has moved; from then on all that was
// issued before is the former issuer's, and gives way, is revoked and deleted there by the same rules as everything.
import { ours } from "../dates.ts";
import { SECOND } from "../duration.ts";
import { accepts, consent, issuerId } from "../home.ts";
import { act, normal, wait, warning, type Check, type Hit } from "../hit.ts";
import { back, LATE, moved, onward, resumed, settledAt, through, turned, without } from "../moving.ts";
import type { Tokens } from "../observed.ts";
import type { Entry, Former, RecordedIssuer } from "../record.ts";
import { isLeaving, ourLost, secondOwners } from "../second-owner.ts";
import { everyRevision, isSame, knownAt, type Situation } from "../situation.ts";
import { currentMissing, findNeed, issueOutsideWindow } from "./need.ts";

/** The issuer that the spec names, as the record will know it. */
const named = ({ ahead, desired }: Situation): RecordedIssuer => ({ url: ahead?.issuer?.url ?? "", userId: ahead?.issuer?.userId ?? 0, ...(desired.issuerRef === undefined ? {} : { ref: desired.issuerRef }) });

/** Where a list or a request may reach it: as the record names it, and with a list. */
const isReached = (s: Situation): boolean => s.issuer !== null && !s.strange && (s.tokens !== null || (s.observed.tokens.is === "unknown" && s.observed.tokens.reason === "TokensSuspect"));

/** The record says that the resource is at home where the spec says; then the next revision is issued there. */
export function begin(s: Situation): Hit {
  if (!s.record) return wait("IssuerMoved", "Nothing is recorded yet.");
  const { former } = s.record;
  const to = named(s);
  const message = `Moving ${s.desired.resource} from ${issuerId(former ?? s.record.issuer)} to ${issuerId(to)}.`;
  const record = former ? turned(s.record, former, to, s.apiNow) : moved(s.record, to, s.apiNow);
  return act({ do: "Record", record }, "IssuerMoved", message, normal("IssuerMoved", message));
}

/** Nothing of ours was ever issued at the issuer between the former one and the one that the spec names now. */
function isBare(s: Situation): boolean {
  const recorded = s.record?.revisions.some((entry) => !entry.former) ?? true;
  return s.tokens !== null && s.observed.hand === null && !recorded && [...ourLost(s, secondOwners(s)), ...s.remains].every(({ former }) => former);
}

/** Without leader election another replica may have moved it by a newer spec than ours: so long it is not turned round. */
const NEWER_SPEC = 30 * SECOND;

/** When it may move back, by the API's clock; null: now. */
function turnsAt({ observed, apiNow }: Situation, { since }: Former): number | null {
  const at = since + NEWER_SPEC;
  return observed.alone || at <= apiNow ? null : at;
}

/**
 * Why it does not go on at once. A third issuer waits for the first one, or, where nothing is at the second, until
 * nothing can be: that is said in the record, so that nobody asks for anything there any more, and then waited for.
 */
export function passing(s: Situation): Hit | null {
  const { record, tokens, copy } = s;
  if (!record?.former) return null;
  if (record.former.ref === s.desired.issuerRef) {
    const turns = s.ahead?.tokens ? turnsAt(s, record.former) : null;
    return turns === null ? null : wait("IssuerMoved", `Another replica may have moved ${s.desired.resource} by a newer spec than this one.`, ours(s, turns));
  }
  const message = "The spec names another issuer once more: that waits until nothing";
  if (!isBare(s) || !tokens || !copy) return wait("IssuerMoved", `${message} is left at the one before the last, ${issuerId(record.former)}.`);
  if (!record.former.onward) return act({ do: "Record", record: onward(record, record.former, s.apiNow) }, "IssuerMoved", `${message} can be issued at ${issuerId(record.issuer)} any more.`);
  const at = record.former.since + LATE;
  if (!isLeaving(s)) return wait("IssuerMoved", `${message} that was asked for can still be issued at ${issuerId(record.issuer)}.`, ours(s, at));
  const isOld = tokens.sentAt <= knownAt(copy) || isBefore(s, tokens, at);
  return isOld ? act({ do: "Look", at: "tokens", after: s.observed.monotonic }, "IssuerMoved", `Looking whether anything was issued at ${issuerId(record.issuer)}.`) : null;
}

/** Before something is asked for where nothing was to be any more; null: nothing stands against it. */
export function goingBack({ record, desired }: Situation): Hit | null {
  if (!record?.former?.onward) return null;
  const message = `Issuing for ${desired.resource} at ${issuerId(record.issuer)} after all.`;
  return act({ do: "Record", record: resumed(record, record.former) }, "IssuerMoved", message);
}

const words = (entries: readonly Entry[]): string => (entries.length === 0 ? "no recorded token" : entries.map(({ number, name }) => `revision ${number} (${name})`).join(", "));

/** Whoever gave consent is told what nobody looks for any more. */
function givenUp(s: Situation, record: NonNullable<Situation["record"]>, from: RecordedIssuer): Hit {
  const left = (s.record?.revisions ?? []).filter(({ number }) => !record.revisions.some((entry) => entry.number === number));
  const message = `Given up at ${issuerId(from)}, as issuerChange says: ${words(left)}. What is still active there has to be revoked by hand.`;
  return act({ do: "Record", record }, "OutOfReach", message, warning("OutOfReach", `${s.desired.resource}: ${message}`));
}

export const issuerNext: Check = {
  name: "issuer-next",
  why: "the spec names another issuer than the record: the same one by another name, the one before, or one to move to",
  ask(s) {
    const { record, ahead, desired, forged } = s;
    if (!record || !ahead || forged) return null;
    const to = named(s);
    if (ahead.issuer && (issuerId(to) === issuerId(record.issuer) || isSeenThere(s))) {
      const message = `The tokens of ${desired.resource} are those of the issuer that the spec names now: they stay.`;
      return act({ do: "Record", record: settledAt(record, to) }, "IssuerAccepted", message);
    }
    if (record.former && record.former.ref === desired.issuerRef && ahead.tokens && turnsAt(s, record.former) === null) {
      const message = `Moving ${desired.resource} back to ${issuerId(record.former)}.`;
      return act({ do: "Record", record: back(record, record.former, s.apiNow) }, "IssuerMoved", message, normal("IssuerMoved", message));
    }
    return isReached(s) ? null : leaving(s, to);
  },
};

/** Another credential of the same instance: its list shows the very tokens. */
function isSeenThere({ ahead, current, record }: Situation): boolean {
  if (!ahead?.issuer || !current || current.entry.former || ahead.issuer.url !== record?.issuer.url) return false;
  return ahead.tokens?.tokens.some((remote) => isSame(remote, current.entry)) ?? false;
}

/** The issuer at home does not answer: what would be waited for there may never come. */
function leaving(s: Situation, to: RecordedIssuer): Hit | null {
  const { record, ahead, desired } = s;
  if (!record || !ahead?.issuer || !ahead.tokens) return null;
  if (record.former) {
    if (accepts(desired, record.issuer, to)) return givenUp(s, without(record, to, (entry) => entry.former === true), record.issuer);
    return wait("IssuerMoved", `The spec names another issuer once more, and ${issuerId(record.issuer)} cannot be reached. To go on without what is there, set ${consent(record.issuer, to)}.`);
  }
  const blocked = desired.paused || desired.complaint?.blocks || !findNeed(s) || issueOutsideWindow.ask(s) !== null;
  return blocked ? null : begin(s);
}

export const issuerAccepted: Check = {
  name: "issuer-accepted",
  why: "a person consents to another url or identity: what is seen there stays, and the rest is given up and named",
  ask(s) {
    const { record, issuer, desired, strange, forged, observed } = s;
    if (!record || !issuer || !strange || forged || !accepts(desired, record.issuer, issuer)) return null;
    if (observed.tokens.is !== "present") return wait("TokensUnknown", observed.tokens.message);
    const ref = s.ahead ? record.issuer.ref : desired.issuerRef;
    const to: RecordedIssuer = { url: issuer.url, userId: issuer.userId, ...(ref === undefined ? {} : { ref }) };
    const own = everyRevision(s).filter(({ entry }) => !entry.former);
    const here = own.filter(({ remote }) => remote !== null);
    const stays = s.current && !s.current.entry.former ? s.current.remote !== null : here.length > 0 || own.length === 0;
    if (stays) {
      const message = `The tokens of ${desired.resource} are seen at ${issuerId(issuer)}: they stay, as issuerChange says.`;
      return act({ do: "Record", record: settledAt(record, to) }, "IssuerAccepted", message, normal("IssuerAccepted", message));
    }
    const unproved = currentMissing.ask(s);
    if (unproved) return unproved;
    return givenUp(s, without(record, to, ({ number, former }) => former === true || here.some(({ entry }) => entry.number === number)), record.issuer);
  },
};

export const formerGivenUp: Check = {
  name: "former-given-up",
  why: "a person consents to go on without what is left at a former issuer that cannot be reached",
  ask(s) {
    const { record, former, desired, forged } = s;
    if (!record?.former || !former || former.tokens || forged || !accepts(desired, record.former, record.issuer)) return null;
    return givenUp(s, through(record), record.former);
  },
};

/** Whether anything of ours is left at the former issuer. */
function hasLeft(s: Situation): boolean {
  if (s.record?.revisions.some((entry) => entry.former)) return true;
  return [...ourLost(s, secondOwners(s)), ...s.remains.filter(({ number }) => number <= (s.record?.fence ?? 0))].some(({ former }) => former);
}

/** When a former issuer at which nothing is left is looked at for the last time, by the API's clock; null: not by a date. */
export function lastLookAt(s: Situation): number | null {
  return s.record?.former && s.former?.tokens && !hasLeft(s) ? s.record.former.since + LATE : null;
}

export const formerThrough: Check = {
  name: "former-through",
  why: "a former issuer is forgotten once nothing of ours is left there, and no late request can leave anything",
  ask(s) {
    const { record, former, copy } = s;
    const at = lastLookAt(s);
    if (!record?.former || !former?.tokens || !copy || at === null || at > s.apiNow) return null;
    const message = `Nothing of ${s.desired.resource} is left at ${issuerId(record.former)}.`;
    if (former.tokens.sentAt <= knownAt(copy) || isBefore(s, former.tokens, at)) return act({ do: "Look", at: "tokens", after: s.observed.monotonic, former: true }, "CleaningUp", `Looking whether anything is left at ${issuerId(record.former)}.`);
    return act({ do: "Record", record: through(record) }, "IssuerMoved", message, normal("IssuerMoved", message));
  },
};

/** Whether a list was sent before a date. */
const isBefore = ({ apiNow, observed }: Situation, list: Tokens, at: number): boolean => apiNow - (observed.monotonic - list.sentAt) < at;

/** What is left at the former issuer and cannot be ended, with the way out; null: it is reached, or there is none. */
export function unreached({ record, former }: Situation): string | null {
  if (!record?.former || !former || former.tokens) return null;
  const left = record.revisions.filter((entry) => entry.former);
  return `The former issuer ${issuerId(record.former)} cannot be reached, so ${words(left)} cannot be ended there: ${former.problem ?? "its tokens are not known."} Mend it, or, to go on without it, set ${consent(record.former, record.issuer)}.`;
}

export const formerUnreachable: Check = {
  name: "former-unreachable",
  why: "says what a former issuer that cannot be reached keeps from its end, and the way out",
  ask(s) {
    const message = unreached(s);
    return message === null ? null : wait("FormerUnreachable", message);
  },
};
