// The value in this process's memory: verified, delivered, or dropped. It exists nowhere else.
import { issuerId } from "../home.ts";
import { remembering, successor } from "../recording.ts";
import { isSame } from "../situation.ts";
import { act, normal, stall, warning, type Check } from "../hit.ts";

/**
 * So many failed verifications of one token are enough: the next token would fail as well. With back-off they take
 * about 15 s, well within the 30 s after which a replica without leader election takes the token for lost
 * (lost.ts); more of them, and two replicas would burn a token every half minute.
 */
const VERIFY_ATTEMPTS = 4;

export const handSuperseded: Check = {
  name: "hand-superseded",
  why: "a fence or a newer revision says that this value may not be delivered any more",
  ask({ observed: { hand }, record }) {
    if (!hand || !record) return null;
    const recorded = record.revisions.some((entry) => entry.number === hand.number);
    if (!recorded && hand.number > Math.max(record.fence, record.current ?? 0)) return null;
    if (record.revisions.some((entry) => entry.id === hand.id && entry.sha256 === hand.sha256)) {
      return act({ do: "Drop", refused: null }, "Delivered", `Revision ${hand.number} is delivered: the answer to its delivery was lost.`);
    }
    return act({ do: "Drop", refused: null }, "LostToken", `Revision ${hand.number} was given up by another process: it will be cleared.`);
  },
};

export const handElsewhere: Check = {
  name: "hand-elsewhere",
  why: "a token of another issuer than the resource's is not delivered, and found again there by its mark",
  ask(s) {
    const { hand } = s.observed;
    const made = hand?.issuer;
    if (!hand || !made || !s.issuer || issuerId(made) === issuerId(s.issuer)) return null;
    const message = `Revision ${hand.number} was issued at ${issuerId(made)}, and the resource is not there any more: it will be cleared.`;
    if (made.ref !== undefined && !s.record && !s.copy?.exclusive) {
      return act({ do: "Fence", record: remembering(s, hand.number, { ...made, ref: made.ref, since: s.apiNow }) }, "IssuerMoved", message);
    }
    return act({ do: "Drop", refused: null }, "LostToken", message);
  },
};

export const handGone: Check = {
  name: "hand-gone",
  why: "a token that ended before it was delivered is not delivered; our own answer counts until a later list is here",
  ask({ observed: { hand }, tokens }) {
    if (!hand || !tokens || tokens.tokens.some((token) => token.active && isSame(token, hand))) return null;
    return act({ do: "Drop", refused: null }, "RevokedElsewhere", `Revision ${hand.number} was revoked or deleted elsewhere before it was delivered.`);
  },
};

export const handVerify: Check = {
  name: "hand-verify",
  why: "nobody is handed a token that does not authenticate",
  ask({ observed, desired }) {
    const { hand } = observed;
    if (!hand || hand.verified || !desired.verify) return null;
    if (hand.failures > 0 && observed.owner.is === "present" && !observed.owner.value.active) {
      return act({ do: "Drop", refused: null }, "ServiceUserDeactivated", `Revision ${hand.number} does not authenticate: its service user was deactivated.`);
    }
    if (hand.failures >= VERIFY_ATTEMPTS) {
      const message = `Revision ${hand.number} of ${desired.resource} does not authenticate (${hand.failure ?? "no reason given"}): it was withdrawn and none is issued until the spec or the issuer changes.`;
      return act({ do: "Drop", refused: message }, "VerificationFailed", message, warning("VerificationFailed", message));
    }
    return act({ do: "Verify", number: hand.number }, "Verifying", `Trying whether revision ${hand.number} authenticates.`);
  },
};

export const handDeliver: Check = {
  name: "hand-deliver",
  why: "value and record go in one write",
  ask(s) {
    const { hand } = s.observed;
    if (!hand) return null;
    if (s.desired.complaint?.blocks) return stall("SpecInvalid", s.desired.complaint.message);
    return act(
      { do: "Deliver", record: successor(s, hand) },
      "Delivering",
      `Delivering revision ${hand.number}.`,
      normal("Issued", `Issued and delivered revision ${hand.number} of ${s.desired.resource}.`),
    );
  },
};
