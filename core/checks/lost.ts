// Tokens that bear our mark and that no record knows: lost, or somebody's (second-owner.ts tells whose).
// The order of reads proves the loss: the list first, the delivered copy after it, then the fence.
import { SECOND } from "../duration.ts";
import { act, finish, wait, warning, where, type Check, type Hit } from "../hit.ts";
import { adopted, fenced } from "../recording.ts";
import { secondOwners } from "../second-owner.ts";
import { listAt, type Situation, type Stray } from "../situation.ts";

/** Without leader election a second replica may be delivering this very token: it gets so long. */
const BENEFIT_OF_DOUBT = 30 * SECOND;

export const lostToken: Check = {
  name: "lost-token",
  why: "a token whose value nobody holds is cleared; one that was used is somebody's and retires by the rules",
  ask(s) {
    const theirs = secondOwners(s);
    const lost = s.lost.filter((stray) => !theirs.includes(stray));
    const first = lost[0];
    if (!s.copy || !s.tokens) return null;
    // What may be the other replica's is not taken for a second owner's either: that would issue one more.
    if (!first) return theirs.length > 0 ? doubted(s, theirs) : null;
    if (isUnread(s, first)) return lookAgain(s, first);
    return doubted(s, [first, ...theirs]) ?? fence(s, lost) ?? settle(s, first);
  },
};

/** The copy was not read since the list that shows this token. */
const isUnread = (s: Situation, stray: Stray): boolean => !s.copy?.exclusive && (s.copy?.readAt ?? 0) < (listAt(s, stray)?.doneAt ?? 0);

const lookAgain = (s: Situation, stray: Stray): Hit => act({ do: "Look", at: "copy", after: listAt(s, stray)?.doneAt ?? 0 }, "LostToken", "An unrecorded token of ours exists: looking at the delivered copy again.");

function doubted(s: Situation, strays: readonly Stray[]): Hit | null {
  if (s.observed.alone) return null;
  const doubt = Math.max(...strays.map(({ remote }) => remote.created)) + BENEFIT_OF_DOUBT - s.apiNow;
  return doubt > 0 ? wait("LostToken", "Another replica may be delivering this token.", s.now + doubt) : null;
}

function fence(s: Situation, lost: readonly Stray[]): Hit | null {
  if (s.copy?.exclusive) return null;
  const number = Math.max(...lost.map((stray) => stray.number));
  if (number <= (s.record?.fence ?? 0)) return null;
  return act({ do: "Fence", record: fenced(s, number) }, "LostToken", `Closing the way to delivery for revision ${number}: its value is lost.`);
}

function settle(s: Situation, stray: Stray): Hit {
  if (stray.unused) {
    const message = `Revision ${stray.number} of ${s.desired.resource} is recorded nowhere and nobody has used it: clearing it.`;
    return act({ do: "Revoke", token: stray.remote, ...where(stray) }, "LostToken", message, warning("LostToken", message));
  }
  const message = `Revision ${stray.number} of ${s.desired.resource} is in use by somebody and not recorded: it retires by the usual rules.`;
  return act({ do: "Record", record: adopted(s, stray) }, "HeldBySomebody", message, warning("HeldBySomebody", message));
}

export const lostRemains: Check = {
  name: "lost-remains",
  why: "a lost token is deleted once it is revoked",
  ask(s) {
    if (!s.copy || !s.tokens) return null;
    const unread = s.remains.find((stray) => isUnread(s, stray));
    if (unread) return lookAgain(s, unread);
    for (const stray of s.remains) {
      const ours = s.copy.exclusive || stray.number <= (s.record?.fence ?? 0);
      if (!ours) continue;
      if (stray.unused) return act(finish(stray.remote, stray), "LostToken", `Clearing revision ${stray.number}.`);
      if (s.record) return act({ do: "Record", record: adopted(s, stray) }, "CleaningUp", `Revision ${stray.number} was revoked before it was recorded.`);
    }
    return null;
  },
};
