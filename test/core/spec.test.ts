import { describe, expect, it } from "vitest";
import { DAY, HOUR } from "../../core/duration.ts";
import { problems, resolve, type TokenSpec } from "../../core/spec.ts";

const front = {
  kind: "ServiceToken" as const, resource: "data/ingest", mark: "m", defaultBase: "data-ingest", since: 0, rotate: "",
  compromised: null, rollback: null, paused: false, deleting: false, abandon: false, look: "",
};

describe("spec", () => {
  it("fills in the defaults that design and schema name", () => {
    expect(resolve({ serviceUser: { name: "x" } }, front)).toMatchObject({
      base: "data-ingest", days: 90, renewBefore: 30 * DAY, every: null, verify: true, state: "Active", keepRevokedFor: 168 * HOUR,
      retire: { when: "Unused", minOverlap: HOUR, idleFor: DAY, maxOverlap: 168 * HOUR }, onExternalChange: "Reissue", deletionPolicy: "Delete",
    });
  });

  it("reads windows, in UTC where no time zone is named", () => {
    const windows = [{ cron: "0 2 * * 1-5", duration: "4h", timeZone: "Europe/Zurich" }, { cron: "0 3 * * *", duration: "30m" }];
    expect(resolve({ rotation: { windows } }, front).windows).toEqual([
      { cron: "0 2 * * 1-5", duration: 4 * HOUR, timeZone: "Europe/Zurich" },
      { cron: "0 3 * * *", duration: HOUR / 2, timeZone: "UTC" },
    ]);
  });

  it.each<[string, TokenSpec, string[]]>([
    ["nothing wrong", { expiresInDays: 1, rotation: { renewBefore: "86385s", retire: { minOverlap: "2s", maxOverlap: "10s" } } }, []],
    ["renewed before it is issued", { expiresInDays: 1, rotation: { renewBefore: "24h" } }, ["rotation.renewBefore"]],
    ["four seconds of life", { expiresInDays: 1, rotation: { renewBefore: "86396s" } }, ["rotation.renewBefore"]],
    ["five seconds of life", { expiresInDays: 1, rotation: { renewBefore: "86395s" } }, []],
    ["a token that never expires has no such limit", { neverExpires: true, rotation: { renewBefore: "9999h" } }, []],
    ["both lifetimes", { neverExpires: true, expiresInDays: 1 }, ["expiresInDays"]],
    ["rotated all the time", { rotation: { every: "4s" } }, ["rotation.every"]],
    ["overlaps the wrong way round", { rotation: { retire: { minOverlap: "2h", maxOverlap: "1h" } } }, ["rotation.retire.minOverlap"]],
    ["against the default", { rotation: { retire: { maxOverlap: "30m" } } }, ["rotation.retire.minOverlap"]],
    ["a user named twice", { serviceUser: { name: "x", id: 1 } }, ["serviceUser"]],
    ["a user named not at all", { serviceUser: {} }, ["serviceUser"]],
    ["a name of two words, in any script", { tokenName: "Datenübernahme نقل 数据 👩‍💻" }, []],
    ["a name of two lines", { tokenName: "data\ningest" }, ["tokenName"]],
    ["a name with a bell in it", { tokenName: "data\u0007ingest" }, ["tokenName"]],
    ["a name with a line break of its own kind", { tokenName: "data\u2028ingest" }, ["tokenName"]],
    ["a name that reads backwards", { tokenName: "data-\u202Etsegni" }, ["tokenName"]],
    ["a name that is isolated from what follows", { tokenName: "\u2067data" }, ["tokenName"]],
    ["a name after a space", { tokenName: " data" }, ["tokenName"]],
    ["a name before a wide space", { tokenName: "data\u3000" }, ["tokenName"]],
    ["a name after a mark of byte order", { tokenName: "\uFEFFdata" }, ["tokenName"]],
    ["a tab at the end", { tokenName: "data\t" }, ["tokenName"]],
    ["windows that open", { rotation: { windows: [{ cron: "0 2 * * 1-5", duration: "4h", timeZone: "Europe/Zurich" }, { cron: "*/5 * * * *", duration: "1s" }] } }, []],
    ["a cron expression of four fields", { rotation: { windows: [{ cron: "0 2 * *", duration: "4h" }] } }, ["rotation.windows[0].cron"]],
    ["a day that never comes", { rotation: { windows: [{ cron: "0 2 30 2 *", duration: "4h" }] } }, ["rotation.windows[0].cron"]],
    ["no such time zone", { rotation: { windows: [{ cron: "0 2 * * *", duration: "4h" }, { cron: "0 2 * * *", duration: "4h", timeZone: "Europe/Zurch" }] } }, ["rotation.windows[1].timeZone"]],
    ["a window that does not stay open", { rotation: { windows: [{ cron: "0 2 * * *", duration: "0s" }] } }, ["rotation.windows[0].duration"]],
    ["one that does not say how long", { rotation: { windows: [{ cron: "0 2 * * *" }] } }, ["rotation.windows[0].duration"]],
    ["all wrong with a window", { rotation: { windows: [{ cron: "", duration: "4", timeZone: "" }] } }, ["rotation.windows[0].cron", "rotation.windows[0].timeZone", "rotation.windows[0].duration"]],
    ["everything at once", { neverExpires: true, expiresInDays: 1, rotation: { every: "1s", retire: { minOverlap: "2h", maxOverlap: "1h" } } }, ["expiresInDays", "rotation.every", "rotation.retire.minOverlap"]],
  ])("%s", (_, spec, paths) => {
    expect(problems(spec).map(({ path }) => path)).toEqual(paths);
  });
});
