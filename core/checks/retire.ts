// "Why was my token revoked?" is answered here: when the old revision gives way to the new one.
import { retireAt, retireUnrolled } from "../dates.ts";
import { act, where, type Check } from "../hit.ts";
import { revoking } from "../recording.ts";
import { listAt } from "../situation.ts";
import { isSkewed } from "./need.ts";
import { checkRollout, watchRollout } from "./rollout.ts";

export const retireCrowded: Check = {
  name: "retire-crowded",
  why: "an urgent revision came while an older one still retired: now that it is delivered, the oldest gives way",
  ask(s) {
    // What somebody holds without our having delivered it waits for its own date.
    const ours = s.retiring.filter(({ entry, seen }) => entry.deliveredAt !== null && seen === "active");
    const [oldest, next] = ours;
    if (!oldest || !next || !s.record || s.current?.seen !== "active" || s.copy?.value !== "intact") return null;
    if (s.desired.paused || isSkewed(s)) return null;
    const message = `Retiring revision ${oldest.entry.number} early: revision ${s.current.entry.number} could not wait for it.`;
    return act({ do: "Record", record: revoking(s.record, oldest.entry.number, "early", s.apiNow) }, "RetiredEarly", message);
  },
};

export const retireDue: Check = {
  name: "retire-due",
  why: "the old one goes when the new one is used and it has stood still, or when the longest overlap is over",
  ask(s) {
    // What is at a former issuer that cannot be reached keeps nothing else from retiring.
    const old = s.retiring.find(({ entry, seen }) => !(entry.former && seen === "unknown"));
    if (!old || !s.current || s.current.seen !== "active" || old.seen !== "active" || !s.record) return null;
    // A record that calls the older of two the current one contradicts itself: nothing is revoked on its word.
    if (old.entry.number > s.current.entry.number) return null;
    if (s.desired.paused || isSkewed(s)) return null;
    // Where the new one's value does not stand, the old one may be all that consumers have.
    if (s.copy?.value !== "intact") return null;
    const date = retireAt(s, old, s.current);
    if (date.at > s.apiNow) return retireUnrolled(s, old, s.current).at > s.apiNow ? null : watchRollout(s, s.current);
    const look = checkRollout(s, s.current);
    if (look) return look;
    // What the list shows of use is as old as the list.
    const listedAt = s.apiNow - (s.observed.monotonic - (listAt(s, old.entry)?.sentAt ?? 0));
    if (date.byUse && listedAt < date.at) {
      return act({ do: "Look", at: "tokens", after: s.observed.monotonic, ...where(old.entry) }, "Retiring", `Looking whether revision ${old.entry.number} is still in use.`);
    }
    return act({ do: "Record", record: revoking(s.record, old.entry.number, "retired", s.apiNow) }, "Retiring", `Retiring revision ${old.entry.number}: ${date.why}.`);
  },
};
