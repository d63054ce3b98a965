// What has to be known before anything is decided. Unknown leads to waiting or to another look, never to more.
import { MINUTE, SECOND } from "../duration.ts";
import { consent } from "../home.ts";
import { act, stall, wait, where, type Check, type Hit } from "../hit.ts";
import type { Fact, Tokens } from "../observed.ts";
import { trying } from "../recording.ts";
import { everyRevision, knownAt, listAt, type Situation } from "../situation.ts";

export const issuerKnown: Check = {
  name: "issuer-known",
  why: "without an issuer that answers, nothing can be decided",
  ask({ observed: { issuer } }) {
    if (issuer.is === "absent") return stall("IssuerNotFound", issuer.message);
    return issuer.is === "unknown" ? wait(issuer.reason, issuer.message) : null;
  },
};

export const issuerSame: Check = {
  name: "issuer-same",
  why: "another url or another identity shows another list: its emptiness proves nothing",
  ask({ record, issuer, strange }) {
    if (!record || !issuer || !strange) return null;
    const goOn = `Or, to go on there, set ${consent(record.issuer, issuer)}: what is seen there stays, and the rest is given up.`;
    if (record.issuer.url !== issuer.url) {
      return stall("IssuerChanged", `The tokens were issued at ${record.issuer.url}, and the issuer now names ${issuer.url}: put the url back. ${goOn}`);
    }
    const whose = `The tokens were issued by user ${record.issuer.userId}, and the issuer's credential now belongs to user ${issuer.userId}`;
    return stall("IdentityChanged", `${whose}: give it a credential of the first one. ${goOn}`);
  },
};

export const copyKnown: Check = {
  name: "copy-known",
  why: "the record is the memory: without it no token can be told from another",
  ask({ observed: { copy } }) {
    return copy.is === "unknown" ? wait(copy.reason, copy.message) : null;
  },
};

export const copyOurs: Check = {
  name: "copy-ours",
  why: "what is not ours is never written, and no token is issued that could not be delivered",
  ask(s) {
    const { copy, desired, forged } = s;
    if (forged) {
      return stall("SecretNotOurs", "The record at the place of delivery names tokens that are not of this resource, and the issuer serves others too: remove what stands there, and a new revision is issued.");
    }
    if (copy?.place === "ours" && copy.record && copy.record.mark !== desired.mark) {
      return stall("SecretNotOurs", "What stands at the place of delivery bears the record of another resource: name another place.");
    }
    if (copy?.place !== "foreign") return null;
    return stall("SecretNotOurs", `${copy.foreign ?? "What stands at the place of delivery is not ours: name another."}${leftActive(s)}`);
  },
};

/** Without a place for the record nothing is fenced, and so nothing cleared: a person is told what waits for it. */
function leftActive({ lost }: Situation): string {
  if (lost.length === 0) return "";
  const names = lost.map(({ number, remote }) => `revision ${number} (${remote.name})`).join(", ");
  return ` Active at the API meanwhile: ${names}. That is put in order once the place of delivery is ours.`;
}

/** A trial of the delivered value is ours for so long, and it begins only while so much of that is left. */
const OUR_USE = MINUTE;
const TRIAL_TIME = 30 * SECOND;
/** How often the others look whether the suspicion is settled. */
const SETTLED_BY = 10 * SECOND;
/** When to look whether a suspicion is settled; our clock. */
export const settledBy = (s: Situation): number => s.now + Math.max(SETTLED_BY, s.issuer?.resyncInterval ?? 0);

type Suspect = Extract<Fact<Tokens>, { is: "unknown" }>;
const isSuspect = (fact: Fact<Tokens> | undefined): fact is Suspect => fact?.is === "unknown" && fact.reason === "TokensSuspect";

/** When to look whether a suspicion about the list that shows the delivered token is settled; our clock; null: there is none. */
export function suspectUntil(s: Situation): number | null {
  const { tokens, former } = s.observed;
  return isSuspect(s.current?.entry.former ? former?.tokens : tokens) ? settledBy(s) : null;
}

/** One of the missing tokens is tried with the value that stands in its copy: whether the list lies shows there. */
export const tokensSuspect: Check = {
  name: "tokens-suspect",
  why: "a list that suddenly lacks most tokens is settled by trying one of them, before anything is issued anew",
  ask(s) {
    const { tokens, former } = s.observed;
    const { current } = s;
    if (isSuspect(tokens)) return (current?.entry.former ? null : trial(s, tokens.message)) ?? wait("TokensSuspect", tokens.message, settledBy(s));
    // A former issuer's keeps nothing waiting but what is there.
    return current?.entry.former && isSuspect(former?.tokens) ? trial(s, former.tokens.message) : null;
  },
};

/** It is this resource's turn, and it has something to try; null: it is not, or it has not. */
function trial({ observed, record, current, copy, apiNow }: Situation, why: string): Hit | null {
  const entry = current?.entry;
  const able = copy?.value === "intact" && typeof copy.writable !== "string";
  if (!observed.trial || !record || !entry?.sha256 || !able) return null;
  const message = `${why} Trying whether revision ${entry.number} still authenticates.`;
  // Our own use must not look like a consumer's: it is recorded first.
  if (entry.usedAfter < apiNow + TRIAL_TIME) return act({ do: "Record", record: trying(record, entry.number, apiNow + OUR_USE) }, "TokensSuspect", message);
  return act({ do: "Try", sha256: entry.sha256, scim: entry.inputs.scim, within: TRIAL_TIME, ...where(entry) }, "TokensSuspect", message);
}

export const tokensKnown: Check = {
  name: "tokens-known",
  why: "no complete list, no decision",
  ask({ observed: { tokens } }) {
    return tokens.is === "unknown" ? wait(tokens.reason, tokens.message) : null;
  },
};

export const listBehind: Check = {
  name: "list-behind",
  why: "a list older than the record that it contradicts proves nothing: two replicas would undo each other's entries",
  ask(s) {
    const { copy } = s;
    if (!copy) return null;
    const isBehind = (at: { readonly former?: boolean }): boolean => (listAt(s, at)?.sentAt ?? Number.POSITIVE_INFINITY) <= knownAt(copy);
    const odd = everyRevision(s).find(({ entry, seen }) => isBehind(entry) && (entry.revoked?.done ? seen === "active" : !entry.revoked && seen === "revoked"));
    // A stray may have been recorded and tidied away since. That the copy is read again after the list (lost-token)
    // does not make the record any younger: Copy.doneAt says since when this very record is known.
    const found = odd?.entry ?? [...s.lost, ...s.remains].find(isBehind);
    if (!found) return null;
    return act({ do: "Look", at: "tokens", after: knownAt(copy), ...where(found) }, "TokensUnknown", `The token list is older than the record, and says otherwise of revision ${found.number}: looking again.`);
  },
};

export const answersSettled: Check = {
  name: "answers-settled",
  why: "after a write without a clear answer only a later list says what became of it",
  ask({ observed: { uncertainAt, former: seen }, tokens, former }) {
    const message = "A request got no clear answer: looking at the token list again.";
    if (uncertainAt !== null && tokens && tokens.sentAt <= uncertainAt) return act({ do: "Look", at: "tokens", after: uncertainAt }, "TokensUnknown", message);
    const there = seen?.uncertainAt ?? null;
    if (there === null || !former?.tokens || former.tokens.sentAt > there) return null;
    return act({ do: "Look", at: "tokens", after: there, former: true }, "TokensUnknown", message);
  },
};
