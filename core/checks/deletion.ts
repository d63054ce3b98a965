// The end of a resource: the copy first, then its tokens by policy, then the declaring object is let go.
import { MINUTE } from "../duration.ts";
import { act, finish, normal, wait, warning, where, type Check, type Hit } from "../hit.ts";
import { parseName } from "../name.ts";
import type { Fact, Remote } from "../observed.ts";
import type { At } from "../action.ts";
import { secondOwners } from "../second-owner.ts";
import { everyRevision, isOfThisLife, knownAt, listAt, type Situation, type Stray } from "../situation.ts";
import { unread } from "./lost.ts";
import { unreached } from "./moving.ts";
import { currentMissing } from "./need.ts";
import { settledBy } from "./world.ts";

const release = (message: string, event: Hit["event"] = null): Hit => act({ do: "Release" }, "Deleting", message, event);

/** A copy that bears another resource's record is not ours to remove, whatever it is called. */
const ownCopy = ({ copy, desired }: Situation): boolean => copy?.place === "ours" && (copy.record === null || copy.record.mark === desired.mark);

const WAY_OUT = 'set the annotation tokens.qualytics.io/abandon: "true"';
const TRY_AGAIN = 5 * MINUTE;

/** The place of delivery refused to be changed or removed: said, with the way out; null: it did not. */
function stuck({ copy, now }: Situation): Hit | null {
  if (typeof copy?.writable !== "string") return null;
  return wait("DeletionBlocked", `The delivered copy cannot be removed (${copy.writable}). To let go and leave it to Kubernetes, ${WAY_OUT}.`, now + TRY_AGAIN);
}

export const orphaned: Check = {
  name: "deletion-orphan",
  why: "deletionPolicy: Orphan leaves token and copy where they are",
  ask(s) {
    if (s.desired.deletionPolicy !== "Orphan" || s.observed.copy.is === "unknown") return null;
    if (s.copy?.place === "ours" && s.record?.current) {
      const refused = stuck(s);
      if (refused) return s.desired.abandon ? release("The delivered copy goes with its object.") : refused;
      return act({ do: "Disown" }, "Deleting", "deletionPolicy is Orphan: the delivered copy stays.", normal("Deleting", `Left ${s.desired.resource} and its token in place.`));
    }
    return release("Nothing is left to do.");
  },
};

export const abandoned: Check = {
  name: "deletion-abandon",
  why: "a person said that a deletion which cannot reach the API may let go",
  ask(s) {
    const reached = s.observed.issuer.is === "present" && s.observed.tokens.is === "present" && !s.strange && unreached(s) === null;
    if (!s.desired.abandon || reached) return null;
    if (ownCopy(s) && !stuck(s)) return act({ do: "Remove" }, "Abandoned", "Removing the delivered copy.");
    const message = `Let ${s.desired.resource} go without the API: its tokens may still be active.`;
    return act({ do: "Release" }, "Abandoned", message, warning("Abandoned", message));
  },
};

export const blocked: Check = {
  name: "deletion-blocked",
  why: "without the issuer no token can be revoked, and the way out is named",
  ask(s) {
    const { issuer, tokens, copy } = s.observed;
    const facts: Fact<unknown>[] = [issuer, tokens, copy];
    const why = facts.flatMap((fact) => (fact.is === "present" ? [] : [fact]))[0];
    const there = unreached(s);
    if (!why) return there === null ? null : wait("DeletionBlocked", `${there} To let go without revoking anything that is left, ${WAY_OUT}.`);
    const due = why.is === "unknown" && why.reason === "TokensSuspect" ? settledBy(s) : null;
    return wait("DeletionBlocked", `The tokens cannot be revoked yet: ${why.message} To let go without revoking them, ${WAY_OUT}.`, due);
  },
};

/**
 * Somebody else issues under our mark (a copied installation). Without the record theirs would look like lost ones of
 * ours: so ours go first, and the copy goes with its object, by its owner reference.
 */
const theirs = (s: Situation): Stray[] => (ownCopy(s) ? [...new Set([...s.others, ...inUse(s)])] : []);

/** What nobody has used is nobody's, whoever issued it. */
const inUse = (s: Situation): Stray[] => secondOwners(s).filter(({ unused }) => !unused);

const isShared = (s: Situation): boolean => theirs(s).length > 0;

/**
 * Recorded tokens with a name of somebody else (imported, handed over), or older than the declaring object (restored
 * from a backup, clocks apart), are found by the record alone: they go before it.
 */
