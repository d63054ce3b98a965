// What is sent wrongly: each limit of each field, media types, broken JSON; in the form
// of pydantic 2, several problems at once.
import { describe, expect, it } from "vitest";
import type { Json } from "../../support/token-service.ts";
import { type World, detailOf, problemsOf } from "../world.ts";

type Finding = readonly [type: string, ...loc: (string | number)[]];

const newToken = (change: Json): Json => ({ name: "t", user_id: 1, ...change });

const rows: readonly (readonly [method: string, path: string, body: unknown, findings: readonly Finding[]])[] = [
  ["POST", "/api/user-tokens", {}, [["missing", "body", "name"]]],
  ["POST", "/api/user-tokens", undefined, [["missing", "body"]]],
  ["POST", "/api/user-tokens", null, [["model_attributes_type", "body"]]],
  ["POST", "/api/user-tokens", [1], [["model_attributes_type", "body"]]],
  ["POST", "/api/user-tokens", "text", [["model_attributes_type", "body"]]],
  ["POST", "/api/user-tokens", newToken({ name: "" }), [["string_too_short", "body", "name"]]],
  ["POST", "/api/user-tokens", newToken({ name: "x".repeat(256) }), [["string_too_long", "body", "name"]]],
  ["POST", "/api/user-tokens", newToken({ name: "😀".repeat(256) }), [["string_too_long", "body", "name"]]],
  ["POST", "/api/user-tokens", newToken({ name: null }), [["string_type", "body", "name"]]],
  ["POST", "/api/user-tokens", newToken({ name: 5 }), [["string_type", "body", "name"]]],
  ["POST", "/api/user-tokens", newToken({ name: "nul\u0000" }), [["string_unicode", "body", "name"]]],
  ["POST", "/api/user-tokens", newToken({ name: "half \ud83d" }), [["string_unicode", "body", "name"]]],
  ["POST", "/api/user-tokens", newToken({ expires_in_days: 0 }), [["greater_than_equal", "body", "expires_in_days"]]],
  ["POST", "/api/user-tokens", newToken({ expires_in_days: -1 }), [["greater_than_equal", "body", "expires_in_days"]]],
  ["POST", "/api/user-tokens", newToken({ expires_in_days: 366 }), [["less_than_equal", "body", "expires_in_days"]]],
  ["POST", "/api/user-tokens", newToken({ expires_in_days: 1.5 }), [["int_from_float", "body", "expires_in_days"]]],
  ["POST", "/api/user-tokens", newToken({ expires_in_days: "30" }), [["int_type", "body", "expires_in_days"]]],
  ["POST", "/api/user-tokens", newToken({ expires_in_days: true }), [["int_type", "body", "expires_in_days"]]],
  ["POST", "/api/user-tokens", newToken({ user_id: "1" }), [["int_type", "body", "user_id"]]],
  ["POST", "/api/user-tokens", newToken({ scim_endpoints_only: null }), [["bool_type", "body", "scim_endpoints_only"]]],
  ["POST", "/api/user-tokens", newToken({ scim_endpoints_only: "yes" }), [["bool_type", "body", "scim_endpoints_only"]]],
  ["POST", "/api/user-tokens", { name: "", expires_in_days: 400, user_id: {} }, [["string_too_short", "body", "name"], ["less_than_equal", "body", "expires_in_days"], ["int_type", "body", "user_id"]]],
  ["PUT", "/api/user-tokens/1", { revoke: "false" }, [["bool_type", "body", "revoke"]]],
  ["PUT", "/api/user-tokens/1", { revoke: null }, [["bool_type", "body", "revoke"]]],
  ["PUT", "/api/user-tokens/x", { revoke: 0 }, [["int_parsing", "path", "id"], ["bool_type", "body", "revoke"]]],
  ["DELETE", "/api/user-tokens/1.5", undefined, [["int_parsing", "path", "id"]]],
  ["DELETE", "/api/user-tokens/99999999999999999999", undefined, [["less_than_equal", "path", "id"]]],
  ["POST", "/api/users", {}, [["missing", "body", "name"], ["missing", "body", "role"]]],
  ["POST", "/api/users", { name: "n", role: "Viewer" }, [["enum", "body", "role"]]],
  ["POST", "/api/users", { name: "n", role: "admin" }, [["enum", "body", "role"]]],
  ["POST", "/api/users", { name: "n", role: null }, [["enum", "body", "role"]]],
  ["POST", "/api/users", { name: "n", role: "Member", teams: "Public" }, [["list_type", "body", "teams"]]],
  ["POST", "/api/users", { name: "n", role: "Member", teams: [1, "Data", "nul\u0000"] }, [["string_type", "body", "teams", 0], ["string_unicode", "body", "teams", 2]]],
  ["PUT", "/api/users/2", { role: "Owner", teams: [{}] }, [["enum", "body", "role"], ["string_type", "body", "teams", 0]]],
  ["GET", "/api/users?page=0", undefined, [["greater_than_equal", "query", "page"]]],
  ["GET", "/api/users?size=101&page=x", undefined, [["int_parsing", "query", "page"], ["less_than_equal", "query", "size"]]],
  ["GET", "/api/users?size=", undefined, [["int_parsing", "query", "size"]]],
  ["GET", "/api/users?type=Robot&role=x&sort=age&sort_dir=up", undefined, [["enum", "query", "type"], ["enum", "query", "role"], ["enum", "query", "sort"], ["enum", "query", "sort_dir"]]],
  ["GET", "/api/users?include_deleted=maybe", undefined, [["bool_parsing", "query", "include_deleted"]]],
  ["GET", "/api/users?name=%00", undefined, [["string_unicode", "query", "name"]]],
  ["GET", "/api/users/abc", undefined, [["int_parsing", "path", "id"]]],
  ["GET", "/api/users/listing?type=", undefined, [["enum", "query", "type"]]],
  ["GET", "/api/teams?size=0", undefined, [["greater_than_equal", "query", "size"]]],
];

