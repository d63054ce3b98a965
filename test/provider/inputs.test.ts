// What is refused before anything is done, and in which words.
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PERSONAL_TOKEN_INPUTS, SERVICE_TOKEN_INPUTS, SERVICE_USER_INPUTS } from "../../provider/schema.ts";
import { complaints, settled, type Inputs, type Kind } from "../../provider/inputs.ts";
import { markFor } from "../../provider/mark.ts";
import { nearest } from "../../core/nearest.ts";
import { serviceUser } from "../support/pulumi/shared-service.ts";
import { startWorld, type World } from "../support/pulumi/world.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const user = { serviceUser: { name: "Data Ingest" } };

test.each([["ServiceToken", SERVICE_TOKEN_INPUTS], ["PersonalToken", PERSONAL_TOKEN_INPUTS], ["ServiceUser", SERVICE_USER_INPUTS]])("the inputs of a %s are a sound schema, which nobody checks at a start", (_, schema) => {
  const ajv = new Ajv({ strict: false });
  expect(ajv.validateSchema(schema), ajv.errorsText()).toBe(true);
});

describe("each fault is named with its property", () => {
  const rows: [why: string, kind: Kind, inputs: Inputs, complaint: { property: string; reason: RegExp }][] = [
    ["no lifetime of no days", "ServiceToken", { ...user, expiresInDays: 0 }, { property: "expiresInDays", reason: /at least 1 .*neverExpires: true/ }],
    ["none beyond what the API allows", "ServiceToken", { ...user, expiresInDays: 400 }, { property: "expiresInDays", reason: /at most 365 .*neverExpires: true/ }],
    ["not both", "ServiceToken", { ...user, expiresInDays: 30, neverExpires: true }, { property: "expiresInDays", reason: /exclude each other/ }],
    ["whole days", "ServiceToken", { ...user, expiresInDays: 1.5 }, { property: "expiresInDays", reason: /a whole number/ }],
    ["no owner", "ServiceToken", {}, { property: "serviceUser", reason: /serviceUser is missing/ }],
    ["an owner by neither", "ServiceToken", { serviceUser: {} }, { property: "serviceUser", reason: /exactly one of name and id/ }],
    ["an owner by both", "ServiceToken", { serviceUser: { name: "a", id: 1 } }, { property: "serviceUser", reason: /one thing only/ }],
    ["an owner as a text", "ServiceToken", { serviceUser: "Data Ingest" }, { property: "serviceUser", reason: /an object, as in \{ name: "Data Ingest" \}/ }],
    ["a typing error", "ServiceToken", { ...user, expireInDays: 3 }, { property: "expireInDays", reason: /did you mean expiresInDays\?/ }],
    ["a cut word", "ServiceToken", { ...user, rotation: { renew: "1h" } }, { property: "rotation.renew", reason: /did you mean renewBefore\?/ }],
    ["nothing near", "ServiceToken", { ...user, colour: "red" }, { property: "colour", reason: /there is no colour; there are .*tokenName/ }],
    ["another word for a choice", "ServiceToken", { ...user, state: "revoked" }, { property: "state", reason: /one of Active, Revoked/ }],
    ["a day is no unit", "ServiceToken", { ...user, rotation: { renewBefore: "30d" } }, { property: "rotation.renewBefore", reason: /a day is "24h"/ }],
    ["deep inside", "ServiceToken", { ...user, rotation: { retire: { when: "Never" } } }, { property: "rotation.retire.when", reason: /Unused, Deadline/ }],
    ["a rotation loop", "ServiceToken", { ...user, expiresInDays: 1, rotation: { renewBefore: "24h" } }, { property: "rotation.renewBefore", reason: /shorter than the lifetime/ }],
    ["a rotation storm", "ServiceToken", { ...user, rotation: { every: "1s" } }, { property: "rotation.every", reason: /at least 5s/ }],
    ["overlaps the wrong way round", "ServiceToken", { ...user, rotation: { retire: { minOverlap: "2h", maxOverlap: "1h" } } }, { property: "rotation.retire.minOverlap", reason: /longer than maxOverlap/ }],
    ["a revision that is none", "ServiceToken", { ...user, compromised: 0 }, { property: "compromised", reason: /at least 1/ }],
    ["a personal token has no owner to name", "PersonalToken", { ...user }, { property: "serviceUser", reason: /there is no serviceUser/ }],
    ["an unknown role", "ServiceUser", { name: "a", role: "Root" }, { property: "role", reason: /Member, Editor, Manager, Admin/ }],
    ["a user's name of two lines", "ServiceUser", { name: "Data\nIngest" }, { property: "name", reason: /^name is one line of plain text/ }],
    ["a user without a name", "ServiceUser", {}, { property: "name", reason: /name is missing/ }],
  ];
  test.each(rows)("%s", (_, kind, inputs, { property, reason }) => {
    const found = complaints(kind, inputs);
    expect(found.map((complaint) => complaint.property)).toEqual([property]);
    expect(found[0]?.reason).toMatch(reason);
  });

  test("all of them at once", () => {
    const found = complaints("ServiceToken", { expiresInDays: 0, state: "On", rotation: { every: "now" } });
    expect(found.map(({ property }) => property).sort()).toEqual(["expiresInDays", "rotation.every", "serviceUser", "state"]);
  });

  const windows = [{ cron: "0 25 * * *", duration: "1h" }];
  test.each<[why: string, inputs: Inputs, properties: string[]]>([
    ["a rule across fields beside a fault of another field", { ...user, colour: "red", rotation: { retire: { minOverlap: "2h", maxOverlap: "1h" }, every: "1s", windows } }, ["colour", "rotation.every", "rotation.retire.minOverlap", "rotation.windows[0].cron"]],
    ["a rotation loop beside a service user that is not made yet", { serviceUser: { id: UNKNOWN }, expiresInDays: 1, rotation: { renewBefore: "24h" } }, ["rotation.renewBefore"]],
    ["what exclude each other, beside a rotation that is not known yet", { ...user, expiresInDays: 1, neverExpires: true, rotation: UNKNOWN }, ["expiresInDays"]],
    ["no rule that reads what is at fault", { ...user, expiresInDays: 0, rotation: { renewBefore: "9000h", retire: { minOverlap: "1x", maxOverlap: "1s" } } }, ["expiresInDays", "rotation.retire.minOverlap"]],
    ["nor what is not known yet", { ...user, expiresInDays: UNKNOWN, rotation: { renewBefore: "9000h", retire: { minOverlap: UNKNOWN, maxOverlap: "1s" }, windows: [UNKNOWN, ...windows] } }, []],
  ])("%s", (_, inputs, properties) => {
    expect(complaints("ServiceToken", inputs).map(({ property }) => property).sort()).toEqual(properties);
  });
});

