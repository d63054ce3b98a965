// Tidying up: ended revisions are deleted after the observation time, the record forgets what is gone,
// and a copy that looks other than it should is written again with the same value.
import { deleteAt } from "../dates.ts";
import { act, finish, type Check } from "../hit.ts";
import { withoutEntry } from "../record.ts";

/** The record is an annotation of limited size: beyond so many kept revisions the oldest are deleted early. */
const MOST_ENDED = 100;

export const endedDue: Check = {
  name: "ended-due",
  why: "a revoked revision is kept for a restore, then deleted",
  ask(s) {
    if (s.desired.paused || !s.record) return null;
    for (const { entry, remote, seen } of s.ended) {
      if (!entry.revoked?.done) continue;
      if (seen === "gone") {
        return act({ do: "Record", record: withoutEntry(s.record, entry.number) }, "CleaningUp", `Revision ${entry.number} is deleted.`);
      }
      if (entry.number === s.desired.rollback) continue;
      const due = s.ended.length > MOST_ENDED ? s.apiNow : deleteAt(s.desired, entry);
      if (remote && due !== null && due <= s.apiNow && (seen === "revoked" || seen === "expired")) {
        return act(finish(remote, entry), "CleaningUp", `Deleting revision ${entry.number}.`);
      }
    }
    return null;
  },
};

export const copyLooks: Check = {
  name: "copy-looks",
  why: "labels, annotations, type and template follow the spec; the value stays",
  ask(s) {
    if (!s.record || !s.current || s.copy?.value !== "intact" || s.copy.look === null || s.copy.look === s.desired.look) return null;
    if (s.observed.unrenderable === s.desired.look || s.desired.complaint?.blocks) return null;
    return act({ do: "Redeliver", record: s.record }, "Delivering", "The delivered copy looks other than the spec says: writing it again, same token.");
  },
};