export function inputContract(world: () => World): void {
  describe("wrong input", () => {
    it.each(rows.map((row) => [`${row[0]} ${row[1]} ${JSON.stringify(row[2])?.slice(0, 80)}`, row] as const))("%s", async (_title, [method, path, body, findings]) => {
      const problems = problemsOf(await world().service.api(method, path, body));
      expect(problems.map(({ type, loc }) => [type, ...loc])).toEqual(findings);
      for (const problem of problems) expect(problem).toEqual({ type: expect.any(String), loc: expect.any(Array), msg: expect.any(String), input: problem.input, ...(problem.ctx && { ctx: problem.ctx }) });
    });

    it("is told in pydantic's words", async () => {
      const answer = await world().service.api("POST", "/api/user-tokens", { name: "", expires_in_days: 400 });
      expect(problemsOf(answer)).toEqual([
        { type: "string_too_short", loc: ["body", "name"], msg: "String should have at least 1 character", input: "", ctx: { min_length: 1 } },
        { type: "less_than_equal", loc: ["body", "expires_in_days"], msg: "Input should be less than or equal to 365", input: 400, ctx: { le: 365 } },
      ]);
      expect(problemsOf(await world().service.api("POST", "/api/users", { name: "n", role: "x" }))[0]?.ctx).toEqual({ expected: "'Member', 'Editor', 'Manager' or 'Admin'" });
    });

    it("of keys nobody knows is ignored", async () => {
      const { service } = world();
      expect((await service.api("PUT", "/api/users/2", { colour: "red", __proto__: 1, constructor: {} })).status).toBe(200);
      expect((await service.api("GET", "/api/users?colour=red")).status).toBe(200);
    });
  });

  describe("a body", () => {
    const post = async (headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer>): Promise<{ status: number; headers: Headers; body: unknown }> => {
      const { service } = world();
      const response = await fetch(`${service.url}/api/user-tokens`, { method: "POST", headers: { authorization: `Bearer ${service.adminToken}`, ...headers }, body });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    const json = { "content-type": "application/json" };

    it.each([["text/plain"], ["application/x-www-form-urlencoded"], ["application/xml"], ["multipart/form-data; boundary=x"], [""]])("of media type %j is 415", async (type) => {
      expect(detailOf(await post({ "content-type": type }, '{"name":"x"}'), 415)).toContain("application/json");
    });

    it("of JSON with a charset is read", async () => {
      expect(detailOf(await post({ "content-type": "Application/JSON; charset=utf-8" }, "{}"), 422)).toHaveLength(1);
    });

    it.each([["{"], ['{"name": }'], ["not json"], ['{"name":"a"} trailing'], ["\u0000"]])("%j is json_invalid", async (text) => {
      expect(problemsOf(await post(json, text))).toEqual([
        { type: "json_invalid", loc: ["body", expect.any(Number)], msg: "JSON decode error", input: {}, ctx: { error: expect.any(String) } },
      ]);
    });

    it("that is no UTF-8 is json_invalid, not stored as something else", async () => {
      const broken = Uint8Array.from([...Buffer.from('{"name":"'), 0xff, ...Buffer.from('"}')]);
      expect(problemsOf(await post(json, broken)).map(({ type }) => type)).toEqual(["json_invalid"]);
    });

    it("that is too large is 413", async () => {
      expect(detailOf(await post(json, JSON.stringify({ name: "x".repeat(300_000) })), 413)).toContain("large");
    });
  });
}
