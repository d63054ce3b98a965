// The table of the engine: what stands there -> what is done, and why that is right. Each check has a row at least.
import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../core/duration.ts";
import type { Desired } from "../../core/desired.ts";
import { absent, present, unknown, type Rollout } from "../../core/observed.ts";
import { END, LIFE, plan } from "../../core/plan.ts";
import type { Entry, Record } from "../../core/record.ts";
import { deliveredLater } from "../../core/recording.ts";
import { copy, desired, entry, hand, issuer, name, NO_COPY, NOW, observed, record, remote, tokens, type Facts } from "./situations.ts";

interface Row {
  readonly why: string;
  readonly want?: Partial<Desired>;
  readonly facts?: Facts;
  readonly check: string;
  /** The action, or how the plan ends without one. */
  readonly does: string;
  readonly reason: string;
  readonly ready?: "True" | "False" | "Unknown";
}

const ended = (why: "retired" | "state" | "compromised" | "elsewhere", done = true, at = NOW - DAY) => ({ revoked: { at, why, done } });
const two = record([entry(1), entry(2, { created: NOW - 2 * DAY })]);
const theirs = entry(2, { name: "theirs" });
const shared = { ...issuer().policy, shared: true };
/** A second owner has revision 2, and ours, revision 1, was deleted by ourselves. */
const oursGone = present(tokens([remote(2, { lastUsed: NOW - HOUR })], { deleted: [101] }));
const used = remote(2, { created: NOW - 2 * DAY, lastUsed: NOW - DAY });
const both = [remote(1), used];
const rolled: Partial<Desired> = { restart: ["Deployment ingest"] };
const rolledSoon: Partial<Desired> = { ...rolled, retire: { when: "Deadline", minOverlap: 0, idleFor: DAY, maxOverlap: 7 * DAY } };
const owed = (restart: "due" | number) => record([entry(1), entry(2, { created: NOW - 2 * DAY, restart })]);
const rollout = (change: Partial<Rollout> = {}): Rollout => ({ readAt: 3_000, revision: 2, created: NOW - 2 * DAY, asked: true, complete: true, waits: null, missing: [], ...change });
/** At home at one issuer, and at another one since a day. */
const atA = (entries: Parameters<typeof record>[0]) => record(entries, { issuer: { url: "https://q", userId: 1, ref: "TokenIssuer/a" } });
const movedToB = (entries: Parameters<typeof record>[0], ago = DAY) => record(entries, { issuer: { url: "https://b", userId: 1, ref: "TokenIssuer/b" }, former: { url: "https://q", userId: 1, ref: "TokenIssuer/a", since: NOW - ago } });
const away = (number: number) => entry(number, { former: true });
const next = { issuer: present(issuer({ url: "https://b" })), tokens: present(tokens([])), owner: present({ id: 11, name: "Data Ingest", active: true }) };
const onwardFromB = (ago = DAY) => record([away(1)], { issuer: { url: "https://b", userId: 1, ref: "TokenIssuer/b" }, former: { url: "https://q", userId: 1, ref: "TokenIssuer/a", since: NOW - ago, onward: true } });
const atFormer = (list: Parameters<typeof tokens>[0]) => ({ issuer: present(issuer()), tokens: present(tokens(list)), uncertainAt: null });
const gone = { issuer: absent("There is no TokenIssuer a."), tokens: unknown("TokensUnknown", "gone"), uncertainAt: null };
const young = { since: NOW - HOUR };

