// Whether the resource is Ready: a chain of its own, because what is true does not depend on what is to be done.
// Ready is True only while the delivered token was active and unexpired when last seen (law L6).
import type { Hit } from "./hit.ts";
import type { Reason } from "./reason.ts";
import type { Revision, Situation } from "./situation.ts";
import { brokenCurrent } from "./checks/need.ts";

export interface Truth {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: Reason;
  readonly message: string;
}

/** What a list showed of the delivered revision: it stays true until another list is here. */
const ENDED: ReadonlySet<Reason> = new Set<Reason>(["RevokedElsewhere", "DeletedElsewhere"]);

const no = (reason: Reason, message: string): Truth => ({ status: "False", reason, message });

/** Whoever is looked at, or where, is not what was recorded: nothing is known of the token. */
const UNSEEN: ReadonlySet<Reason> = new Set<Reason>(["IssuerChanged", "IdentityChanged", "SecretNotOurs"]);

export function judge(s: Situation, hit: Hit): Truth {
  const { current, desired } = s;
  if (desired.deleting) return no(hit.reason === "DeletionBlocked" ? "DeletionBlocked" : "Deleting", hit.message);
  if (!s.copy) return { status: "Unknown", reason: hit.reason, message: hit.message };
  if (desired.state === "Revoked" || current?.entry.revoked?.why === "state") {
    return no("Revoked", current ? `Revision ${current.entry.number} is revoked, as state: Revoked asks.` : "Nothing is delivered, as state: Revoked asks.");
  }
  if (!current) return no(hit.reason, hit.message);
  return ended(s, current, hit) ?? doubted(s, current, hit) ?? { status: "True", reason: "Ready", message: `Revision ${current.entry.number} is delivered and active.` };
}

/** It is no good, as far as anybody has seen. */
function ended(s: Situation, current: Revision, hit: Hit): Truth | null {
  const broken = brokenCurrent(s, current);
  if (broken) return no(hit.outcome === "stall" ? hit.reason : broken.reason, hit.outcome === "stall" ? `${broken.message} ${hit.message}` : broken.message);
  const { said, owner } = s.observed;
  // Without a list what was seen last still counts, also by the process before this one.
  if (!s.tokens && said?.revision === current.entry.number && ENDED.has(said.reason)) return no(said.reason, said.message);
  // The user of that number at another issuer is another user.
  if (owner.is === "present" && !current.entry.former && owner.value.id === current.entry.inputs.owner && !owner.value.active) {
    return no("ServiceUserDeactivated", `The service user ${owner.value.name} is deactivated: its tokens do not authenticate.`);
  }
  return null;
}

/** Whether it is good has to be looked at first. */
function doubted(s: Situation, current: Revision, hit: Hit): Truth | null {
  if (s.copy?.value === "unread") {
    return { status: "Unknown", reason: "SecretChanged", message: "The delivered copy was written by somebody else, and its value has not been compared yet." };
  }
  if (current.seen === "missing") return { status: "Unknown", reason: "TokenMissing", message: `Revision ${current.entry.number} is not in the last token list.` };
  if (UNSEEN.has(hit.reason) || (s.strange && !current.entry.former)) return { status: "Unknown", reason: hit.reason, message: hit.message };
  return null;
}