export const foreignNames: Check = {
  name: "deletion-recorded",
  why: "what only the record tells to be ours goes before the copy that holds the record",
  ask(s) {
    // Once the record is gone, nobody looks but where the spec says.
    const shared = isShared(s);
    // What was delivered since the copy was read looks like somebody else's.
    const look = unread(s, theirs(s));
    if (look) return look;
    // What Pulumi's state does not know is another's, once it is gone.
    const isElsewhere = ({ former }: At): boolean => shared || s.copy?.exclusive === true || former === true || s.ahead !== null;
    for (const { entry, remote, seen } of everyRevision(s)) {
      if (!isElsewhere(entry) && parseName(entry.name)?.mark === s.desired.mark && isOfThisLife(entry, s.desired)) continue;
      if (seen === "missing") return currentMissing.ask(s);
      if (!remote) continue;
      const hit = end(s, remote, entry);
      if (hit) return hit;
    }
    for (const stray of straysOf(s)) {
      const hit = isElsewhere(stray) ? end(s, stray.remote, stray) : null;
      if (hit) return hit;
    }
    return lookThere(s, { former: true }) ?? (s.ahead ? lookThere(s, {}) : null);
  },
};

/** A token issued shortly before the record was as it is may stand in no older list; null: this list is younger. */
function lookThere(s: Situation, at: At): Hit | null {
  const list = listAt(s, at);
  if (!list || !s.record || !s.copy || list.sentAt > knownAt(s.copy)) return null;
  return act({ do: "Look", at: "tokens", after: knownAt(s.copy), ...where(at) }, "Deleting", "Looking once more whether a token of ours is left at the other issuer.");
}

export const copyRemoved: Check = {
  name: "deletion-copy",
  why: "nobody reads a value that is about to be revoked",
  ask(s) {
    if (!ownCopy(s) || isShared(s)) return null;
    const refused = stuck(s);
    // The copy goes with its object, by its owner reference: the tokens are ended all the same.
    if (refused) return s.desired.abandon ? null : refused;
    return act({ do: "Remove" }, "Deleting", "Removing the delivered copy.");
  },
};

export const handDropped: Check = {
  name: "deletion-hand",
  why: "a value that will not be delivered is forgotten; its token goes with the others",
  ask(s) {
    if (!s.observed.hand) return null;
    // It may stand there already: a delivery without an answer, which the watch has not brought yet.
    const isUnread = s.copy !== null && !s.copy.exclusive && s.copy.readAt === 0;
    if (isUnread) return act({ do: "Look", at: "copy", after: s.observed.monotonic }, "Deleting", "Looking whether the revision that was being issued stands delivered.");
    return act({ do: "Drop", refused: null }, "Deleting", "Giving up the revision that was being issued.");
  },
};

export const tokensEnded: Check = {
  name: "deletion-tokens",
  why: "every token of this life of the resource is revoked, and deleted where the policy says so",
  ask(s) {
    for (const { remote, at } of mine(s)) {
      const hit = end(s, remote, at);
      if (hit) return hit;
    }
    return null;
  },
};

export const released: Check = {
  name: "deletion-released",
  why: "nothing of ours is left",
  ask(s) {
    // A token issued shortly before the copy was looked at may stand in no older list.
    const seenAt = s.copy ? knownAt(s.copy) : 0;
    if (s.tokens && s.tokens.sentAt <= seenAt) return act({ do: "Look", at: "tokens", after: seenAt }, "Deleting", "Looking once more whether a token of ours is left.");
    if (isShared(s)) return leave(s);
    return release("All tokens are revoked and tidied up.", normal("Deleting", `Removed ${s.desired.resource} and its tokens.`));
  },
};

function leave(s: Situation): Hit {
  const message = `Removed ${s.desired.resource} and its tokens. Left in place: ${theirs(s).map(({ number }) => `revision ${number}`).join(", ")} under its mark, which somebody else issued.`;
  return release(message, warning("SecondOwner", message));
}

function mine(s: Situation): { readonly remote: Remote; readonly at: At }[] {
  const recorded = everyRevision(s).flatMap(({ remote, entry }) => (remote ? [{ remote, at: entry }] : []));
  return [...recorded, ...straysOf(s).map((stray) => ({ remote: stray.remote, at: stray }))];
}

/** What bears our mark, is recorded nowhere and is ours to end. */
function straysOf(s: Situation): Stray[] {
  // In Pulumi a replacement of this very resource may live already, under higher numbers: those are not ours to end.
  const highest = s.copy?.exclusive ? Math.max(0, ...(s.record?.revisions ?? []).map(({ number }) => number)) : Number.POSITIVE_INFINITY;
  const left = inUse(s);
  return [...s.lost, ...s.remains].filter((stray) => stray.number <= highest && !left.includes(stray));
}

function end(s: Situation, token: Remote, at: At): Hit | null {
  const dead = !token.active || (token.expires !== null && token.expires <= s.apiNow);
  if (!dead) return act({ do: "Revoke", token, ...where(at) }, "Deleting", `Revoking ${token.name}.`);
  if (s.desired.deletionPolicy === "Delete") return act(finish(token, at), "Deleting", `Deleting ${token.name}.`);
  return null;
}
