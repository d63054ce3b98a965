// "Why was my token revoked?" is answered here: when the old revision gives way to the new one.
import { retireAt } from "../dates.ts";
import { act, type Check } from "../hit.ts";
import { revoking } from "../recording.ts";
import { isSkewed } from "./need.ts";

export const retireDue: Check = {
  name: "retire-due",
  why: "the old one goes when the new one is used and it has stood still, or when the longest overlap is over",
  ask(s) {
    const old = s.retiring[0];
    if (!old || !s.current || s.current.seen !== "active" || old.seen !== "active" || !s.record || !s.tokens) return null;
    if (s.desired.paused || isSkewed(s)) return null;
    const date = retireAt(s, old, s.current);
    if (date.at > s.now) return null;
    if (date.byUse && s.tokens.at < date.at) {
      return act({ do: "Look", at: "tokens", after: s.observed.monotonic }, "Retiring", `Looking whether revision ${old.entry.number} is still in use.`);
    }
    return act({ do: "Record", record: revoking(s.record, old.entry.number, "retired", s.now) }, "Retiring", `Retiring revision ${old.entry.number}: ${date.why}.`);
  },
};
