// What anybody gets, and what paths and methods that do not exist are answered.
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { Json } from "../../support/token-service.ts";
import { type World, detailOf, fresh, issue } from "../world.ts";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { security?: unknown; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, object> };
}

export function publicContract(world: () => World): void {
  describe("public", () => {
    it("answers health with 204 and nothing", async () => {
      const { status, body } = await world().service.api("GET", "/api/health", undefined, null);
      expect([status, body]).toEqual([204, undefined]);
    });

    it("answers status and name without a token", async () => {
      const status = await world().service.api("GET", "/api/status", undefined, null);
      expect(status.body).toEqual({ database_connection: "OK", rabbitmq_connection: "OK" });
      for (const path of ["/api/", "/api"]) {
        const { body } = await world().service.api("GET", path, undefined, null);
        expect(body).toEqual({ application: expect.any(String), description: expect.any(String), version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
      }
    });

    it("describes every endpoint in an OpenAPI document whose references hold", async () => {
      const { body } = await world().service.api<Document>("GET", "/api/openapi.json", undefined, null);
      expect(body.openapi).toBe("3.1.0");
      expect(Object.entries(body.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)).sort()).toEqual(
        [
          "GET /api/", "GET /api/health", "GET /api/status", "GET /api/scim/v2/Users",
          "GET /api/teams", "GET /api/teams/{id}", "GET /api/global-tags", "GET /api/audit",
          "GET /api/users", "POST /api/users", "GET /api/users/listing", "GET /api/users/me",
          "GET /api/users/{id}", "PUT /api/users/{id}", "DELETE /api/users/{id}", "PATCH /api/users/{id}/restore",
          "GET /api/user-tokens", "POST /api/user-tokens", "GET /api/user-tokens/service", "PUT /api/user-tokens/{id}", "DELETE /api/user-tokens/{id}",
        ].sort(),
      );
      for (const reference of JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
        expect(Object.keys(body.components.schemas)).toContain(reference[1]);
      }
      // What the vendor's document declares for every operation, and 401, which is real all the same.
      for (const [path, methods] of Object.entries(body.paths)) {
        for (const [method, { security, responses }] of Object.entries(methods)) {
          if (security !== undefined) expect(Object.keys(responses), `${method} ${path}`).toEqual(expect.arrayContaining(["400", "401", "403", "404", "409", "415", "422"]));
        }
      }
      expect(body.paths["/api/health"]?.["get"]?.security).toBeUndefined();
      expect(Object.keys(body.paths["/api/users"]?.["post"]?.responses ?? {})).toEqual(["200", "400", "401", "403", "404", "409", "413", "414", "415", "422", "429", "431", "503"]);
    });

    it("gives answers that its own schemas describe", async () => {
      const { service } = world();
      const { body: document } = await service.api<Document>("GET", "/api/openapi.json");
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      ajv.addSchema({ $id: "doc", ...document });
      const user = await service.createServiceUser(fresh("schema"));
      const token = await issue(service, { name: "t", user_id: user.id, expires_in_days: 3 });
      const samples: [string, unknown][] = [
        ["GetUserToken", token],
        ["User", user],
        ["User", (await service.api("GET", "/api/users/me")).body],
        ["UserPage", (await service.api("GET", "/api/users?include_deleted=true")).body],
        ["TeamPage", (await service.api("GET", "/api/teams")).body],
        ["AuditPage", (await service.api("GET", "/api/audit?size=100")).body],
        ["GlobalTagPage", (await service.api("GET", "/api/global-tags")).body],
        ["GetTeam", (await service.api("GET", "/api/teams/1")).body],
        ["ScimList", (await service.api("GET", "/api/scim/v2/Users")).body],
        ["Status", (await service.api("GET", "/api/status")).body],
        ["About", (await service.api("GET", "/api/")).body],
        ["Error", (await service.api("GET", "/api/users/me", undefined, null)).body],
        ["HTTPValidationError", (await service.api("POST", "/api/users", {})).body],
        ...(await service.api<Json[]>("GET", "/api/user-tokens/service")).body.map((item): [string, unknown] => ["UserToken", item]),
      ];
      for (const [name, sample] of samples) {
        const valid = ajv.validate(`doc#/components/schemas/${name}`, sample);
        expect(valid, `${name}: ${ajv.errorsText()} ${JSON.stringify(sample)}`).toBe(true);
      }
    });

    it.each([
      ["GET", "/api/user-tokens/1", 405, "PUT, DELETE"],
      ["POST", "/api/user-tokens/service", 405, "GET"],
      ["PATCH", "/api/user-tokens", 405, "POST, GET"],
      ["DELETE", "/api/users/me", 405, "GET"],
      ["PUT", "/api/users", 405, "POST, GET"],
      ["GET", "/api/users/1/restore", 405, "PATCH"],
      ["POST", "/api/health", 405, "GET"],
      ["DELETE", "/api/teams/1", 405, "GET"],
      ["OPTIONS", "/api/user-tokens", 405, "POST, GET"],
      ["POST", "/api/scim/v2/Users", 405, "GET"],
      ["GET", "/api/nothing", 404, null],
      ["POST", "/api/user-tokens/1/revoke", 404, null],
      ["GET", "/api/scim/v2/Groups", 404, null],
      ["GET", "/elsewhere", 404, null],
      ["GET", "/api/%ff", 400, null],
    ])("answers %s %s with %i in JSON", async (method, path, status, allow) => {
      const answer = await world().service.api(method, path);
      expect(detailOf(answer, status)).toEqual(expect.any(String));
      expect(answer.headers.get("allow")).toBe(allow);
    });

    it("lets no cache keep an answer and shows a page at the root", async () => {
      expect((await world().service.api("GET", "/api/users/me")).headers.get("cache-control")).toBe("no-store");
      const page = await world().service.api<string>("GET", "/", undefined, null);
      expect(page.status).toBe(200);
      expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(page.body).toContain('<div id="page">');
    });
  });
}