export const TABLE: readonly Row[] = [
  // Knowing before doing
  { why: "without the record no token can be told from another", facts: { more: { copy: unknown("CopyUnknown", "forbidden") } }, check: "copy-known", does: "wait", reason: "CopyUnknown", ready: "Unknown" },
  { why: "somebody else wrote the data: compare before anything is said", facts: { copy: copy({ record: record([entry(1)]), value: "unread" }) }, check: "value-unread", does: "Look copy", reason: "SecretChanged", ready: "Unknown" },
  { why: "an issuer that does not answer leaves Ready as it was", facts: { issuer: unknown("IssuerNotReady", "no answer"), tokens: unknown("TokensUnknown", "no answer") }, check: "issuer-known", does: "wait", reason: "IssuerNotReady", ready: "True" },
  { why: "an issuer that does not exist needs a person", facts: { issuer: absent("no such issuer") }, check: "issuer-known", does: "stall", reason: "IssuerNotFound" },
  { why: "another url shows another list", facts: { issuer: present(issuer({ url: "https://other" })) }, check: "issuer-same", does: "stall", reason: "IssuerChanged", ready: "Unknown" },
  { why: "another identity sees other tokens", facts: { issuer: present(issuer({ userId: 2 })) }, check: "issuer-same", does: "stall", reason: "IdentityChanged", ready: "Unknown" },
  // Another issuer
  { why: "a person's word lets it go on at another url: what is seen there stays", want: { issuerChange: { from: "https://q#1", to: "https://other#1" } }, facts: { issuer: present(issuer({ url: "https://other" })) }, check: "issuer-accepted", does: "Record", reason: "IssuerAccepted", ready: "Unknown" },
  { why: "one list without it is not enough to give it up", want: { issuerChange: { from: "https://q#1", to: "https://other#1" } }, facts: { issuer: present(issuer({ url: "https://other" })), list: [] }, check: "issuer-accepted", does: "Look tokens", reason: "TokenMissing" },
  { why: "what two lists do not show is given up, and named", want: { issuerChange: { from: "https://q#1", to: "https://other#1" } }, facts: { issuer: present(issuer({ url: "https://other" })), tokens: present(tokens([], { sentAt: 5_000, earlier: { sentAt: 1_000, ids: [] } })) }, check: "issuer-accepted", does: "Record", reason: "OutOfReach" },
  { why: "a word about another change is none about this one", want: { issuerChange: { from: "https://q#1", to: "https://third#1" } }, facts: { issuer: present(issuer({ url: "https://other" })) }, check: "issuer-same", does: "stall", reason: "IssuerChanged" },
  { why: "another issuerRef: recorded before anything is issued there", want: { issuerRef: "TokenIssuer/b" }, facts: { copy: copy({ record: atA([entry(1)]) }), more: { next } }, check: "issue-in-turn", does: "Record", reason: "IssuerMoved", ready: "True" },
  { why: "it takes its turn: at most one retires", want: { issuerRef: "TokenIssuer/b" }, facts: { copy: copy({ record: atA([entry(1), entry(2, { created: NOW - 2 * DAY })]) }), list: [remote(1, { lastUsed: NOW - HOUR }), used], more: { next } }, check: "issue-in-turn", does: "wait", reason: "AwaitingRetirement" },
  { why: "unless the old issuer does not answer", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: absent("gone"), tokens: unknown("TokensUnknown", "gone"), copy: copy({ record: atA([entry(1)]) }), more: { next } }, check: "issuer-next", does: "Record", reason: "IssuerMoved" },
  { why: "an issuer that is not ready takes nothing over", want: { issuerRef: "TokenIssuer/b" }, facts: { copy: copy({ record: atA([entry(1)]) }), more: { next: { ...next, issuer: unknown("IssuerNotReady", "no answer") } } }, check: "issue-blocked", does: "wait", reason: "IssuerMoved", ready: "True" },
  { why: "one that is not there needs a person", want: { issuerRef: "TokenIssuer/b" }, facts: { copy: copy({ record: atA([entry(1)]) }), more: { next: { ...next, issuer: absent("no b") } } }, check: "issue-blocked", does: "stall", reason: "IssuerNotFound", ready: "True" },
  { why: "the same issuer by another name: its tokens stay", want: { issuerRef: "TokenIssuer/b" }, facts: { copy: copy({ record: atA([entry(1)]) }), more: { next: { ...next, issuer: present(issuer()) } } }, check: "issuer-next", does: "Record", reason: "IssuerAccepted" },
  { why: "once it has moved, the next revision is issued at the new one", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)]) }), list: [], more: { former: atFormer([remote(1)]) } }, check: "issue-in-turn", does: "Issue 2", reason: "IssuerMoved", ready: "True" },
  { why: "nor while the one that took its place is not saved: a Pulumi that dies leaves consumers with the old one", facts: { copy: copy({ record: record([entry(1, ended("retired", false)), entry(3, { created: NOW })]), exclusive: true, unsaved: true }), list: [remote(1), remote(3, { created: NOW })] }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "but not while its successor is missing from the list: it may be all that consumers have", facts: { copy: copy({ record: record([entry(1, ended("retired", false)), entry(2, { created: NOW - 2 * DAY })]) }), list: [remote(1)] }, check: "current-missing", does: "Look tokens", reason: "TokenMissing" },
  { why: "what state: Revoked had begun on one that gave way since is seen through", facts: { copy: copy({ record: record([entry(1, ended("state", false)), entry(2, { created: NOW - 2 * DAY })]) }), list: [remote(1, { active: false }), used] }, check: "revocation-underway", does: "Record", reason: "Revoking" },
  { why: "what was issued before retires at the former one", want: { issuerRef: "TokenIssuer/b", retire: { when: "Deadline", minOverlap: 0, idleFor: DAY, maxOverlap: 7 * DAY } }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([{ ...away(1), ...ended("retired", false) }, entry(2)]) }), list: [remote(2)], more: { former: atFormer([remote(1)]) } }, check: "revocation-underway", does: "Revoke former", reason: "Revoking" },
  { why: "what was revoked at the second before it was delivered bars no way to a third one: it is given up first", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)]) }), list: [remote(2, { active: false })], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "lost-remains", does: "Fence", reason: "LostToken", ready: "True" },
  { why: "nor is it forgotten there by who moves back", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([entry(1)]) }), list: [remote(1)], more: { former: atFormer([remote(2, { active: false })]) } }, check: "lost-remains", does: "Fence", reason: "LostToken", ready: "True" },
  { why: "and then cleared", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: { ...movedToB([away(1)]), fence: 2 } }), list: [remote(2, { active: false })], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "lost-remains", does: "Delete", reason: "LostToken", ready: "True" },
  { why: "a third one before anything was issued at the second: nothing is asked for there any more", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)]) }), list: [], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-blocked", does: "Record", reason: "IssuerMoved", ready: "True" },
  { why: "and after that there it goes on", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: onwardFromB() }), list: [], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-in-turn", does: "Record", reason: "IssuerMoved", ready: "True" },
  { why: "but not while a request of late may still issue something at the second", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: onwardFromB(MINUTE) }), list: [], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-blocked", does: "wait", reason: "IssuerMoved", ready: "True" },
  { why: "which counts from when the last could be asked for: the second is home again, and that is recorded before it is asked for more", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: onwardFromB() }), list: [], more: { former: atFormer([remote(1)]) } }, check: "issue-in-turn", does: "Record", reason: "IssuerMoved", ready: "True" },
  { why: "so it is for what cannot wait", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: onwardFromB(MINUTE), value: "missing" }), list: [], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-urgently", does: "Record", reason: "IssuerMoved" },
  { why: "and then it is issued there", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)], MINUTE), value: "missing" }), list: [], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-urgently", does: "Issue 2", reason: "SecretMissing" },
  { why: "nor by a list of before that", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: onwardFromB() }), tokens: present(tokens([], { sentAt: 50 })), more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-blocked", does: "Look tokens", reason: "IssuerMoved", ready: "True" },
  { why: "what would wait for ever for what somebody holds at the second is issued there", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: { ...movedToB([away(1), entry(2, { created: NOW - 2 * DAY, deliveredAt: null })]), current: 1 } }), list: [used], more: { former: atFormer([remote(1, { lastUsed: NOW - HOUR })]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-in-turn", does: "Issue 3", reason: "IssuerMoved", ready: "True" },
  { why: "nor once something was", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2, { created: NOW - 2 * DAY })]) }), list: [used], more: { former: atFormer([remote(1, { lastUsed: NOW - HOUR })]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-blocked", does: "wait", reason: "IssuerMoved", ready: "True" },
  { why: "what is urgent waits too, where nothing tells the service user at the second", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: onwardFromB(MINUTE), value: "missing" }), list: [], owner: unknown("ServiceUserUnknown", "nothing tells"), more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-blocked", does: "wait", reason: "IssuerMoved" },
  { why: "nor at once where another replica may know a newer spec", want: { issuerRef: "TokenIssuer/a" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)], 10_000) }), list: [], more: { alone: false, former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer()) } } }, check: "issue-blocked", does: "wait", reason: "IssuerMoved", ready: "True" },
  { why: "back to one that does not answer would only wait there", want: { issuerRef: "TokenIssuer/a" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: gone, next: { ...next, ...gone } } }, check: "issue-blocked", does: "stall", reason: "IssuerNotFound", ready: "True" },
  { why: "back again before that is over: what was the former one is home", want: { issuerRef: "TokenIssuer/a" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)]) }), list: [], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer()) } } }, check: "issuer-next", does: "Record", reason: "IssuerMoved" },
  { why: "a third one waits until the first is through", want: { issuerRef: "TokenIssuer/c" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2, { created: NOW - HOUR / 2 })]) }), list: [remote(2, { created: NOW - HOUR / 2 })], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } }, check: "issue-blocked", does: "wait", reason: "IssuerMoved", ready: "True" },
  { why: "a former issuer that is gone is said, with the way out", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: gone } }, check: "former-unreachable", does: "wait", reason: "FormerUnreachable", ready: "True" },
  { why: "which a person takes", want: { issuerRef: "TokenIssuer/b", issuerChange: { from: "https://q#1", to: "https://b#1" } }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: gone } }, check: "former-given-up", does: "Record", reason: "OutOfReach" },
  { why: "when nothing is left there, and no late request can be on its way, it is forgotten", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([entry(2)]) }), list: [remote(2)], more: { former: atFormer([]) } }, check: "former-through", does: "Record", reason: "IssuerMoved" },
  { why: "a value made at an issuer that the resource has left is not delivered", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)]) }), list: [], more: { former: atFormer([remote(1), remote(2)]), hand: hand(2, { issuer: { url: "https://q", userId: 1, ref: "TokenIssuer/a" } }) } }, check: "hand-elsewhere", does: "Drop", reason: "LostToken" },
  { why: "nor is its issuer forgotten where nothing else names it", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: NO_COPY, list: [], more: { hand: hand(1, { issuer: { url: "https://q", userId: 1, ref: "TokenIssuer/a" } }) } }, check: "hand-elsewhere", does: "Fence", reason: "IssuerMoved" },
  { why: "a deletion ends what is at the former issuer before the record goes", want: { deleting: true, issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: atFormer([remote(1)]) } }, check: "deletion-recorded", does: "Revoke former", reason: "Deleting" },
  { why: "and waits for it, with the way out", want: { deleting: true, issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: gone } }, check: "deletion-blocked", does: "wait", reason: "DeletionBlocked" },
  { why: "which is a person's word", want: { deleting: true, issuerRef: "TokenIssuer/b", issuerChange: { from: "https://q#1", to: "https://b#1" } }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: gone } }, check: "former-given-up", does: "Record", reason: "OutOfReach" },
  { why: "so it is where the url is another one", want: { deleting: true, issuerChange: { from: "https://q#1", to: "https://other#1" } }, facts: { issuer: present(issuer({ url: "https://other" })) }, check: "issuer-accepted", does: "Record", reason: "IssuerAccepted" },
  { why: "what is somebody else's is never written", facts: { copy: copy({ place: "foreign", foreign: "theirs" }), list: [] }, check: "copy-ours", does: "stall", reason: "SecretNotOurs", ready: "False" },
  { why: "neither is a copy with another resource's record", facts: { copy: copy({ record: { ...record([entry(1)]), mark: "other" } }) }, check: "copy-ours", does: "stall", reason: "SecretNotOurs" },
  { why: "a record that names tokens of others is not believed where the issuer serves them too", facts: { issuer: present(issuer({ policy: shared })), copy: copy({ record: record([entry(1), theirs]) }), list: [remote(1), { ...remote(2), name: "theirs" }] }, check: "copy-ours", does: "stall", reason: "SecretNotOurs" },
  { why: "nor is it when the resource is deleted: theirs is not touched", want: { deleting: true }, facts: { issuer: present(issuer({ policy: shared })), copy: copy({ place: "ours", record: record([theirs]) }), list: [{ ...remote(2), name: "theirs" }] }, check: "deletion-copy", does: "Remove", reason: "Deleting" },
  { why: "a copy that cannot be removed is told, with the way out", want: { deleting: true }, facts: { copy: copy({ record: record([entry(1)]), writable: "a webhook says no" }) }, check: "deletion-copy", does: "wait", reason: "DeletionBlocked" },
  { why: "then it is left to its owner reference, and the tokens end all the same", want: { deleting: true, abandon: true }, facts: { copy: copy({ record: record([entry(1)]), writable: "a webhook says no" }) }, check: "deletion-tokens", does: "Revoke", reason: "Deleting" },
  { why: "nor can one that cannot be given away hold its object", want: { deleting: true, abandon: true, deletionPolicy: "Orphan" }, facts: { copy: copy({ record: record([entry(1)]), writable: "a webhook says no" }) }, check: "deletion-orphan", does: "Release", reason: "Deleting" },
  { why: "an issuer of one's own believes its own record", want: { deleting: true }, facts: { copy: copy({ place: "ours", record: record([theirs]) }), list: [{ ...remote(2), name: "theirs" }] }, check: "deletion-recorded", does: "Revoke", reason: "Deleting" },
  { why: "no list, no decision", facts: { tokens: unknown("CredentialDenied", "403") }, check: "tokens-known", does: "wait", reason: "CredentialDenied", ready: "True" },
  { why: "most tokens gone at once are not believed", facts: { tokens: unknown("TokensSuspect", "most are missing") }, check: "tokens-suspect", does: "wait", reason: "TokensSuspect", ready: "True" },
  { why: "whose turn it is records first that the next use is our own", facts: { tokens: unknown("TokensSuspect", "most are missing"), more: { trial: true } }, check: "tokens-suspect", does: "Record", reason: "TokensSuspect" },
  { why: "then tries the delivered value", facts: { tokens: unknown("TokensSuspect", "most are missing"), copy: copy({ record: record([entry(1, { usedAfter: NOW + 50_000 })]) }), more: { trial: true } }, check: "tokens-suspect", does: "Try", reason: "TokensSuspect" },
  { why: "also where that token is at the former issuer", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([{ ...away(1), usedAfter: NOW + 50_000 }]) }), list: [], more: { trial: true, former: { ...atFormer([]), tokens: unknown("TokensSuspect", "most are missing") } } }, check: "tokens-suspect", does: "Try former", reason: "TokensSuspect", ready: "True" },
  { why: "which keeps nothing waiting but what is there", want: { issuerRef: "TokenIssuer/b" }, facts: { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1)]) }), list: [], more: { former: { ...atFormer([]), tokens: unknown("TokensSuspect", "most are missing") } } }, check: "issue-in-turn", does: "Issue 2", reason: "IssuerMoved", ready: "True" },
  { why: "where there is nothing to try, another one has to", facts: { tokens: unknown("TokensSuspect", "most are missing"), copy: copy({ record: record([entry(1)]), value: "missing" }), more: { trial: true } }, check: "tokens-suspect", does: "wait", reason: "TokensSuspect" },
  { why: "or where our use could not be recorded", facts: { tokens: unknown("TokensSuspect", "most are missing"), copy: copy({ record: record([entry(1)]), writable: "quota" }), more: { trial: true } }, check: "tokens-suspect", does: "wait", reason: "TokensSuspect" },
  { why: "what the last list showed is still said when there is none", facts: { tokens: unknown("TokensUnknown", "no answer"), more: { said: { revision: 1, reason: "DeletedElsewhere", message: "Revision 1 was deleted elsewhere." } } }, check: "tokens-known", does: "wait", reason: "TokensUnknown", ready: "False" },
  { why: "but not of another revision", facts: { tokens: unknown("TokensUnknown", "no answer"), more: { said: { revision: 2, reason: "DeletedElsewhere", message: "Revision 2 was deleted elsewhere." } } }, check: "tokens-known", does: "wait", reason: "TokensUnknown", ready: "True" },
  { why: "a lost answer is looked up before anything is repeated", facts: { more: { uncertainAt: 1_500 } }, check: "answers-settled", does: "Look tokens", reason: "TokensUnknown" },
  { why: "a list sent after the lost answer settles it", facts: { more: { uncertainAt: 900 } }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  // The value in memory
  { why: "a fence says that this value may not be delivered", facts: { copy: copy({ record: record([entry(1)], { fence: 2 }) }), list: [remote(1), remote(2)], more: { hand: hand(2) } }, check: "hand-superseded", does: "Drop", reason: "LostToken" },
  { why: "its delivery took effect though the answer was lost", facts: { copy: copy({ record: two }), list: [remote(1), used], more: { hand: hand(2) } }, check: "hand-superseded", does: "Drop", reason: "Delivered" },
  { why: "what ended before its delivery is not delivered", facts: { list: [remote(1)], more: { hand: hand(2) } }, check: "hand-gone", does: "Drop", reason: "RevokedElsewhere" },
  { why: "nobody is handed a token that does not authenticate", facts: { list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2, { verified: false }) } }, check: "hand-verify", does: "Verify", reason: "Verifying" },
  { why: "four failures are enough", facts: { list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2, { verified: false, failures: 4 }) } }, check: "hand-verify", does: "Drop", reason: "VerificationFailed" },
  { why: "a deactivated user is not the token's fault", facts: { owner: present({ id: 11, name: "x", active: false }), list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2, { verified: false, failures: 1 }) } }, check: "hand-verify", does: "Drop", reason: "ServiceUserDeactivated" },
  { why: "value and record go in one write", facts: { list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2) } }, check: "hand-deliver", does: "Deliver", reason: "Delivering" },
  { why: "where writing is refused nothing is written", facts: { copy: copy({ record: record([entry(1)]), writable: "quota" }), list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2) } }, check: "hand-deliver", does: "stall", reason: "SecretNotWritable" },
  // Orders
  { why: "a revocation is recorded before it is sent", want: { compromised: 1 }, check: "compromised", does: "Record", reason: "Compromised" },
  { why: "an emergency does not wait for a copy that cannot be written", want: { compromised: 1 }, facts: { copy: copy({ record: record([entry(1)]), writable: "quota" }) }, check: "compromised", does: "Revoke", reason: "Compromised" },
  { why: "recorded, then sent", want: { compromised: 1 }, facts: { copy: copy({ record: record([entry(1, ended("compromised", false))]) }) }, check: "compromised", does: "Revoke", reason: "Compromised", ready: "False" },
  { why: "deleted at once, without observation", want: { compromised: 1 }, facts: { copy: copy({ record: record([entry(1, ended("compromised"))]) }), list: [remote(1, { active: false })] }, check: "compromised", does: "Delete", reason: "Compromised" },
  { why: "a value in memory that is reported goes no further", want: { compromised: 2 }, facts: { list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2) } }, check: "compromised", does: "Drop", reason: "Compromised" },
  { why: "the way of a lost one's value is closed first: another process may be about to deliver it", want: { compromised: 2 }, facts: { list: [remote(1), remote(2)] }, check: "compromised", does: "Fence", reason: "Compromised" },
  { why: "then it is revoked", want: { compromised: 2 }, facts: { copy: copy({ record: record([entry(1)], { fence: 2 }) }), list: [remote(1), remote(2)] }, check: "compromised", does: "Revoke", reason: "Compromised" },
  { why: "at once where the way cannot be closed", want: { compromised: 2 }, facts: { copy: copy({ record: record([entry(1)]), writable: "quota" }), list: [remote(1), remote(2)] }, check: "compromised", does: "Revoke", reason: "Compromised" },
  { why: "before it is deleted", want: { compromised: 2 }, facts: { copy: copy({ record: record([entry(1)], { fence: 2 }) }), list: [remote(1), remote(2, { active: false })] }, check: "compromised", does: "Delete", reason: "Compromised" },
  { why: "a list older than the record proves nothing", facts: { copy: copy({ record: record([entry(1)]), doneAt: 1_500 }), list: [remote(1, { active: false })] }, check: "list-behind", does: "Look tokens", reason: "TokensUnknown" },
  { why: "nor does it of a stray that may be recorded and gone since", facts: { copy: copy({ record: record([entry(1)]), doneAt: 1_500 }), list: [remote(1), remote(2)] }, check: "list-behind", does: "Look tokens", reason: "TokensUnknown" },
  { why: "what was recorded is done, whatever happened in between", facts: { copy: copy({ record: record([entry(1, ended("retired", false)), entry(2)]) }), list: [remote(1), used, remote(2)] }, check: "revocation-underway", does: "Revoke", reason: "Revoking" },
  { why: "what was compromised is never good again", facts: { copy: copy({ record: record([entry(1, ended("compromised")), entry(2)]) }), list: [remote(1), remote(2)] }, check: "revocation-underway", does: "Revoke", reason: "Revoking" },
  { why: "state: Revoked revokes at once", want: { state: "Revoked" }, check: "state-revoked", does: "Record", reason: "Revoking", ready: "False" },
  { why: "and wins over somebody who restores", want: { state: "Revoked" }, facts: { copy: copy({ record: record([entry(1, ended("retired")), entry(2, ended("state"))]) }), list: [remote(1), remote(2, { active: false })] }, check: "state-revoked", does: "Record", reason: "Revoking" },
  { why: "back to Active gives the same secret", facts: { copy: copy({ record: record([entry(1, ended("state"))]) }), list: [remote(1, { active: false })] }, check: "state-restored", does: "Restore", reason: "Restoring" },
  { why: "and is recorded", facts: { copy: copy({ record: record([entry(1, ended("state"))]) }) }, check: "state-restored", does: "Record", reason: "Restored" },
  { why: "a rollback restores a kept one", want: { rollback: 1 }, facts: { copy: copy({ record: record([entry(1, ended("retired")), entry(2)]) }), list: [remote(1, { active: false }), remote(2)] }, check: "rollback", does: "Restore", reason: "Restoring" },
  { why: "what another process with a faster clock recorded as expired was not restored by anybody", facts: { copy: copy({ record: record([entry(1, { revoked: { at: NOW, why: "expired", done: true }, expires: NOW + 500 }), entry(2)]) }), list: [remote(1, { expires: NOW + 500 }), remote(2)] }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "what somebody restored is kept, and said", facts: { copy: copy({ record: record([entry(1, ended("retired")), entry(2)]) }), list: [remote(1), remote(2)] }, check: "restored-elsewhere", does: "Record", reason: "RestoredElsewhere" },
  // The world changed
  { why: "one list without it proves nothing", facts: { list: [] }, check: "current-missing", does: "Look tokens", reason: "TokenMissing", ready: "Unknown" },
  { why: "an old one that ended elsewhere waits to be tidied up", facts: { copy: copy({ record: two }), list: [remote(1, { active: false }), used] }, check: "older-ended", does: "Record", reason: "CleaningUp" },
  { why: "a loss is proved by reading the copy after the list", facts: { copy: copy({ record: record([entry(1)]), readAt: 900 }), list: [remote(1), remote(2)] }, check: "lost-token", does: "Look copy", reason: "LostToken" },
  { why: "then the way of its value is closed", facts: { list: [remote(1), remote(2)] }, check: "lost-token", does: "Fence", reason: "LostToken" },
  { why: "nobody has used it: not by a list of long ago, from before this process stood still", facts: { copy: copy({ record: record([entry(1)], { fence: 2 }) }), list: [remote(1), remote(2)], more: { monotonic: 40_000 } }, check: "lost-token", does: "Look tokens", reason: "LostToken" },
  { why: "nor by one whose answer was on its way all the while", facts: { copy: copy({ record: record([entry(1)], { fence: 2 }), readAt: 40_000 }), tokens: present(tokens([remote(1), remote(2)], { doneAt: 39_900 })), more: { monotonic: 40_000 } }, check: "lost-token", does: "Look tokens", reason: "LostToken" },
  { why: "then it goes", facts: { copy: copy({ record: record([entry(1)], { fence: 2 }) }), list: [remote(1), remote(2)] }, check: "lost-token", does: "Revoke", reason: "LostToken" },
  { why: "a second replica may be delivering it", facts: { list: [remote(1), remote(2, { created: NOW - 5_000 })], more: { alone: false } }, check: "lost-token", does: "wait", reason: "LostToken" },
  { why: "and may be what a second owner seems to have", facts: { copy: copy({ record: record([entry(1)], { others: [102] }) }), list: [remote(1), remote(2, { lastUsed: NOW - HOUR }), remote(3, { created: NOW - 5_000 })], more: { alone: false } }, check: "lost-token", does: "wait", reason: "LostToken" },
  { why: "what is used is held by somebody", facts: { copy: copy({ record: null, value: "missing" }), list: [remote(1, { lastUsed: NOW - DAY })], more: {} }, check: "lost-token", does: "Fence", reason: "LostToken" },
  { why: "in Pulumi's state the number is noted too, for two stacks with one state", facts: { copy: copy({ record: record([entry(1)]), exclusive: true }), list: [remote(1), remote(2, { created: NOW - HOUR })] }, check: "lost-token", does: "Fence", reason: "LostToken" },
  { why: "and retires by the usual rules", facts: { copy: copy({ record: record([], { fence: 1, current: null }), value: "missing" }), list: [remote(1, { lastUsed: NOW - DAY })] }, check: "lost-token", does: "Record", reason: "HeldBySomebody" },
  { why: "a second owner's is not taken in once our numbers have passed its own", facts: { copy: copy({ record: record([entry(3)], { others: [102] }) }), list: [remote(2, { lastUsed: NOW - HOUR }), remote(3)] }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "nor its next one cleared before it is used", facts: { copy: copy({ record: record([entry(3)], { others: [102] }) }), list: [remote(2, { lastUsed: NOW - HOUR }), remote(3), remote(4)] }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "numbers that keep coming are a second owner's, used or not", facts: { copy: copy({ record: record([entry(1)], { fence: 4 }) }), list: [remote(1), remote(5)] }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "two lost in a row are an accident", facts: { copy: copy({ record: record([entry(1)], { fence: 3 }) }), list: [remote(1), remote(4)] }, check: "lost-token", does: "Fence", reason: "LostToken" },
  { why: "also where nothing is delivered and a rotation may not begin: clearing them would go on for ever", want: { paused: true }, facts: { copy: copy({ record: record([entry(1)], { fence: 4, current: null }), value: "missing" }), list: [remote(1, { lastUsed: NOW - DAY }), remote(5)] }, check: "issue-blocked", does: "wait", reason: "Paused" },
  { why: "which numbers of before the first known one do not show", want: { paused: true }, facts: { copy: copy({ record: record([], { fence: 4, current: null }), value: "missing" }), list: [remote(4)] }, check: "lost-token", does: "Revoke", reason: "LostToken" },
  { why: "also beside one of ours that was revoked elsewhere", want: { onExternalChange: "Report" }, facts: { copy: copy({ record: record([entry(1)], { fence: 4 }) }), list: [remote(1, { active: false }), remote(5)] }, check: "external-reported", does: "stall", reason: "RevokedElsewhere" },
  { why: "but what this process itself gave up, which is cleared", facts: { copy: copy({ record: record([entry(1)], { fence: 5 }) }), list: [remote(1), remote(5)], more: { dropped: hand(5, { created: remote(5).created }) } }, check: "lost-token", does: "Revoke", reason: "LostToken", ready: "True" },
  { why: "a newer one in use is a second owner's: never fought", facts: { list: [remote(1), remote(2, { lastUsed: NOW - HOUR })] }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "what an earlier life left is not touched", want: young, facts: { copy: NO_COPY, list: [remote(1)] }, check: "issue-urgently", does: "Probe", reason: "Issuing" },
  { why: "Restore takes back what was revoked elsewhere", want: { onExternalChange: "Restore" }, facts: { list: [remote(1, { active: false })] }, check: "restore-elsewhere", does: "Restore", reason: "RevokedElsewhere", ready: "False" },
  // A new revision
  { why: "the declaring object has to be held first", facts: { copy: NO_COPY, list: [], more: { held: false } }, check: "issue-urgently", does: "Hold", reason: "Issuing", ready: "False" },
  { why: "then it is tried whether it could be delivered", facts: { copy: NO_COPY, list: [] }, check: "issue-urgently", does: "Probe", reason: "Issuing" },
  { why: "then the first revision", facts: { copy: { ...NO_COPY, writable: true }, list: [] }, check: "issue-urgently", does: "Issue 1", reason: "Issuing" },
  { why: "a number that the API refused is skipped", facts: { copy: NO_COPY, list: [], more: { taken: 4 } }, check: "issue-urgently", does: "Probe", reason: "Issuing" },
  { why: "an unwritable copy burns no tokens", facts: { copy: { ...NO_COPY, writable: "quota" }, list: [], more: { taken: 4 } }, check: "issue-urgently", does: "stall", reason: "SecretNotWritable" },
  { why: "revoked elsewhere", facts: { list: [remote(1, { active: false })] }, check: "issue-urgently", does: "Issue 2", reason: "RevokedElsewhere", ready: "False" },
  { why: "gone in two lists", facts: { tokens: present(tokens([], { sentAt: 3_000, earlier: { sentAt: 900, ids: [] } })) }, check: "issue-urgently", does: "Issue 2", reason: "DeletedElsewhere", ready: "False" },
  { why: "expired", facts: { copy: copy({ record: record([entry(1, { created: NOW - 91 * DAY })]) }), list: [remote(1, { created: NOW - 91 * DAY, expires: NOW - DAY })] }, check: "issue-urgently", does: "Issue 2", reason: "Expired", ready: "False" },
  { why: "another value in the copy", facts: { copy: copy({ record: record([entry(1)]), value: "changed" }) }, check: "issue-urgently", does: "Issue 2", reason: "SecretChanged", ready: "False" },
  { why: "about to expire: nothing voluntary delays it", facts: { copy: copy({ record: record([entry(1, { created: NOW - 90 * DAY + HOUR })]) }), list: [remote(1, { created: NOW - 90 * DAY + HOUR, expires: NOW + HOUR })] }, check: "issue-urgently", does: "Issue 2", reason: "Renewal", ready: "True" },
  { why: "due for renewal", want: { renewBefore: 81 * DAY }, check: "issue-in-turn", does: "Issue 2", reason: "Renewal" },
  { why: "a rotation waits for what still retires", want: { rotate: "now" }, facts: { copy: copy({ record: two }), list: [remote(1, { lastUsed: NOW - HOUR }), used] }, check: "issue-in-turn", does: "wait", reason: "AwaitingRetirement", ready: "True" },
  { why: "what can wait begins in a window", want: { rotate: "now", windows: [{ cron: "0 2 * * *", duration: HOUR, timeZone: "UTC" }] }, check: "issue-outside-window", does: "wait", reason: "OutsideWindow", ready: "True" },
  { why: "a window that cannot be read is said before it is missed", want: { windows: [{ cron: "0 2 * *", duration: HOUR, timeZone: "UTC" }] }, check: "window-invalid", does: "stall", reason: "WindowInvalid", ready: "True" },
  { why: "but not for what is newer than the current one: that never retires beside it", want: { rotate: "now" }, facts: { copy: copy({ record: record([entry(1), entry(2)], { current: 1 }), writable: true }), list: [remote(1), remote(2)] }, check: "issue-in-turn", does: "Issue 3", reason: "RotationRequested" },
  { why: "Pulumi's create takes in no token that may be another stack's, once it has delivered its own", want: { since: 0 }, facts: { copy: copy({ exclusive: true, record: record([entry(2, { created: NOW })]) }), list: [remote(1, { lastUsed: NOW - HOUR }), remote(2, { created: NOW })] }, check: "rest", does: "rest", reason: "Ready" },
  { why: "another lifetime is a new revision", want: { days: 30, renewBefore: DAY }, check: "issue-in-turn", does: "Issue 2", reason: "SpecChanged" },
  { why: "a form that the value cannot be written in needs a new one", want: { look: "new" }, facts: { more: { unrenderable: "new" } }, check: "issue-in-turn", does: "Issue 2", reason: "SpecChanged" },
  { why: "paused begins nothing", want: { paused: true, rotate: "now" }, check: "issue-blocked", does: "wait", reason: "Paused", ready: "True" },
  { why: "no such service user", facts: { copy: NO_COPY, list: [], owner: absent("none") }, check: "issue-blocked", does: "stall", reason: "NoServiceUser" },
  { why: "the policy forbids the lifetime", want: { rotate: "now" }, facts: { issuer: present(issuer({ policy: { ...issuer().policy, maxDays: 30 } })) }, check: "issue-blocked", does: "stall", reason: "PolicyForbids", ready: "True" },
  { why: "verification failed before", facts: { copy: NO_COPY, list: [], more: { refused: "does not authenticate" } }, check: "issue-blocked", does: "stall", reason: "VerificationFailed" },
  { why: "Report leaves it to a person", want: { onExternalChange: "Report" }, facts: { list: [remote(1, { active: false })] }, check: "external-reported", does: "stall", reason: "RevokedElsewhere", ready: "False" },
  { why: "a spec that cannot be delivered issues nothing, and says what to change", want: { complaint: { message: "write it otherwise", blocks: true } }, facts: { copy: NO_COPY, list: [] }, check: "issue-blocked", does: "stall", reason: "SpecInvalid" },
  { why: "nor is a value in memory delivered in a form that is no good", want: { complaint: { message: "write it otherwise", blocks: true } }, facts: { list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2) } }, check: "hand-deliver", does: "stall", reason: "SpecInvalid", ready: "True" },
  { why: "what is delivered stays as it is meanwhile", want: { look: "new", complaint: { message: "write it otherwise", blocks: true } }, check: "spec-invalid", does: "stall", reason: "SpecInvalid", ready: "True" },
  { why: "an order that nobody can read is said, and nothing waits for it", want: { rotate: "now", complaint: { message: "which revision?", blocks: false } }, check: "issue-in-turn", does: "Issue 2", reason: "RotationRequested" },
  // Restarts
  { why: "what is due to be restarted is looked at first", want: rolled, facts: { copy: copy({ record: owed("due") }), list: both }, check: "restart-due", does: "Look rollout", reason: "Restarting" },
  { why: "what was seen for an earlier one of that number does not count", want: rolled, facts: { copy: copy({ record: owed("due") }), list: both, more: { rollout: present(rollout({ created: NOW - 5 * DAY })) } }, check: "restart-due", does: "Look rollout", reason: "Restarting" },
  { why: "then it is restarted", want: rolled, facts: { copy: copy({ record: owed("due") }), list: both, more: { rollout: present(rollout({ asked: false })) } }, check: "restart-due", does: "Restart", reason: "Restarting" },
  { why: "and that is recorded: never twice for one revision", want: rolled, facts: { copy: copy({ record: owed("due") }), list: both, more: { rollout: present(rollout()) } }, check: "restart-due", does: "Record", reason: "Restarting" },
  { why: "what does not exist needs no restart", want: rolled, facts: { copy: copy({ record: owed("due") }), list: both, more: { rollout: absent("none") } }, check: "restart-due", does: "Record", reason: "Restarting" },
  { why: "what may not be restarted is said, and keeps nothing else from being done", want: rolled, facts: { copy: copy({ record: owed("due") }), list: both, more: { rollout: unknown("RestartBlocked", "forbidden") } }, check: "restart-blocked", does: "stall", reason: "RestartBlocked", ready: "True" },
  { why: "a first revision restarts nobody", want: rolled, check: "rest", does: "rest", reason: "Ready" },
  { why: "the same revision written again restarts nobody", want: { ...rolled, look: "new" }, facts: { copy: copy({ record: owed(NOW - DAY) }), list: both, more: { rollout: present(rollout()) } }, check: "copy-looks", does: "Redeliver", reason: "Delivering" },
  { why: "the old one waits for the rollout: it is looked at", want: rolledSoon, facts: { copy: copy({ record: owed(NOW - DAY) }), list: both }, check: "retire-due", does: "Look rollout", reason: "Retiring" },
  { why: "while it goes on, the old one stays", want: rolledSoon, facts: { copy: copy({ record: owed(NOW - DAY) }), list: both, more: { rollout: present(rollout({ complete: false })) } }, check: "rest", does: "rest", reason: "Ready" },
  { why: "where it cannot be seen, the old one stays", want: rolledSoon, facts: { copy: copy({ record: owed(NOW - DAY) }), list: both, more: { rollout: unknown("RestartBlocked", "forbidden") } }, check: "rest", does: "rest", reason: "Ready" },
  { why: "a template that somebody put back is not restarted again, and the old one stays", want: rolledSoon, facts: { copy: copy({ record: owed(NOW - DAY) }), list: both, more: { rollout: present(rollout({ asked: false })) } }, check: "rest", does: "rest", reason: "Ready" },
  { why: "but not by what was seen long ago: somebody may have put the template back since", want: rolledSoon, facts: { copy: copy({ record: owed(NOW - DAY) }), list: both, more: { rollout: present(rollout({ readAt: 3_000 - MINUTE })) } }, check: "retire-due", does: "Look rollout", reason: "Retiring" },
  { why: "once it is complete, the old one goes", want: rolledSoon, facts: { copy: copy({ record: owed(NOW - DAY) }), list: both, more: { rollout: present(rollout()) } }, check: "retire-due", does: "Record", reason: "Retiring" },
  { why: "or once the longest overlap is over", want: { ...rolledSoon, retire: { when: "Deadline", minOverlap: 0, idleFor: DAY, maxOverlap: DAY } }, facts: { copy: copy({ record: owed("due") }), list: both, more: { rollout: unknown("RestartBlocked", "forbidden") } }, check: "retire-due", does: "Record", reason: "Retiring" },
  // Tidying
  { why: "labels follow the spec, the value stays", want: { look: "new" }, check: "copy-looks", does: "Redeliver", reason: "Delivering", ready: "True" },
  { why: "an urgent revision came while an older one retired", facts: { copy: copy({ record: record([entry(1), entry(2), entry(3)]) }), list: [remote(1), remote(2), remote(3)] }, check: "retire-crowded", does: "Record", reason: "RetiredEarly" },
  { why: "not while the new one's value does not stand, and none can be issued", want: { retire: { when: "Unused", minOverlap: 0, idleFor: DAY, maxOverlap: DAY } }, facts: { copy: copy({ record: two, value: "missing" }), list: [remote(1), remote(2, { created: NOW - 2 * DAY })], owner: absent("no such user") }, check: "issue-blocked", does: "stall", reason: "NoServiceUser" },
  { why: "the longest overlap is over", want: { retire: { when: "Unused", minOverlap: 0, idleFor: DAY, maxOverlap: DAY } }, facts: { copy: copy({ record: two }), list: [remote(1), remote(2, { created: NOW - 2 * DAY })] }, check: "retire-due", does: "Record", reason: "Retiring" },
  { why: "a use in the future proves nothing", want: { retire: { when: "Unused", minOverlap: 0, idleFor: 1_000, maxOverlap: 7 * DAY } }, facts: { copy: copy({ record: two }), list: [remote(1), { ...used, lastUsed: NOW + DAY }] }, check: "rest", does: "rest", reason: "Ready" },
  { why: "a record that calls the older of two current contradicts itself, and revokes nothing", want: { retire: { when: "Deadline", minOverlap: 0, idleFor: DAY, maxOverlap: DAY } }, facts: { copy: copy({ record: { ...two, current: 1 } }), list: [remote(1), used] }, check: "rest", does: "rest", reason: "Ready" },
  { why: "use is judged by a list sent just before", want: { retire: { when: "Unused", minOverlap: 0, idleFor: 2 * DAY - 1_000, maxOverlap: 7 * DAY } }, facts: { copy: copy({ record: two }), list: [remote(1), used] }, check: "retire-due", does: "Look tokens", reason: "Retiring" },
  { why: "nothing retires while the clocks are apart", want: { retire: { when: "Unused", minOverlap: 0, idleFor: DAY, maxOverlap: DAY } }, facts: { issuer: present(issuer({ clockOffset: 120_000 })), copy: copy({ record: two }), list: [remote(1), remote(2, { created: NOW - 2 * DAY })] }, check: "rest", does: "rest", reason: "Ready" },
  { why: "kept long enough for a restore", want: { keepRevokedFor: HOUR }, facts: { copy: copy({ record: record([entry(1, ended("retired")), entry(2)]) }), list: [remote(1, { active: false }), remote(2)] }, check: "ended-due", does: "Delete", reason: "CleaningUp" },
  { why: "an expired one is revoked before it is deleted", want: { keepRevokedFor: HOUR }, facts: { copy: copy({ record: record([entry(1, { created: NOW - 99 * DAY, ...ended("elsewhere") }), entry(2)]) }), list: [remote(1, { created: NOW - 99 * DAY, expires: NOW - 9 * DAY }), remote(2)] }, check: "ended-due", does: "Revoke", reason: "CleaningUp" },
  { why: "what is gone is forgotten, also when a rollback names it", want: { rollback: 1 }, facts: { copy: copy({ record: record([entry(1, ended("retired")), entry(2)]) }), tokens: present(tokens([remote(2)], { deleted: [101] })) }, check: "ended-due", does: "Record", reason: "CleaningUp" },
  { why: "a lost one is deleted once it is revoked", facts: { copy: copy({ record: record([entry(2)], { fence: 2 }) }), list: [remote(1, { active: false }), remote(2)] }, check: "lost-remains", does: "Delete", reason: "LostToken" },
  // The end
  { why: "Orphan leaves the copy", want: { deleting: true, deletionPolicy: "Orphan" }, check: "deletion-orphan", does: "Disown", reason: "Deleting" },
  { why: "a person lets go without the API", want: { deleting: true, abandon: true }, facts: { tokens: unknown("TokensUnknown", "down"), copy: NO_COPY }, check: "deletion-abandon", does: "Release", reason: "Abandoned" },
  { why: "not before its copy is gone", want: { deleting: true, abandon: true }, facts: { tokens: unknown("TokensUnknown", "down") }, check: "deletion-abandon", does: "Remove", reason: "Abandoned" },
  { why: "also where another API answers", want: { deleting: true, abandon: true }, facts: { issuer: present(issuer({ url: "https://other" })) }, check: "deletion-abandon", does: "Remove", reason: "Abandoned" },
  { why: "the way out is named", want: { deleting: true }, facts: { tokens: unknown("TokensUnknown", "down") }, check: "deletion-blocked", does: "wait", reason: "DeletionBlocked" },
  { why: "what the record alone knows goes first", want: { deleting: true }, facts: { copy: copy({ record: record([entry(1, { name: "imported" })]) }), list: [remote(1, { name: "imported" })] }, check: "deletion-recorded", does: "Revoke", reason: "Deleting" },
  { why: "so does what is older than the object", want: { deleting: true, ...young }, check: "deletion-recorded", does: "Revoke", reason: "Deleting" },
  { why: "the copy goes before its token", want: { deleting: true }, check: "deletion-copy", does: "Remove", reason: "Deleting" },
  { why: "a value in hand may stand there already, by a delivery whose answer was lost", want: { deleting: true }, facts: { copy: { ...NO_COPY, readAt: 0 }, list: [remote(1)], more: { hand: hand(1) } }, check: "deletion-hand", does: "Look copy", reason: "Deleting" },
  { why: "before the record goes, which alone tells where its token was issued", want: { deleting: true, issuerRef: "TokenIssuer/b" }, facts: { copy: copy({ record: atA([entry(1)]) }), list: [remote(1), remote(2, { created: NOW })], more: { hand: hand(2), next } }, check: "deletion-hand", does: "Drop", reason: "Deleting" },
  { why: "a value in memory is given up", want: { deleting: true }, facts: { copy: NO_COPY, more: { hand: hand(2) } }, check: "deletion-hand", does: "Drop", reason: "Deleting" },
  { why: "then the tokens", want: { deleting: true }, facts: { copy: NO_COPY }, check: "deletion-tokens", does: "Revoke", reason: "Deleting" },
  { why: "and are deleted", want: { deleting: true }, facts: { copy: NO_COPY, list: [remote(1, { active: false })] }, check: "deletion-tokens", does: "Delete", reason: "Deleting" },
  { why: "Revoke keeps them for audit", want: { deleting: true, deletionPolicy: "Revoke" }, facts: { copy: NO_COPY, list: [remote(1, { active: false })] }, check: "deletion-released", does: "Release", reason: "Deleting" },
  { why: "one more look before it is let go", want: { deleting: true }, facts: { copy: { ...NO_COPY, doneAt: 1_500 }, list: [] }, check: "deletion-released", does: "Look tokens", reason: "Deleting" },
  { why: "Pulumi's delete touches no other stack's tokens", want: { deleting: true }, facts: { copy: { ...NO_COPY, exclusive: true } }, check: "deletion-released", does: "Release", reason: "Deleting" },
  { why: "but a late one of its own goes before its state, which alone tells it from theirs", want: { deleting: true, deletionPolicy: "Revoke" }, facts: { copy: copy({ exclusive: true, record: record([entry(2)]) }), list: [remote(1, { created: NOW - 5_000 }), remote(2, { active: false })]  }, check: "deletion-recorded", does: "Revoke", reason: "Deleting" },
  { why: "beside a second owner ours go by the record, which alone tells them apart", want: { deleting: true }, facts: { list: [remote(1), remote(2, { lastUsed: NOW - HOUR })] }, check: "deletion-recorded", does: "Revoke", reason: "Deleting" },
  { why: "also where theirs have been passed by our numbers", want: { deleting: true }, facts: { copy: copy({ record: record([entry(3)], { others: [102] }) }), list: [remote(2, { lastUsed: NOW - HOUR }), remote(3)] }, check: "deletion-recorded", does: "Revoke", reason: "Deleting" },
  { why: "what nobody has used is nobody's, however many numbers were given up", want: { deleting: true }, facts: { copy: copy({ record: record([entry(1)], { fence: 4 }) }), list: [remote(1), remote(5)] }, check: "deletion-copy", does: "Remove", reason: "Deleting" },
  { why: "theirs stay when ours are gone, and the copy goes with its object", want: { deleting: true }, facts: { tokens: oursGone }, check: "deletion-released", does: "Release", reason: "Deleting" },
  { why: "and none of ours is left that was never delivered", want: { deleting: true }, facts: { copy: copy({ record: record([entry(2)], { others: [103] }) }), list: [remote(1), remote(2, { active: false }), remote(3)] }, check: "deletion-recorded", does: "Delete", reason: "Deleting" },
  { why: "what was delivered since the copy was read is not somebody else's", want: { deleting: true }, facts: { copy: copy({ readAt: 500, record: record([entry(1)]) }), list: [remote(1), remote(2, { lastUsed: NOW - HOUR })] }, check: "deletion-recorded", does: "Look copy", reason: "LostToken" },
];

