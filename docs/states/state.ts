// In which state one revision is, and what that means.
import { secondOwners } from "../../core/second-owner.ts";
import type { Case } from "../../core/explain-input.ts";
import type { Remote } from "../../core/observed.ts";
import { everyRevision, situate, type Revision, type Situation } from "../../core/situation.ts";

/** The order is that of the page. */
export const MEANINGS = {
  none: "not issued yet",
  "in hand": "issued; its value is in memory only",
  verified: "in hand, and known to authenticate",
  delivered: "its value stands where consumers read it",
  retiring: "still valid beside the current one",
  kept: "valid because a person restored it; not retired",
  revoking: "recorded as revoked by us; the request, or the note that it was done, is still to come",
  revoked: "revoked, and kept for a restore or until it is deleted",
  restoring: "active again after a revocation; not recorded yet",
  expired: "past its expiry",
  "revoked elsewhere": "revoked, and not by us",
  missing: "recorded, and not in the last list",
  "deleted elsewhere": "recorded, and proved to be gone",
  lost: "active under our mark, and recorded nowhere",
  fenced: "lost, and nobody can deliver it any more",
  "second owner's": "issued under our mark by somebody else, and in use: said, never fought",
  unclaimed: "active under our mark, of an earlier life: said, not touched",
  leaving: "active while its object is being deleted",
  deleted: "gone",
  "kept for audit": "revoked; its object is gone",
  "left in place": "active; its object is gone",
} as const;

export type State = keyof typeof MEANINGS;

/** The state of a revision of which there is something to see; null: there is nothing. `remote`: what the API holds. */
export function stateOf(asked: Case, number: number, remote: Remote | null, released: boolean): State | null {
  const { hand } = asked.observed;
  if (released) return remote ? (remote.active ? "left in place" : "kept for audit") : null;
  if (hand?.number === number) return hand.verified ? "verified" : "in hand";
  if (asked.desired.deleting) return remote ? (remote.active ? "leaving" : "revoked") : null;
  const s = situate(asked.desired, asked.observed, asked.now);
  const revision = everyRevision(s).find(({ entry }) => entry.number === number);
  return revision ? recorded(s, revision) : unrecorded(s, number);
}

function recorded(s: Situation, revision: Revision): State | null {
  const { entry, seen } = revision;
  if (seen === "missing") return "missing";
  if (seen === "gone") return entry.revoked?.done || s.tokens?.deleted.includes(entry.id) ? null : "deleted elsewhere";
  if (seen === "expired") return "expired";
  if (entry.revoked?.done) return seen === "revoked" ? "revoked" : "restoring";
  if (entry.revoked) return "revoking";
  if (seen === "revoked") return "revoked elsewhere";
  if (revision === s.current) return "delivered";
  return s.kept.includes(revision) ? "kept" : "retiring";
}

function unrecorded(s: Situation, number: number): State | null {
  if ([...secondOwners(s), ...s.others].some((stray) => stray.number === number)) return "second owner's";
  if (s.unclaimed.some((stray) => stray.number === number)) return "unclaimed";
  if (s.remains.some((stray) => stray.number === number)) return "revoked";
  if (!s.lost.some((stray) => stray.number === number)) return null;
  return number <= (s.record?.fence ?? 0) ? "fenced" : "lost";
}
