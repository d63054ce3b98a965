// What becomes of a token that nothing declares any more.
import { expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../core/duration.ts";
import { judgeOrphan, type OrphanCase, type OrphanDeed } from "../../core/orphan.ts";
import { NOW, remote } from "./situations.ts";

const used = (lastUsed: number) => remote(1, { lastUsed });

it.each<[string, Partial<OrphanCase>, OrphanDeed]>([
  ["nobody holds what nobody has used", {}, "clear"],
  ["a use within a minute of its creation was our own verification", { remote: remote(1, { lastUsed: remote(1).created + MINUTE }) }, "clear"],
  ["a later one was somebody's", { remote: used(remote(1).created + MINUTE + 1_000) }, "say"],
  ["what is used is only said", { remote: used(NOW - 5 * DAY), since: NOW - 9 * DAY }, "say"],
  ["or retired once it has stood still for a day", { remote: used(NOW - DAY), policy: "Retire", since: NOW - 2 * DAY }, "retire"],
  ["since it was found, at the earliest", { remote: used(NOW - 5 * DAY), policy: "Retire", since: NOW - DAY + 1_000 }, "say"],
  ["not while it is used", { remote: used(NOW - HOUR), policy: "Retire", since: NOW - 6 * DAY }, "say"],
  ["but after a week", { remote: used(NOW - HOUR), policy: "Retire", since: NOW - 7 * DAY }, "retire"],
  ["nothing is touched where somebody else issues under our marks", { contested: true }, "say"],
  ["used or not", { contested: true, remote: used(NOW - 9 * DAY), policy: "Retire", since: NOW - 9 * DAY }, "say"],
])("%s", (_why, change, deed) => {
  expect(judgeOrphan({ remote: remote(1), since: NOW - HOUR, apiNow: NOW, policy: "Report", contested: false, ...change })).toBe(deed);
});
