// Settings: where each comes from, what it has to look like, and what is said when it does not.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseRate } from "../../server/settings/rate.ts";
import { flagOf, settingRows, variableOf } from "../../server/settings/setting-table.ts";
import { readSettings } from "../../server/settings/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "token-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const needed = { data: "memory:", adminTokenFile: "t" };

function yaml(text: string): string {
  const path = join(folder, `${Math.random()}.yaml`);
  writeFileSync(path, text);
  return path;
}

function complaint(sources: Parameters<typeof readSettings>[0]): string {
  try {
    readSettings(sources);
  } catch (cause) {
    expect(cause).toMatchObject({ name: "StartError", code: "settings-unusable", message: expect.stringMatching(/^.+\.$/s) });
    return (cause as Error).message;
  }
  throw new Error("They were taken.");
}

describe("a setting", () => {
  it("comes from the flag, else the environment, else the file, else the default", () => {
    const file = yaml("listen: 127.0.0.1:1\nuriLength: 100\nheadersTimeout: 2s\nteams: [Data, Ops]\nadminTokenFile: from-file\n");
    const environment = { SERVICETOKENS_LISTEN: "127.0.0.1:2", SERVICETOKENS_URI_LENGTH: "200", SERVICETOKENS_TEAMS: "A, B" };
    const all = readSettings({ flags: { listen: "127.0.0.1:3", data: "memory:" }, environment, file });
    expect(all).toMatchObject({ listen: "127.0.0.1:3", uriLength: 200, headersTimeout: 2_000, teams: ["A", "B"], adminTokenFile: "from-file", bodyBytes: 262_144, accessLog: false });
    expect(readSettings({ flags: needed })).toMatchObject({ addressRate: { perSecond: 10_000, burst: 50_000 }, stopTimeout: 10_000, trustProxy: [], fault: [] });
  });

  it("has a flag and a variable each, and the vendor's name where there is one", () => {
    expect(settingRows.map(([name]) => flagOf(name))).toContain("--admin-token-file");
    expect(settingRows.map(([name, row]) => variableOf(name, row))).toEqual(expect.arrayContaining(["SERVICETOKENS_ADMIN_TOKEN_FILE", "API_AUTH_ALLOW_QUALYTICS_ISSUER"]));
    expect(readSettings({ flags: needed, environment: { API_AUTH_ALLOW_QUALYTICS_ISSUER: "False" } }).acceptTokens).toBe(false);
    expect(readSettings({ flags: { ...needed, accessLog: true } }).accessLog).toBe(true);
  });

  it.each([
    [{ flags: {} }, "--data"],
    [{ flags: { data: "memory:" } }, "--admin-token-file"],
    [{ flags: { ...needed, uriLength: "many" } }, "--uri-length has to be a whole number"],
    [{ flags: { ...needed, uriLength: "0" } }, "--uri-length"],
    [{ flags: { ...needed, accessLog: "maybe" } }, "--access-log has to be true or false"],
    [{ flags: { ...needed, stopTimeout: "soon" } }, "--stop-timeout has to be a duration"],
    [{ flags: { ...needed, addressRate: "fast" } }, "--address-rate"],
    [{ flags: { ...needed, logLevel: "loud" } }, "debug, info, warn or error"],
    [{ flags: { ...needed, headersTimeout: "1m" } }, "--headers-timeout is longer than --request-timeout"],
    [{ flags: needed, environment: { SERVICETOKENS_BODY_BYTES: "-1" } }, "SERVICETOKENS_BODY_BYTES"],
  ])("that cannot be used is named with what to write: %j", (sources, words) => {
    expect(complaint(sources)).toContain(words);
  });

  it.each([
    ["colour: red", "no setting colour"],
    ["listen: 5", "listen in"],
    ["teams: Data", "a list"],
    ["fault: [1]", "fault in"],
    ["- a", "list of names and values"],
    ["a: [", "cannot be read"],
    ["uriLength: 0\nbodyBytes: x", "uriLength in"],
  ])("of a file: %j", (text, words) => {
    const told = complaint({ flags: needed, file: yaml(text) });
    expect(told).toContain(words);
    if (text.includes("bodyBytes")) expect(told).toContain("bodyBytes in");
  });

  it("of a file that is not there", () => {
    expect(complaint({ flags: needed, file: join(folder, "none.yaml") })).toContain("--config");
  });
});

it("a rate is so many a second, and so many at once", () => {
  expect([parseRate("50:250"), parseRate("50"), parseRate("off")]).toEqual([{ perSecond: 50, burst: 250 }, { perSecond: 50, burst: 250 }, undefined]);
});