describe("what is fine", () => {
  const rows: [why: string, inputs: Inputs][] = [
    ["a name is enough", user],
    ["an id is enough", { serviceUser: { id: 12 } }],
    ["any trigger", { ...user, trigger: { build: [1, "two"] } }],
    ["the fastest clock that can be tried", { ...user, expiresInDays: 1, rotation: { renewBefore: "86395s", every: "5s" } }],
    ["what a preview does not know", { serviceUser: UNKNOWN, expiresInDays: UNKNOWN, rotation: { renewBefore: "8000h", retire: UNKNOWN } }],
    ["an id that is not known yet", { serviceUser: { id: UNKNOWN } }],
    ["what the constructor adds", { ...user, self: "o/urn:x", __provider: "code" }],
  ];
  test.each(rows)("%s", (_, inputs) => {
    expect(complaints("ServiceToken", inputs)).toEqual([]);
  });
});

describe("the base of the token's name", () => {
  test("is kept under another name than the output it leads to, and complained about under its own", () => {
    expect(settled({}, { ...user, tokenName: "ingest" })).toEqual({ ...user, baseName: "ingest" });
    expect(complaints("ServiceToken", settled({}, { ...user, tokenName: "" }))[0]?.property).toBe("tokenName");
  });
  test("what is at its default is not kept", () => {
    const self = "acme/urn:pulumi:dev::tokens::pulumi-nodejs:dynamic/servicetokens:ServiceToken::ingest";
    expect(settled({}, { ...user, self, tokenName: "ingest" })).not.toHaveProperty("baseName");
    expect(settled({ baseName: "other" }, { ...user, self, tokenName: "ingest" })).not.toHaveProperty("baseName");
    expect(settled({}, { ...user, self, tokenName: "other" })["baseName"]).toBe("other");
    const rotation = { verify: true, windows: [], retire: { when: "Unused", minOverlap: "2h" } };
    expect(settled({}, { ...user, rotation })["rotation"]).toEqual({ retire: { minOverlap: "2h" } });
  });
  test("ignoreChanges leaves what it was", () => {
    expect(settled({ baseName: "old" }, user)["baseName"]).toBe("old");
  });
});

