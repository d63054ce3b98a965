// Whether the resource is Ready: a chain of its own, because what is true does not depend on what is to be done.
// Ready is True only while the delivered token was active and unexpired when last seen (law L6).
import type { Hit } from "./hit.ts";
import type { Reason } from "./reason.ts";
import type { Situation } from "./situation.ts";
import { brokenCurrent } from "./checks/need.ts";

export interface Truth {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: Reason;
  readonly message: string;
}

const no = (reason: Reason, message: string): Truth => ({ status: "False", reason, message });

export function judge(s: Situation, hit: Hit): Truth {
  const { current, desired } = s;
  if (desired.deleting) return no(hit.reason === "DeletionBlocked" ? "DeletionBlocked" : "Deleting", hit.message);
  if (!s.copy) return { status: "Unknown", reason: hit.reason, message: hit.message };
  if (!current) return no(hit.reason, hit.message);
  const { entry, seen } = current;
  if (entry.revoked?.why === "state" || desired.state === "Revoked") {
    return no("Revoked", `Revision ${entry.number} is revoked, as state: Revoked asks.`);
  }
  const broken = brokenCurrent(s, current);
  if (broken) return no(hit.outcome === "stall" ? hit.reason : broken.reason, hit.outcome === "stall" ? `${broken.message} ${hit.message}` : broken.message);
  if (s.copy.value === "unread") {
    return { status: "Unknown", reason: "SecretChanged", message: "The delivered copy was written by somebody else, and its value has not been compared yet." };
  }
  if (seen === "missing") return { status: "Unknown", reason: "TokenMissing", message: `Revision ${entry.number} is not in the last token list.` };
  if (s.observed.owner.is === "present" && s.observed.owner.value.id === entry.inputs.owner && !s.observed.owner.value.active) {
    return no("ServiceUserDeactivated", `The service user ${s.observed.owner.value.name} is deactivated: its tokens do not authenticate.`);
  }
  if (hit.reason === "IssuerChanged" || hit.reason === "SecretNotOurs") return { status: "Unknown", reason: hit.reason, message: hit.message };
  return { status: "True", reason: "Ready", message: `Revision ${entry.number} is delivered and active.` };
}
