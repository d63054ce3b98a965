// Tokens that bear our mark and that no record knows: lost, somebody's, or a second owner's.
// The order of reads proves the loss: the list first, the delivered copy after it, then the fence.
import { SECOND } from "../duration.ts";
import { act, finish, wait, warning, type Check, type Hit } from "../hit.ts";
import { adopted, fenced } from "../recording.ts";
import type { Situation, Stray } from "../situation.ts";

/** Without leader election a second replica may be delivering this very token: it gets so long. */
const BENEFIT_OF_DOUBT = 30 * SECOND;

/** A newer token in use beside a delivered, active one: somebody else runs with our mark. */
export function secondOwner(s: Situation): Stray | null {
  const { current } = s;
  if (!current) return null;
  const { number } = current.entry;
  // Another token of the very number that is delivered is somebody else's, whatever became of ours: names are unique.
  return s.lost.find((stray) => !stray.unused && (stray.number === number || (current.seen === "active" && stray.number > number))) ?? null;
}

export const lostToken: Check = {
  name: "lost-token",
  why: "a token whose value nobody holds is cleared; one that was used is somebody's and retires by the rules",
  ask(s) {
    const owner = secondOwner(s);
    const lost = s.lost.filter((stray) => stray !== owner && !(owner && !stray.unused && stray.number > owner.number));
    const first = lost[0];
    if (!first || !s.copy || !s.tokens) return null;
    if (!s.copy.exclusive && s.copy.readAt < s.tokens.doneAt) {
      return act({ do: "Look", at: "copy", after: s.tokens.doneAt }, "LostToken", "An unrecorded token of ours exists: looking at the delivered copy again.");
    }
    const doubt = s.observed.alone ? 0 : first.remote.created + BENEFIT_OF_DOUBT - s.apiNow;
    if (doubt > 0) return wait("LostToken", "Another replica may be delivering this token.", s.now + doubt);
    return fence(s, lost) ?? settle(s, first);
  },
};

function fence(s: Situation, lost: readonly Stray[]): Hit | null {
  if (s.copy?.exclusive) return null;
  const number = Math.max(...lost.map((stray) => stray.number));
  if (number <= (s.record?.fence ?? 0)) return null;
  return act({ do: "Fence", record: fenced(s, number) }, "LostToken", `Closing the way to delivery for revision ${number}: its value is lost.`);
}

function settle(s: Situation, stray: Stray): Hit {
  if (stray.unused) {
    const message = `Revision ${stray.number} of ${s.desired.resource} is recorded nowhere and nobody has used it: clearing it.`;
    return act({ do: "Revoke", token: stray.remote }, "LostToken", message, warning("LostToken", message));
  }
  const message = `Revision ${stray.number} of ${s.desired.resource} is in use by somebody and not recorded: it retires by the usual rules.`;
  return act({ do: "Record", record: adopted(s, stray) }, "HeldBySomebody", message, warning("HeldBySomebody", message));
}

export const lostRemains: Check = {
  name: "lost-remains",
  why: "a lost token is deleted once it is revoked",
  ask(s) {
    if (!s.copy || !s.tokens) return null;
    if (s.remains.length > 0 && !s.copy.exclusive && s.copy.readAt < s.tokens.doneAt) {
      return act({ do: "Look", at: "copy", after: s.tokens.doneAt }, "LostToken", "An unrecorded token of ours exists: looking at the delivered copy again.");
    }
    for (const stray of s.remains) {
      const ours = s.copy.exclusive || stray.number <= (s.record?.fence ?? 0);
      if (!ours) continue;
      if (stray.unused) return act(finish(stray.remote), "LostToken", `Clearing revision ${stray.number}.`);
      if (s.record) return act({ do: "Record", record: adopted(s, stray) }, "CleaningUp", `Revision ${stray.number} was revoked before it was recorded.`);
    }
    return null;
  },
};
