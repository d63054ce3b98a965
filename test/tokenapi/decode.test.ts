// What the decoder lets through, in all the shapes that the vendor's documents show, and what it says about the rest.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { LifecycleError } from "../../core/error.ts";
import { decodeIssued, decodeToken, decodeTokens, decodeUser, decodeUsers } from "../../tokenapi/decode.ts";

const canary = "canary-Zq7-never-printed";

const token = {
  id: 7,
  created: "2026-01-15T10:30:00Z",
  name: "ci",
  active: true,
  expiration: "2026-04-15T10:30:00Z",
  last_used: null,
  user: { id: 3, user_id: "data_ingest@service", user_name: "data_ingest", email: "x@service", name: "Data Ingest", role: "Member", user_type: "Service" },
};
const user = {
  id: 3,
  user_id: "data_ingest@service",
  name: "Data Ingest",
  role: "Member",
  user_type: "Service",
  teams: ["Public", "Data"],
  created_at: "2026-01-15T10:30:00Z",
  deleted_at: null,
};
const minute = 60_000;
const created = Date.UTC(2026, 0, 15, 10, 30);

function fails(decode: () => unknown): LifecycleError {
  try {
    decode();
  } catch (error) {
    if (error instanceof LifecycleError) return error;
    throw error;
  }
  throw new Error("it was let through");
}

describe("tokens", () => {
  it("are taken over with times in milliseconds", () => {
    expect(decodeToken(JSON.stringify(token))).toEqual({
      id: 7,
      name: "ci",
      created,
      active: true,
      expires: Date.UTC(2026, 3, 15, 10, 30),
      lastUsed: null,
      owner: 3,
    });
  });

  const variants: [string, object, object][] = [
    ["a fraction of a second", { created: "2026-01-15T10:30:00.250Z" }, { created: created + 250 }],
    ["an offset instead of Z", { created: "2026-01-15T12:30:00+02:00" }, { created }],
    ["microseconds", { created: "2026-01-15T10:30:00.123456+00:00" }, { created: created + 123 }],
    ["created_at instead of created", { created: undefined, created_at: "2026-01-15T10:30:00Z" }, { created }],
    ["no expiration key at all", { expiration: undefined }, { expires: null }],
    ["no last_used key at all", { last_used: undefined }, { lastUsed: null }],
    ["a last use", { last_used: "2026-01-15T10:31:00Z" }, { lastUsed: created + minute }],
    ["a user of the two required keys", { user: { id: 3, user_id: "x" } }, { owner: 3 }],
    ["fields that nobody knows yet", { colour: "red" }, { id: 7 }],
  ];
  it.each(variants)("may have %s", (_what, change, expected) => {
    expect(decodeToken(JSON.stringify({ ...token, ...change }))).toMatchObject(expected);
  });

  const wrong: [string, object, string][] = [
    ["id as text", { id: "7" }, "/id"],
    ["a negative id", { id: -1 }, "/id"],
    ["an id that numbers cannot hold", { id: 2 ** 60 }, "/id"],
    ["no name", { name: undefined }, "'name'"],
    ["active as text", { active: "true" }, "/active"],
    ["no created in either form", { created: undefined }, "'created'"],
    ["a date without a time", { created: "2026-01-15" }, "/created"],
    ["a wrong expiration", { expiration: "soon" }, "/expiration"],
    ["a last use as a number", { last_used: 1 }, "/last_used"],
    ["no user", { user: null }, "/user"],
    ["a user without an id", { user: { user_id: "x" } }, "/user"],
  ];
  it.each(wrong)("may not have %s", (_what, change, place) => {
    const list = JSON.stringify([token, { ...token, ...change }]);
    const error = fails(() => decodeTokens(list));
    expect(error).toMatchObject({ kind: "retryable", code: "MALFORMED_ANSWER" });
    expect(error.message).toContain("/1");
    expect(error.message).toContain(place);
  });

  it("are no page: what is a bare array everywhere is not guessed from another shape", () => {
    expect(fails(() => decodeTokens(JSON.stringify({ items: [token] }))).message).toContain("its top must be array");
  });
});

