// Tokens: issue, names, lifetimes, revoke, restore, delete, privacy and last use.
import { describe, expect, it } from "vitest";
import type { Answer } from "../../support/token-service.ts";
import { type UserToken, type World, claimsOf, detailOf, fresh, headerOf, issue, problemsOf } from "../world.ts";

export function tokensContract(world: () => World): void {
  const api = <Body = UserToken>(method: string, path: string, body?: unknown, token?: string): Promise<Answer<Body>> => world().service.api<Body>(method, path, body, token);
  const revoke = (id: number, token?: string) => api("PUT", `/api/user-tokens/${id}`, { revoke: true }, token);
  const restore = (id: number, token?: string) => api("PUT", `/api/user-tokens/${id}`, { revoke: false }, token);
  const remove = (id: number, token?: string) => api("DELETE", `/api/user-tokens/${id}`, undefined, token);
  const listed = async (id: number): Promise<UserToken | undefined> => (await api<UserToken[]>("GET", "/api/user-tokens/service")).body.find((entry) => entry.id === id);
  const worksWith = async (token: UserToken): Promise<boolean> => (await api("GET", "/api/users/me", undefined, token.bearer_token)).status === 200;

  describe("issuing", () => {
    it("gives the value once, with claims and expiry that match the answer", async () => {
      const { service, clock } = world();
      const user = await service.createServiceUser(fresh("issue"), "Manager");
      const token = await issue(service, { name: "ci", user_id: user.id, expires_in_days: 90 });
      const created = Math.floor(clock.now / 1_000);
      const at = (second: number): string => new Date(second * 1_000).toISOString().replace(".000", "");
      const value = token.bearer_token ?? "";
      expect(token).toEqual({
        id: expect.any(Number),
        created: at(created),
        name: "ci",
        active: true,
        expiration: at(created + 90 * 86_400),
        last_used: null,
        user: expect.objectContaining({ id: user.id, user_id: user.user_id, role: "Manager", user_type: "Service" }),
        bearer_token: expect.any(String),
      });
      expect(headerOf(value)).toEqual({ alg: "HS256", typ: "JWT" });
      expect(claimsOf(value)).toEqual({
        iss: "qualytics", sub: user.user_id, user_id: user.id, email: user.user_id, name: expect.any(String),
        iat: created, exp: created + 90 * 86_400, jti: expect.any(String),
      });
      const { bearer_token: _value, ...rest } = token;
      expect(await listed(token.id)).toEqual(rest);
    });

    it.each([1, 30, 365])("for %i days", async (days) => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("days"));
      const token = await issue(service, { name: "t", user_id: user.id, expires_in_days: days });
      expect(Date.parse(token.expiration ?? "") - Date.parse(token.created)).toBe(days * 86_400_000);
    });

    it("for ever, when no lifetime or null is given", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("forever"));
      for (const request of [{ name: "absent" }, { name: "null", expires_in_days: null }]) {
        const token = await issue(service, { ...request, user_id: user.id });
        expect(token.expiration).toBeNull();
        expect(claimsOf(token.bearer_token ?? "")).not.toHaveProperty("exp");
      }
    });

    it("keeps names unique per owner in every state, and frees them on delete", async () => {
      const { service, clock } = world();
      const user = await service.createServiceUser(fresh("names"));
      const other = await service.createServiceUser(fresh("names"));
      const first = await issue(service, { name: "Deploy", user_id: user.id, expires_in_days: 1 });
      const again = () => api("POST", "/api/user-tokens", { name: "Deploy", user_id: user.id });
      expect(detailOf(await again(), 409)).toContain("name");
      await revoke(first.id);
      expect((await again()).status).toBe(409);
      clock.advanceDays(2);
      expect((await again()).status).toBe(409);
      await issue(service, { name: "Deploy", user_id: other.id });
      await issue(service, { name: "deploy", user_id: user.id });
      await issue(service, { name: "Deploy ", user_id: user.id });
      expect((await remove(first.id)).status).toBe(204);
      expect((await again()).status).toBe(200);
    });

    it.each(["x".repeat(255), "😀".repeat(255), "Ünïcödé ﷽ \u202e \t\n", "'; drop table token; --", '{"a":1}', "e\u0301", "\u00e9", "__proto__"])("takes the name %j exactly", async (name) => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("odd"));
      const token = await issue(service, { name, user_id: user.id });
      expect(token.name).toBe(name);
      expect((await listed(token.id))?.name).toBe(name);
    });

    it("once of two of one name at the same moment", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("twins"));
      const answers = await Promise.all(Array.from({ length: 8 }, () => api("POST", "/api/user-tokens", { name: "one", user_id: user.id })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
    });

    it("only to a service user who is there", async () => {
      const { service, person } = world();
      const ask = (user_id: number) => api("POST", "/api/user-tokens", { name: "t", user_id });
      expect(detailOf(await ask(person.id), 400)).toContain("service users only");
      expect(detailOf(await ask(999_999), 404)).toEqual(expect.any(String));
      expect(detailOf(await ask(9_999_999_999_999), 404)).toEqual(expect.any(String));
      expect(detailOf(await ask(1), 403)).toContain("internal");
      const gone = await service.createServiceUser(fresh("gone"));
      await api("DELETE", `/api/users/${gone.id}`);
      expect(detailOf(await ask(gone.id), 400)).toContain("deactivated");
    });

    it("a SCIM token only by an Admin", async () => {
      const { tokens } = world();
      expect(detailOf(await api("POST", "/api/user-tokens", { name: "s", scim_endpoints_only: true }, tokens.Manager), 403)).toContain("Admin");
      expect((await api("POST", "/api/user-tokens", { name: "s", scim_endpoints_only: false }, tokens.Manager)).status).toBe(200);
    });
  });

  describe("lists", () => {
    it("show the caller's own, or all of service users, as bare arrays without values", async () => {
      const { service, person, tokens } = world();
      const mine = (await api<UserToken[]>("GET", "/api/user-tokens", undefined, tokens.Member)).body;
      expect(mine.map(({ name }) => name)).toEqual(["work"]);
      expect(mine[0]).not.toHaveProperty("bearer_token");
      const personal = (await api<UserToken[]>("GET", "/api/user-tokens", undefined, person.token)).body;
      expect(personal.map(({ id }) => id)).toEqual([person.tokenId]);
      expect(personal[0]?.user).toMatchObject({ user_type: "Human", user_name: "ada", email: "ada@example.com" });
      const all = (await api<UserToken[]>("GET", "/api/user-tokens/service")).body;
      expect(all.some(({ id }) => id === mine[0]?.id)).toBe(true);
      expect(all.some(({ user }) => user["user_type"] === "Human")).toBe(false);
      expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => a - b));
      const idle = await service.createServiceUser(fresh("idle"), "Member");
      const { bearer_token } = await issue(service, { name: "only", user_id: idle.id });
      expect((await api<UserToken[]>("GET", "/api/user-tokens", undefined, bearer_token)).body).toHaveLength(1);
    });
  });

  describe("revoke, restore, delete", () => {
    it("stops a token at once, brings the same value back, and deletes only what is revoked", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("cycle"));
      const token = await issue(service, { name: "t", user_id: user.id });
      expect(await worksWith(token)).toBe(true);
      expect(detailOf(await remove(token.id), 400)).toContain("revoke it first");
      // Absent means true.
      const revoked = await api("PUT", `/api/user-tokens/${token.id}`, {});
      expect([revoked.status, revoked.body.active, revoked.body.name]).toEqual([200, false, "t"]);
      expect(revoked.body).not.toHaveProperty("bearer_token");
      expect(await worksWith(token)).toBe(false);
      expect((await revoke(token.id)).body.active).toBe(false);
      expect((await restore(token.id)).body.active).toBe(true);
      expect((await restore(token.id)).status).toBe(200);
      expect(await worksWith(token)).toBe(true);
      await revoke(token.id);
      expect((await remove(token.id)).status).toBe(204);
      expect(await worksWith(token)).toBe(false);
      expect([(await remove(token.id)).status, (await revoke(token.id)).status, (await restore(token.id)).status]).toEqual([404, 404, 404]);
      expect(await listed(token.id)).toBeUndefined();
    });

    it("treats an expired token as expired: not restored, deleted without a revoke, `active` as it was", async () => {
      const { service, clock } = world();
      const user = await service.createServiceUser(fresh("expiry"));
      const [kept, revoked] = [await issue(service, { name: "a", user_id: user.id, expires_in_days: 1 }), await issue(service, { name: "b", user_id: user.id, expires_in_days: 1 })];
      await revoke(revoked.id);
      clock.advanceDays(1);
      clock.advanceSeconds(-1);
      expect(await worksWith(kept)).toBe(true);
      clock.advanceSeconds(1);
      expect(await worksWith(kept)).toBe(false);
      expect((await listed(kept.id))?.active).toBe(true);
      expect(detailOf(await restore(revoked.id), 400)).toContain("expired");
      expect((await revoke(kept.id)).status).toBe(200);
      expect((await restore(kept.id)).status).toBe(400);
      const third = await issue(service, { name: "c", user_id: user.id, expires_in_days: 1 });
      clock.advanceDays(1);
      expect((await remove(third.id)).status).toBe(204);
      expect((await remove(revoked.id)).status).toBe(204);
    });

    it("works on one's own token without being an Admin", async () => {
      const { tokens } = world();
      const own = await issue(world().service, { name: fresh("own"), expires_in_days: 5 }, tokens.Member);
      expect((await revoke(own.id, tokens.Member)).status).toBe(200);
      expect((await restore(own.id, tokens.Member)).status).toBe(200);
      // With the token itself: the last thing it does.
      expect((await revoke(own.id, own.bearer_token)).status).toBe(200);
      expect((await restore(own.id, own.bearer_token)).status).toBe(401);
      expect((await remove(own.id, tokens.Member)).status).toBe(204);
    });

    it("keeps others' tokens private: 404 as if there were none", async () => {
      const { service, person, tokens } = world();
      for (const attempt of [revoke, restore, remove]) {
        expect(detailOf(await attempt(person.tokenId), 404)).toBe("Token not found.");
      }
      const user = await service.createServiceUser(fresh("private"));
      const token = await issue(service, { name: "t", user_id: user.id });
      for (const role of ["Member", "Editor", "Manager"] as const) {
        for (const attempt of [revoke, restore, remove]) expect((await attempt(token.id, tokens[role])).status).toBe(404);
      }
      expect((await revoke(token.id, person.token)).status).toBe(200);
    });
  });

  describe("last use", () => {
    it("is the second of the last successful authentication, also one that ended in 403", async () => {
      const { service, clock } = world();
      const user = await service.createServiceUser(fresh("used"));
      const token = await issue(service, { name: "t", user_id: user.id });
      const lastUsed = async (): Promise<string | null | undefined> => (await listed(token.id))?.last_used;
      const now = (): string => new Date(Math.floor(clock.now / 1_000) * 1_000).toISOString().replace(".000", "");
      expect(await lastUsed()).toBeNull();
      clock.advanceSeconds(10);
      await worksWith(token);
      expect(await lastUsed()).toBe(now());
      clock.advanceSeconds(1);
      expect((await api("GET", "/api/users", undefined, token.bearer_token)).status).toBe(403);
      expect(await lastUsed()).toBe(now());
      clock.advanceSeconds(1);
      await worksWith(token);
      const used = now();
      clock.advanceSeconds(1);
      // Nobody has read it since: the answer to a change states it all the same.
      expect((await revoke(token.id)).body.last_used).toBe(used);
      expect(await worksWith(token)).toBe(false);
      clock.advanceSeconds(1);
      await api("GET", "/api/users/me", undefined, `${token.bearer_token}x`);
      expect(await lastUsed()).toBe(used);
    });

    it("counts the request that reads it", async () => {
      const { clock, tokens } = world();
      clock.advanceSeconds(100);
      const [mine] = (await api<UserToken[]>("GET", "/api/user-tokens", undefined, tokens.Editor)).body;
      expect(mine?.last_used).toBe(new Date(Math.floor(clock.now / 1_000) * 1_000).toISOString().replace(".000", ""));
    });

    it("of many tokens at once is exact for each", async () => {
      const { service, clock } = world();
      const user = await service.createServiceUser(fresh("many"));
      const issued = await Promise.all(Array.from({ length: 40 }, (_, index) => issue(service, { name: `m${index}`, user_id: user.id })));
      clock.advanceSeconds(3);
      await Promise.all(issued.flatMap((token, index) => (index % 2 === 0 ? [worksWith(token), worksWith(token)] : [])));
      const seen = new Map((await api<UserToken[]>("GET", "/api/user-tokens/service")).body.map((entry) => [entry.id, entry.last_used !== null]));
      expect(issued.map(({ id }) => seen.get(id))).toEqual(issued.map((_, index) => index % 2 === 0));
    });
  });

  it("refuses a change without a body", async () => {
    expect(problemsOf(await api("PUT", "/api/user-tokens/1"))).toEqual([{ type: "missing", loc: ["body"], msg: "Field required", input: null }]);
  });
}