test("nearest finds swapped, missing and additional letters, and nothing far", () => {
  const words = ["expiresInDays", "neverExpires", "state", "trigger"];
  expect(["expiresindays", "epxiresInDays", "tigger", "stat", "expires"].map((word) => nearest(word, words))).toEqual(["expiresInDays", "expiresInDays", "trigger", "state", "expiresInDays"]);
  expect(nearest("banana", words)).toBeNull();
});

describe("with the real CLI", () => {
  let world: World;
  beforeAll(async () => {
    const program = `
const { ServiceToken } = require("qualytics-servicetokens");
const args = process.env.WRONG ? { serviceUser: { id: Number(process.env.WRONG) }, expiresInDays: 0, retention: 3, rotation: { retire: { minOverlap: "2h", maxOverlap: "1h" } } } : { serviceUser: { name: "Nobody" } };
new ServiceToken("one", args);
new ServiceToken("two", args);
`;
    world = await startWorld({ program });
  });
  afterAll(() => world.close());

  test("the preview fails with every fault of every resource", async () => {
    // The administrator is a person.
    const { body: person } = await world.service.api<{ id: number }>("GET", "/api/users/me");
    world.workspace.setEnv({ WRONG: String(person.id) });
    world.wire.taken();
    const preview = await world.workspace.pulumi(["preview"]);
    expect(preview.code).not.toBe(0);
    expect(preview.text).toContain("property expiresInDays value {0} has a problem: has to be at least 1");
    expect(preview.text).toContain("there is no retention");
    expect(preview.text).toContain("minOverlap is longer than maxOverlap");
    expect(preview.text).toContain(`property serviceUser.id value {<nil>} has a problem: there is no service user with the id ${person.id} at ${world.wire.url}: create it, or name one that exists (a person is none)`);
    expect(preview.text).toMatch(/ServiceToken \((one|two)\)/);
    expect(world.wire.taken().every((request) => request.startsWith("GET "))).toBe(true);
  });

  test("of a service user that may still be made it says so, and of a token that bears the mark already", async () => {
    const mark = markFor("organization/urn:pulumi:dev::tokens::pulumi-nodejs:dynamic/servicetokens:ServiceToken::one", `file://${join(world.workspace.folder, "state")}`);
    const { body: stranger } = await world.service.api<{ id: number }>("POST", "/api/user-tokens", { name: `one-${mark}-r1`, user_id: await serviceUser(world.service, "Data Ingest") });
    world.workspace.setEnv({ WRONG: null });
    const preview = await world.workspace.preview();
    expect(preview.code, preview.text).toBe(0);
    expect(preview.text).toContain(`warning: There is no service user named "Nobody" at ${world.wire.url} yet: it has to be there when the token is issued.`);
    expect(preview.text.match(/bears the mark of this resource, and no resource of this stack knows it/g)).toHaveLength(1);
    expect(preview.text).toContain(`The token one-${mark}-r1 (id ${stranger.id})`);
    await world.service.api("PUT", `/api/user-tokens/${stranger.id}`, { revoke: true });
    await world.service.api("DELETE", `/api/user-tokens/${stranger.id}`);
  });

  test("a preview without the token API is one all the same", async () => {
    world.workspace.setEnv({ QUALYTICS_URL: "http://127.0.0.1:1", QUALYTICS_TIMEOUT: "1" });
    const preview = await world.workspace.preview();
    expect(preview.code, preview.text).toBe(0);
    expect(preview.text).toContain("3 to create");
    world.workspace.setEnv({ QUALYTICS_URL: world.wire.url, QUALYTICS_TIMEOUT: null });
  });

  test("an unknown service user fails the up, says what to do, and issues nothing", async () => {
    const up = await world.workspace.up();
    expect(up.code).not.toBe(0);
    expect(up.text).toContain('There is no service user named "Nobody" at this issuer: create it, or name one that exists. Nothing was done before. The next pulumi up goes on once that is changed.');
    expect(await world.tokens()).toEqual([]);
  });
});