describe("an issued token", () => {
  it("has its value, which prints as nothing", () => {
    const issued = decodeIssued(JSON.stringify({ ...token, bearer_token: canary }));
    expect(issued.value.reveal()).toBe(canary);
    expect(issued.token.id).toBe(7);
    expect(inspect(issued, { depth: 10, showHidden: true }) + JSON.stringify(issued)).not.toContain(canary);
  });

  it.each([
    ["without a value", { ...token, bearer_token: null }, "/bearer_token"],
    ["with an empty value", { ...token, bearer_token: "" }, "/bearer_token"],
    ["without the key", token, "'bearer_token'"],
    ["with the value and a wrong time", { ...token, created: canary, bearer_token: canary }, "/created"],
    ["with the value and a wrong id", { ...token, id: canary, bearer_token: canary }, "/id"],
  ])("%s may have been made all the same", (_what, body, place) => {
    const error = fails(() => decodeIssued(JSON.stringify(body)));
    expect(error).toMatchObject({ kind: "uncertain", code: "MALFORMED_ANSWER" });
    expect(error.message).toContain(place);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(canary);
  });

  it.each([
    ["cut off", `{"bearer_token": "${canary}"`, "no JSON"],
    ["a word", canary, "no JSON"],
    ["a page", `<html>${canary}</html>`, "web page"],
    ["nothing", "", "empty"],
  ])("that is %s is never quoted", (_what, body, says) => {
    const error = fails(() => decodeIssued(body));
    expect(error.kind).toBe("uncertain");
    expect(error.message).toContain(says);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(canary);
  });
});

describe("users", () => {
  const variants: [string, object, object][] = [
    ["as the guide shows them", {}, { id: 3, userId: "data_ingest@service", name: "Data Ingest", role: "Member", type: "Service", teams: ["Public", "Data"], active: true }],
    ["with teams as objects", { teams: [{ id: 1, created: token.created, name: "Public" }, "Data"] }, { teams: ["Public", "Data"] }],
    ["without teams", { teams: undefined }, { teams: [] }],
    ["with teams null", { teams: null }, { teams: [] }],
    ["deactivated", { deleted_at: "2026-02-01T00:00:00Z" }, { active: false }],
    ["without deleted_at", { deleted_at: undefined }, { active: true }],
    ["with user_name for a name", { name: undefined, user_name: "data_ingest" }, { name: "data_ingest" }],
    ["with user_id for a name", { name: null }, { name: "data_ingest@service" }],
    ["without a role", { role: null }, { role: null }],
    ["of a type that is new", { user_type: "Robot" }, { type: null }],
    ["human", { user_type: "Human" }, { type: "Human" }],
    ["created instead of created_at", { created_at: undefined, created: token.created }, { id: 3 }],
  ];
  it.each(variants)("%s", (_what, change, expected) => {
    expect(decodeUser(JSON.stringify({ ...user, ...change }))).toMatchObject(expected);
  });

  it.each([
    ["total", { items: [user], total: 41, page: 1, size: 1, pages: 41 }, 41],
    ["total_count", { items: [user], total_count: 41 }, 41],
    ["neither", { items: [user] }, null],
    ["a bare array", [user], 1],
  ])("on pages with %s", (_what, page, total) => {
    const decoded = decodeUsers(JSON.stringify(page));
    expect(decoded.total).toBe(total);
    expect(decoded.users[0]).toMatchObject({ id: 3 });
  });

  it.each([
    ["a user without user_id", { items: [user, { id: 4 }] }, "/items/1"],
    ["a team without a name", { items: [{ ...user, teams: [{ id: 1 }] }] }, "/items/0/teams/0"],
    ["no items", { total: 1 }, "'items'"],
    ["a total as text", { items: [], total: "1" }, "/total"],
    ["a number", 3, "its top must be object"],
  ])("but not on a page with %s", (_what, page, place) => {
    expect(fails(() => decodeUsers(JSON.stringify(page))).message).toContain(place);
  });
});
