// Tokens that bear our mark and that no record knows: lost, or somebody's (second-owner.ts tells whose).
// The order of reads proves the loss: the list first, the delivered copy after it, then the fence.
import { SECOND } from "../duration.ts";
import { act, finish, wait, warning, where, type Check, type Hit } from "../hit.ts";
import { adopted, fenced } from "../recording.ts";
import { ourLost, secondOwners } from "../second-owner.ts";
import { listAt, type Situation, type Stray } from "../situation.ts";

/** Without leader election a second replica may be delivering this very token: it gets so long. */
const BENEFIT_OF_DOUBT = 30 * SECOND;
/** That nobody has used it is believed of a list so long after it was asked for: a process may have stood still since. */
const FRESH = 30 * SECOND;

export const lostToken: Check = {
  name: "lost-token",
  why: "a token whose value nobody holds is cleared; one that was used is somebody's and retires by the rules",
  ask(s) {
    const theirs = secondOwners(s);
    const lost = ourLost(s, theirs);
    const first = lost[0];
    if (!s.copy || !s.tokens) return null;
    // What may be the other replica's is not taken for a second owner's either: that would issue one more.
    if (!first) return theirs.length > 0 ? doubted(s, theirs) : null;
    return unread(s, lost) ?? doubted(s, [first, ...theirs]) ?? fence(s, lost) ?? clear(s, lost) ?? takeIn(s, lost);
  },
};

/** The copy was not read since a list that shows one of these tokens; null: it was. */
export function unread(s: Situation, strays: readonly Stray[]): Hit | null {
  if (!s.copy || s.copy.exclusive) return null;
  const { readAt } = s.copy;
  const after = strays.map((stray) => listAt(s, stray)?.doneAt ?? 0).find((doneAt) => readAt < doneAt);
  return after === undefined ? null : act({ do: "Look", at: "copy", after }, "LostToken", "An unrecorded token of ours exists: looking at the delivered copy again.");
}

function doubted(s: Situation, strays: readonly Stray[]): Hit | null {
  if (s.observed.alone) return null;
  const doubt = Math.max(...strays.map(({ remote }) => remote.created)) + BENEFIT_OF_DOUBT - s.apiNow;
  return doubt > 0 ? wait("LostToken", "Another replica may be delivering this token.", s.now + doubt) : null;
}

function fence(s: Situation, lost: readonly Stray[]): Hit | null {
  const number = Math.max(...lost.map((stray) => stray.number));
  if (number <= (s.record?.fence ?? 0)) return null;
  return act({ do: "Fence", record: fenced(s, number) }, "LostToken", `Closing the way to delivery for revision ${number}: its value is lost.`);
}

function clear(s: Situation, lost: readonly Stray[]): Hit | null {
  const { desired, observed } = s;
  const stray = lost.find(({ unused }) => unused);
  if (!stray) return null;
  const isOld = observed.monotonic - (listAt(s, stray)?.sentAt ?? 0) > FRESH;
  if (isOld) return act({ do: "Look", at: "tokens", after: observed.monotonic, ...where(stray) }, "LostToken", `Looking whether somebody uses revision ${stray.number} by now.`);
  const message = `Revision ${stray.number} of ${desired.resource} is recorded nowhere and nobody has used it: clearing it.`;
  return act({ do: "Revoke", token: stray.remote, ...where(stray) }, "LostToken", message, warning("LostToken", message));
}

function takeIn(s: Situation, lost: readonly Stray[]): Hit {
  const what = `${named(lost)} of ${s.desired.resource}`;
  const message = lost.length === 1
    ? `${what} is in use by somebody and not recorded: it retires by the usual rules.`
    : `${what} are in use by somebody and not recorded: they retire by the usual rules.`;
  return act({ do: "Record", record: adopted(s, lost) }, "HeldBySomebody", message, warning("HeldBySomebody", message));
}

const named = (strays: readonly Stray[]): string => `Revision${strays.length === 1 ? "" : "s"} ${strays.map(({ number }) => number).join(", ")}`;

/**
 * What ended before it was delivered is cleared once a later number is. Where none is issued before it is, because
 * the resource moves on or has left that issuer, its way is closed first.
 */
function barring(s: Situation): Hit | null {
  const left = s.ahead ? s.remains : s.remains.filter(({ former }) => former);
  if (!s.record?.former || left.length === 0) return null;
  return doubted(s, left) ?? fence(s, left);
}

export const lostRemains: Check = {
  name: "lost-remains",
  why: "a lost token is deleted once it is revoked",
  ask(s) {
    if (!s.copy || !s.tokens) return null;
    const look = unread(s, s.remains);
    if (look) return look;
    const barred = barring(s);
    if (barred) return barred;
    const { exclusive } = s.copy;
    const ours = s.remains.filter(({ number }) => exclusive || number <= (s.record?.fence ?? 0));
    const unused = ours.find((stray) => stray.unused);
    if (unused) return act(finish(unused.remote, unused), "LostToken", `Clearing revision ${unused.number}.`);
    if (ours.length === 0 || !s.record) return null;
    return act({ do: "Record", record: adopted(s, ours) }, "CleaningUp", `${named(ours)} ${ours.length === 1 ? "was" : "were"} revoked before that was recorded.`);
  },
};
