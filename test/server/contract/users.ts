// Service users: names and ids, teams, roles, lists, deactivation and restore.
import { describe, expect, it } from "vitest";
import type { Json } from "../../support/token-service.ts";
import { type World, detailOf, fresh, issue, problemsOf } from "../world.ts";

interface User extends Json {
  id: number;
  name: string;
  teams: string[];
  role: string;
  deleted_at: string | null;
}

interface Page {
  items: User[];
  total: number;
  total_count: number;
  page: number;
  size: number;
  pages: number;
}

export function usersContract(world: () => World): void {
  const api = <Body = User>(method: string, path: string, body?: unknown) => world().service.api<Body>(method, path, body);

  describe("a service user", () => {
    it("is created with every documented field", async () => {
      const { status, body } = await api("POST", "/api/users", { name: "API Access", role: "Manager", teams: ["Ops", "Public", "Ops"] });
      expect(status).toBe(200);
      expect(body).toEqual({
        id: expect.any(Number),
        user_id: "api_access@service",
        user_name: "api_access",
        email: "api_access@service",
        name: "API Access",
        role: "Manager",
        user_type: "Service",
        teams: ["Public", "Ops"],
        last_login: null,
        created: "2026-01-15T10:30:00Z",
        created_at: "2026-01-15T10:30:00Z",
        deleted_at: null,
        created_by_id: (await api("GET", "/api/users/me")).body.id,
      });
      expect((await api("GET", `/api/users/${body.id}`)).body).toEqual(body);
    });

    it.each([
      ["svc-airflow", "svc-airflow@service"],
      ["Größe & Maß 7", "gre__ma_7@service"],
      ["  padded  ", "padded@service"],
      ["tab\tand\u00a0space", "tab_and_space@service"],
      ["Under_Score", "under_score@service"],
      ["🚀 launch 🚀", "_launch_@service"],
    ])("named %j gets the id %s", async (name, userId) => {
      const { status, body } = await api("POST", "/api/users", { name, role: "Member" });
      expect([status, body["user_id"], body.name]).toEqual([200, userId, name]);
    });

    it("needs a name that leaves something for its id", async () => {
      for (const name of ["   ", "日本語", "!!!"]) {
        expect(problemsOf(await api("POST", "/api/users", { name, role: "Member" }))).toEqual([
          { type: "value_error", loc: ["body", "name"], msg: expect.stringContaining("Value error"), input: name, ctx: { error: {} } },
        ]);
      }
    });

    it("cannot take an id that is taken, also by a deactivated user", async () => {
      const name = fresh("Taken");
      const { body } = await api("POST", "/api/users", { name, role: "Member" });
      expect(detailOf(await api("POST", "/api/users", { name: name.toUpperCase(), role: "Member" }), 409)).toContain("exists");
      expect((await api("DELETE", `/api/users/${body.id}`)).status).toBe(204);
      expect(detailOf(await api("POST", "/api/users", { name, role: "Admin" }), 409)).toContain("deactivated");
    });

    it("is refused unknown teams, all at once, and is then not there", async () => {
      const name = fresh("teamless");
      const answer = await api("POST", "/api/users", { name, role: "Member", teams: ["Data", "Nope", "ops"] });
      expect(problemsOf(answer).map(({ type, loc, input }) => [type, loc, input])).toEqual([
        ["value_error", ["body", "teams", 1], "Nope"],
        ["value_error", ["body", "teams", 2], "ops"],
      ]);
      expect((await api<Page>("GET", `/api/users?name=${encodeURIComponent(name)}`)).body.total).toBe(0);
    });

    it("changes role and teams, each only where named", async () => {
      const { id } = await world().service.createServiceUser(fresh("changed"));
      const put = async (change: Json): Promise<[string, string[]]> => {
        const { body, status } = await api("PUT", `/api/users/${id}`, change);
        expect(status).toBe(200);
        return [body.role, body.teams];
      };
      expect(await put({ teams: ["Data", "Ops"] })).toEqual(["Member", ["Public", "Data", "Ops"]]);
      expect(await put({ role: "Editor" })).toEqual(["Editor", ["Public", "Data", "Ops"]]);
      expect(await put({ role: null, teams: null })).toEqual(["Editor", ["Public", "Data", "Ops"]]);
      expect(await put({ teams: [] })).toEqual(["Editor", ["Public"]]);
      expect(await put({ name: "cannot be changed" })).toEqual(["Editor", ["Public"]]);
      expect(problemsOf(await api("PUT", `/api/users/${id}`, { role: "Admin", teams: ["Nope"] }))).toHaveLength(1);
      expect(await put({})).toEqual(["Editor", ["Public"]]);
    });
  });

  describe("deactivation", () => {
    it("waits for active tokens, is soft, and is undone by a restore", async () => {
      const { service, clock } = world();
      const { id } = await service.createServiceUser(fresh("leaver"));
      const token = await issue(service, { name: "t", user_id: id });
      const brief = await issue(service, { name: "brief", user_id: id, expires_in_days: 1 });
      expect(detailOf(await api("DELETE", `/api/users/${id}`), 400)).toContain("active tokens");
      await api("PUT", `/api/user-tokens/${token.id}`, { revoke: true });
      expect((await api("DELETE", `/api/users/${id}`)).status).toBe(400);
      clock.advanceDays(1);
      // What has expired is not active.
      expect((await api("DELETE", `/api/users/${id}`)).status).toBe(204);
      const { body } = await api("GET", `/api/users/${id}`);
      expect(body.deleted_at).toBe(new Date(Math.floor(clock.now / 1_000) * 1_000).toISOString().replace(".000", ""));
      clock.advanceSeconds(5);
      expect((await api("DELETE", `/api/users/${id}`)).status).toBe(204);
      expect((await api("GET", `/api/users/${id}`)).body.deleted_at).toBe(body.deleted_at);

      expect(detailOf(await api("POST", "/api/user-tokens", { name: "late", user_id: id }), 400)).toContain("deactivated");
      expect(detailOf(await api("PUT", `/api/user-tokens/${token.id}`, { revoke: false }), 400)).toContain("deactivated");
      expect((await api("PATCH", `/api/users/${id}/restore`)).body).toEqual({ ...body, deleted_at: null });
      expect((await api("PATCH", `/api/users/${id}/restore`)).status).toBe(200);
      const tokens = (await api<{ id: number; active: boolean }[]>("GET", "/api/user-tokens/service")).body;
      expect(tokens.find((entry) => entry.id === token.id)?.active).toBe(false);
      expect(tokens.find((entry) => entry.id === brief.id)?.active).toBe(true);
      expect((await service.api("GET", "/api/users/me", undefined, token.bearer_token)).status).toBe(401);
      expect((await api("PUT", `/api/user-tokens/${token.id}`, { revoke: false })).status).toBe(200);
      expect((await service.api("GET", "/api/users/me", undefined, token.bearer_token)).status).toBe(200);
    });

    it("never races a token into a deactivated user", async () => {
      const { service } = world();
      for (let round = 0; round < 10; round += 1) {
        const { id } = await service.createServiceUser(fresh("raced"));
        const [issued, gone] = await Promise.all([
          service.api("POST", "/api/user-tokens", { name: "t", user_id: id }),
          service.api("DELETE", `/api/users/${id}`),
        ]);
        expect([[200, 400], [400, 204]]).toContainEqual([issued.status, gone.status]);
      }
    });

    it("does not touch the service's own user", async () => {
      for (const [method, path, body] of [["PUT", "/api/users/1", { role: "Admin" }], ["DELETE", "/api/users/1"], ["PATCH", "/api/users/1/restore"]] as const) {
        expect((await api(method, path, body)).status).toBe(403);
      }
      expect((await api<Page>("GET", "/api/users?size=100&include_deleted=true")).body.items.map(({ id }) => id)).not.toContain(1);
    });
  });

  describe("the list of users", () => {
    const list = async (query: string): Promise<Page> => {
      const { status, body } = await api<Page>("GET", `/api/users?${query}`);
      expect(status, JSON.stringify(body)).toBe(200);
      return body;
    };
    const names = async (query: string): Promise<string[]> => (await list(query)).items.map(({ name }) => name);

    it("filters, sorts and pages", async () => {
      const { service, clock } = world();
      const made: [string, string, string[]][] = [
        ["List-b %_", "Member", ["Ops"]],
        ["list-A", "Admin", ["Data"]],
        ["List-c", "Manager", ["Ops", "Data"]],
        ["List-gone", "Member", ["Ops"]],
      ];
      const ids: number[] = [];
      for (const [name, role, teams] of made) {
        clock.advanceSeconds(1);
        ids.push((await api("POST", "/api/users", { name, role, teams })).body.id);
      }
      await service.api("DELETE", `/api/users/${ids[3]}`);

      expect(await names("name=list-")).toEqual(["List-b %_", "list-A", "List-c"]);
      expect(await names("name=LIST-&include_deleted=true")).toHaveLength(4);
      expect(await names("name=%25_")).toEqual(["List-b %_"]);
      expect(await names("name=list-&role=Admin")).toEqual(["list-A"]);
      expect(await names("name=list-&team=Ops")).toEqual(["List-b %_", "List-c"]);
      expect(await names("name=list-&team=ops")).toEqual([]);
      expect(await names("name=list-&type=Human")).toEqual([]);
      expect(await names("name=list-&type=Service&sort=name")).toEqual(["list-A", "List-b %_", "List-c"]);
      expect(await names("name=list-&sort=name&sort_dir=desc")).toEqual(["List-c", "List-b %_", "list-A"]);
      expect(await names("name=list-&sort_name=desc")).toEqual(["List-c", "List-b %_", "list-A"]);
      expect(await names("name=list-&sort_created=desc")).toEqual(["List-c", "list-A", "List-b %_"]);
      expect(await names("name=list-&sort_dir=desc")).toEqual(["List-c", "list-A", "List-b %_"]);
      expect(await names("name=list-&sort=role")).toEqual(["List-b %_", "List-c", "list-A"]);
      expect(await names("name=list-&sort=last_login")).toHaveLength(3);
      expect(await list("name=list-&page=2&size=2")).toEqual({
        items: [expect.objectContaining({ name: "List-c" })], total: 3, total_count: 3, page: 2, size: 2, pages: 2,
      });
      expect(await list("name=list-&page=9")).toEqual({ items: [], total: 3, total_count: 3, page: 9, size: 50, pages: 1 });
      expect(await list("name=no such user")).toEqual({ items: [], total: 0, total_count: 0, page: 1, size: 50, pages: 0 });
      expect((await list("name=list-&page=9007199254740991&size=100")).items).toEqual([]);
      expect((await list("name=list-&size=1&size=2")).size).toBe(2);
    });

    it("has a plain form without pages", async () => {
      const { body } = await api<User[]>("GET", "/api/users/listing?type=Service");
      expect(body.length).toBeGreaterThan(3);
      expect(new Set(body.map((user) => user["user_type"]))).toEqual(new Set(["Service"]));
      expect(body.every(({ deleted_at }) => deleted_at === null)).toBe(true);
      const everybody = (await api<User[]>("GET", "/api/users/listing")).body;
      expect(everybody.map(({ name }) => name)).toEqual(expect.arrayContaining(["Administrator", "Ada"]));
    });
  });

  describe("teams", () => {
    it("are listed with their users, page by page", async () => {
      const page = (await api<{ items: { name: string; users: User[] }[]; total: number }>("GET", "/api/teams?size=2")).body;
      expect(page).toMatchObject({ total: 3, size: 2, page: 1, pages: 2 });
      expect(page.items.map(({ name }) => name)).toEqual(["Public", "Data"]);
      expect(page.items[0]?.users.map((user) => user["user_id"])).toContain("admin");
      expect((await api<Page>("GET", "/api/teams?name=op")).body.items.map(({ name }) => name)).toEqual(["Ops"]);
    });

    it("are read one by one", async () => {
      const { status, body } = await api("GET", "/api/teams/1");
      expect(status).toBe(200);
      expect(body).toMatchObject({ id: 1, name: "Public", created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) });
      expect((await api("GET", "/api/teams/77")).status).toBe(404);
    });
  });

  it("global tags are an empty page", async () => {
    expect((await api("GET", "/api/global-tags?size=10")).body).toEqual({ items: [], total: 0, total_count: 0, page: 1, size: 10, pages: 0 });
    expect(problemsOf(await api("GET", "/api/global-tags?size=0&page=x"))).toHaveLength(2);
  });

  describe("SCIM", () => {
    it("lists people and finds one by login name", async () => {
      const list = async (query: string): Promise<Json> => (await world().service.api("GET", `/api/scim/v2/Users${query}`, undefined, world().scimToken)).body;
      expect(await list("")).toMatchObject({ schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], totalResults: 2, startIndex: 1, itemsPerPage: 2 });
      expect(await list("?startIndex=2&count=5")).toMatchObject({ totalResults: 2, startIndex: 2, itemsPerPage: 1 });
      expect(await list("?startIndex=-4&count=-1")).toMatchObject({ totalResults: 2, startIndex: 1, itemsPerPage: 0 });
      expect(await list(`?filter=${encodeURIComponent('userName eq "ADA"')}`)).toMatchObject({ totalResults: 1, Resources: [{ userName: "ada", active: true }] });
      for (const filter of ['emails co "x"', 'userName eq "a', 'userName eq "\\x"']) {
        expect((await api("GET", `/api/scim/v2/Users?filter=${encodeURIComponent(filter)}`)).status).toBe(400);
      }
    });
  });
}