function described(made: ReturnType<typeof plan>): string {
  const [action] = made.actions;
  if (!action) return made.outcome;
  const where = "former" in action && action.former ? " former" : "";
  if (action.do === "Look") return `Look ${action.at}${where}`;
  return action.do === "Issue" ? `Issue ${action.number}` : `${action.do}${where}`;
}

describe("plan", () => {
  it.each(TABLE)("$check: $why", (row) => {
    const made = plan(desired(row.want), observed(row.facts), NOW);
    expect({ check: made.check, does: described(made), reason: made.reason }).toEqual({ check: row.check, does: row.does, reason: row.reason });
    if (row.ready) expect(made.conditions[0]).toMatchObject({ type: "Ready", status: row.ready });
  });

  it("has a row for every check", () => {
    const asked = new Set(TABLE.map(({ check }) => check));
    expect([...LIFE, ...END].map((check) => check.name).filter((check) => !asked.has(check))).toEqual([]);
  });

  it("records a move with all that was issued before as the former issuer's, and the way back", () => {
    const want = { issuerRef: "TokenIssuer/b" };
    const [begun] = plan(desired(want), observed({ copy: copy({ record: atA([entry(1)]) }), more: { next } }), NOW).actions;
    const moved = { issuer: { url: "https://b", userId: 1, ref: "TokenIssuer/b" }, former: { url: "https://q", userId: 1, ref: "TokenIssuer/a", since: NOW }, current: 1, revisions: [{ number: 1, former: true }] };
    expect(begun).toMatchObject({ do: "Record", record: moved });
    const there = { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer()) } } };
    const [back] = plan(desired({ issuerRef: "TokenIssuer/a" }), observed(there), NOW).actions;
    expect(back).toMatchObject({ do: "Record", record: { issuer: { url: "https://q" }, former: { url: "https://b" }, current: 2, revisions: [{ number: 1 }, { number: 2, former: true }] } });
    expect(back?.do === "Record" && back.record.revisions[0]).not.toHaveProperty("former");
  });

  it("keeps the record's name for an issuer whose change is accepted while the spec names another", () => {
    const want = { issuerRef: "TokenIssuer/b", state: "Revoked" as const, issuerChange: { from: "https://q#1", to: "https://other#1" } };
    const made = plan(desired(want), observed({ issuer: present(issuer({ url: "https://other" })), copy: copy({ record: atA([entry(1)]) }), more: { next } }), NOW);
    expect(made).toMatchObject({ check: "issuer-accepted", actions: [{ do: "Record", record: { issuer: { url: "https://other", ref: "TokenIssuer/a" } } }] });
  });

  it("says what bears its mark where it has not moved to yet, and takes no number twice", () => {
    const there = { ...next, tokens: present(tokens([remote(5)])) };
    const made = plan(desired({ issuerRef: "TokenIssuer/b", state: "Revoked" }), observed({ copy: copy({ record: atA([{ ...entry(1), ...ended("state") }]) }), list: [remote(1, { active: false })], more: { next: there } }), NOW);
    expect(made.conditions).toContainEqual(expect.objectContaining({ type: "Unclaimed", message: expect.stringContaining("revision 5") as string }));
    const after = plan(desired({ issuerRef: "TokenIssuer/b" }), observed({ issuer: present(issuer({ url: "https://b" })), copy: copy({ record: { ...movedToB([away(1)]), fence: 5 } }), list: [remote(5, { lastUsed: NOW - HOUR, created: NOW - DAY })], more: { former: atFormer([remote(1)]) } }), NOW);
    expect(after.conditions.map(({ type }) => type)).not.toContain("Unclaimed");
  });

  it("names what is given up, and keeps the numbers", () => {
    const facts = { issuer: present(issuer({ url: "https://other" })), tokens: present(tokens([], { sentAt: 5_000, earlier: { sentAt: 1_000, ids: [] } })) };
    const made = plan(desired({ issuerChange: { from: "https://q#1", to: "https://other#1" } }), observed(facts), NOW);
    expect(made.actions[0]).toMatchObject({ do: "Record", record: { current: null, fence: 1, revisions: [] } });
    expect(made.events[0]).toMatchObject({ type: "Warning", reason: "OutOfReach", message: expect.stringContaining(`revision 1 (${name(1)})`) as string });
  });

  it("shows the former issuer for as long as it is one", () => {
    const there = (former: object): string | undefined => plan(desired({ issuerRef: "TokenIssuer/b" }), observed({ issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([away(1), entry(2)]) }), list: [remote(2)], more: { former: former as never } }), NOW).conditions.find(({ type }) => type === "FormerIssuer")?.reason;
    expect([there(atFormer([remote(1)])), there(gone)]).toEqual(["IssuerMoved", "FormerUnreachable"]);
    expect(plan(desired(), observed(), NOW).conditions.map(({ type }) => type)).not.toContain("FormerIssuer");
  });

  it("says a second owner aloud, and remembers it when our numbers pass its own", () => {
    const theirs = remote(2, { lastUsed: NOW - HOUR });
    const made = plan(desired(), observed({ list: [remote(1), theirs] }), NOW);
    expect(made.conditions.map(({ type }) => type)).toContain("SecondOwner");
    const next = plan(desired(), observed({ list: [remote(1), theirs, remote(3, { created: NOW })], more: { hand: hand(3) } }), NOW);
    expect(next.actions[0]).toMatchObject({ do: "Deliver", record: { current: 3, others: [102] } });
    const later = plan(desired(), observed({ copy: copy({ record: record([entry(3)], { others: [102] }) }), list: [theirs, remote(3)] }), NOW);
    expect(later.conditions.map(({ type }) => type)).toContain("SecondOwner");
  });

  it("names what a deletion leaves to a second owner", () => {
    const made = plan(desired({ deleting: true }), observed({ tokens: oursGone }), NOW);
    expect(made.events).toEqual([expect.objectContaining({ type: "Warning", reason: "SecondOwner", message: expect.stringContaining("Left in place: revision 2 under its mark") as string })]);
  });

  it("forgets a second owner's token that is no longer listed", () => {
    const before = record([entry(1)], { others: [99, 102] });
    const made = plan(desired(), observed({ copy: copy({ record: before }), list: [remote(1), remote(2), remote(3, { created: NOW })], more: { hand: hand(3) } }), NOW);
    expect(made.actions[0]).toMatchObject({ do: "Deliver", record: { others: [102] } });
  });

  it("names what is active while the place of delivery is somebody else's", () => {
    const at = (list: Parameters<typeof tokens>[0]) => plan(desired(), observed({ copy: copy({ place: "foreign", foreign: "Theirs." }), list }), NOW).message;
    expect(at([remote(3)])).toBe(`Theirs. Active at the API meanwhile: revision 3 (${name(3)}). That is put in order once the place of delivery is ours.`);
    expect(at([remote(3, { active: false })])).toBe("Theirs.");
  });

  it("says of a place that cannot be written whether a token waits for it", () => {
    const at = (more: object) => plan(desired(), observed({ copy: { ...NO_COPY, writable: "quota" }, list: [remote(2, { created: NOW })], more }), NOW).message;
    expect(at({ hand: hand(2) })).toBe("The delivered copy cannot be written (quota): revision 2, which was issued for it, is kept, and no other is issued, until it can.");
    expect(plan(desired(), observed({ copy: { ...NO_COPY, writable: "quota" }, list: [] }), NOW).message).toBe("The delivered copy cannot be written (quota): no token is issued until it can.");
  });

  it("lets what somebody holds give way to the first that takes over, though it lives for shorter than the overlap", () => {
    const want = { days: 1, renewBefore: 8 * HOUR, retire: { when: "Unused" as const, minOverlap: HOUR, idleFor: DAY, maxOverlap: 3 * DAY } };
    const found = remote(1, { lastUsed: NOW - 2 * DAY });
    const current = (number: number, ago: number): Entry => entry(number, { created: NOW - ago, expires: NOW + DAY - ago, inputs: { ...entry(number).inputs, days: 1 } });
    // Found beside the second one, which took over from then on.
    const [taken] = plan(desired(want), observed({ copy: copy({ record: record([current(2, HOUR)]) }), list: [found, remote(2, { created: NOW - HOUR, expires: NOW + 23 * HOUR })] }), NOW).actions;
    expect(taken).toMatchObject({ do: "Record", record: { revisions: [{ number: 1, retiringSince: NOW }, { number: 2 }] } });
    // Found where nothing was delivered: from the next delivery on.
    const lone = entry(1, { deliveredAt: null });
    const delivers = (entries: Entry[], list: Parameters<typeof tokens>[0]) => plan(desired(want), observed({ copy: copy({ record: record(entries) }), list, more: { hand: hand(3) } }), NOW).actions[0];
    const fresh = remote(3, { created: NOW });
    expect(delivers([lone, current(2, DAY)], [found, fresh])).toMatchObject({ do: "Deliver", record: { revisions: [{ number: 1, retiringSince: NOW }, { number: 2 }, { number: 3 }] } });
    const since = { ...lone, retiringSince: NOW - DAY };
    const second = remote(2, { created: NOW - 23 * HOUR, expires: NOW + HOUR });
    expect(delivers([since, current(2, 23 * HOUR)], [found, second, fresh])).toMatchObject({ record: { revisions: [{ number: 1, retiringSince: NOW - DAY }, {}, {}] } });
    // What was revoked elsewhere took nothing over.
    expect(delivers([since, current(2, 23 * HOUR)], [found, { ...second, active: false }, fresh])).toMatchObject({ record: { revisions: [{ number: 1, retiringSince: NOW }, {}, {}] } });
    // An hour after the last delivery: it has stood still since the first.
    const used = remote(3, { created: NOW - 2 * HOUR, lastUsed: NOW - HOUR, expires: NOW + 22 * HOUR });
    const retires = (old: Entry) => plan(desired(want), observed({ copy: copy({ record: record([old, current(3, 2 * HOUR)]) }), list: [found, used] }), NOW).check;
    expect([retires(since), retires(lone)]).toEqual(["retire-due", "rest"]);
  });

  it("dates a delivery that took long anew, and what began with it", () => {
    const begun = record([{ ...entry(1), deliveredAt: null, retiringSince: NOW - HOUR }, { ...entry(2), deliveredAt: null, retiringSince: NOW }, entry(3, { deliveredAt: NOW })]);
    expect(deliveredLater(begun, 40_000)).toMatchObject({ revisions: [{ retiringSince: NOW - HOUR }, { retiringSince: NOW + 40_000 }, { deliveredAt: NOW + 40_000 }] });
    const none = record([entry(1)], { current: null });
    expect(deliveredLater(none, 40_000)).toEqual(none);
  });

  it("knows a second owner by the numbers that keep coming, also where only an earlier life left any", () => {
    const facts = { copy: copy({ record: record([], { fence: 4, current: null }), value: "missing" }), list: [remote(1), remote(5, { created: NOW - HOUR / 2 })] };
    const made = plan(desired({ ...young, paused: true }), observed(facts), NOW);
    expect(made.check).toBe("issue-blocked");
    expect(made.conditions.map(({ type }) => type)).toContain("SecondOwner");
    expect(plan(desired({ ...young, paused: true }), observed({ ...facts, copy: copy({ record: record([], { fence: 3, current: null }), value: "missing" }) }), NOW).check).toBe("lost-token");
  });

  it("takes in all that somebody uses by one write", () => {
    const inUse = { lastUsed: NOW - DAY };
    const [action] = plan(desired(), observed({ copy: copy({ record: record([], { fence: 3, current: null }), value: "missing" }), list: [remote(1, inUse), remote(3, inUse)] }), NOW).actions;
    expect(action).toMatchObject({ do: "Record", record: { revisions: [{ number: 1 }, { number: 3 }] } });
  });

  it("records another token of a recorded number, which the other issuer may have, beside it and not in its place", () => {
    const there = { id: 900, active: false, lastUsed: NOW - DAY };
    const facts = { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: movedToB([entry(3)]) }), list: [remote(3)], more: { former: atFormer([remote(3, there)]) } };
    const [action] = plan(desired({ issuerRef: "TokenIssuer/b" }), observed(facts), NOW).actions;
    expect(action).toMatchObject({ do: "Record", record: { current: 3, fence: 4, revisions: [{ number: 3, id: 103 }, { number: 4, id: 900, former: true, revoked: { done: true } }] } });
  });

  it("says nothing of a service user who only has the number of the one at the former issuer", () => {
    const facts = { issuer: present(issuer({ url: "https://b" })), owner: present({ id: 11, name: "Somebody", active: false }), copy: copy({ record: movedToB([away(1)]) }), list: [], more: { former: atFormer([remote(1)]) } };
    expect(plan(desired({ issuerRef: "TokenIssuer/b" }), observed(facts), NOW).conditions[0]).toMatchObject({ type: "Ready", status: "True" });
  });

  it("says what an earlier life left active", () => {
    const made = plan(desired(young), observed({ copy: NO_COPY, list: [remote(1)] }), NOW);
    expect(made.conditions).toContainEqual(expect.objectContaining({ type: "Unclaimed", reason: "HeldBySomebody" }));
  });

  it("names the next date, by our clock", () => {
    const made = plan(desired(), observed({ issuer: present(issuer({ clockOffset: 5_000 })) }), NOW);
    expect(made.nextAction).toMatchObject({ type: "Rotate", at: NOW - 10 * DAY + 60 * DAY - 5_000 });
    expect(made.nextDue).toBe(made.nextAction.at);
  });

  it("dates a move by the clock of an issuer that answers, when the one that it leaves is gone", () => {
    const facts = { issuer: absent("There is no TokenIssuer a."), tokens: unknown("TokensUnknown", "gone"), copy: copy({ record: atA([entry(1)]) }), more: { next: { ...next, issuer: present(issuer({ url: "https://b", clockOffset: -DAY })) } } };
    const [action] = plan(desired({ issuerRef: "TokenIssuer/b" }), observed(facts), NOW).actions;
    expect(action).toMatchObject({ do: "Record", record: { former: { since: NOW - DAY } } });
  });

  it("waits for late requests anew where the spec names one issuer after the other", () => {
    const facts = { issuer: present(issuer({ url: "https://b" })), list: [], more: { former: atFormer([remote(1)]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } };
    const [turn] = plan(desired({ issuerRef: "TokenIssuer/c" }), observed({ ...facts, copy: copy({ record: onwardFromB() }) }), NOW).actions;
    if (turn?.do !== "Record") throw new Error("It does not go on.");
    const then = (record: Record) => observed({ ...facts, issuer: present(issuer({ url: "https://c" })), copy: copy({ record }), more: { ...facts.more, next: { ...next, issuer: present(issuer({ url: "https://d" })) } } });
    const [said] = plan(desired({ issuerRef: "TokenIssuer/d" }), then(turn.record), NOW + DAY).actions;
    if (said?.do !== "Record") throw new Error("It does not write down that nothing is asked for at c any more.");
    expect(plan(desired({ issuerRef: "TokenIssuer/d" }), then(said.record), NOW + DAY + MINUTE)).toMatchObject({ check: "issue-blocked", actions: [], message: expect.stringContaining("can still be issued at https://c#1") });
  });

  it("wakes before the current one expires, where its successor waits for another issuer", () => {
    const short = movedToB([{ ...away(1), ...ended("retired", true, NOW) }, entry(2, { expires: NOW + 3 * HOUR })]);
    const facts = { issuer: present(issuer({ url: "https://b" })), copy: copy({ record: short }), list: [remote(2, { expires: NOW + 3 * HOUR })], more: { former: atFormer([remote(1, { active: false })]), next: { ...next, issuer: present(issuer({ url: "https://c" })) } } };
    const made = plan(desired({ issuerRef: "TokenIssuer/c", retire: { when: "Unused", minOverlap: 0, idleFor: 0, maxOverlap: DAY } }), observed(facts), NOW);
    expect(made).toMatchObject({ check: "issue-blocked", nextDue: NOW + 2 * HOUR });
  });

  it("wakes when a kept revision expires", () => {
    const kept = record([entry(1, { expires: NOW + HOUR, kept: true }), entry(2, { created: NOW - 2 * DAY })]);
    const made = plan(desired(), observed({ copy: copy({ record: kept }), list: [remote(1, { expires: NOW + HOUR }), used] }), NOW);
    expect(made.nextAction).toMatchObject({ type: "Expire", at: NOW + HOUR });
    expect(made.nextDue).toBe(NOW + HOUR);
  });

  it("names tokens by base, mark and revision", () => {
    const made = plan(desired(), observed({ copy: { ...NO_COPY, writable: true }, list: [] }), NOW);
    expect(made.actions[0]).toMatchObject({ do: "Issue", name: name(1) });
  });
});
