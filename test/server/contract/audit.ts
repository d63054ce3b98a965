// The audit log over the API: what leaves a trace, what the trace says, and what it never holds.
import { describe, expect, it } from "vitest";
import type { Json } from "../../support/token-service.ts";
import { type World, claimsOf, fresh, issue, problemsOf } from "../world.ts";

interface Entry extends Json {
  number: number;
  at: string;
  action: string;
  actor: { id: number | null; user_id: string; token_id: number | null };
  token: { id: number; name: string } | null;
  user: { id: number; user_id: string } | null;
  address: string | null;
  request_id: string | null;
  detail: Json | null;
  hash: string;
}

interface AuditPage {
  items: Entry[];
  total: number;
  pages: number;
}

export function auditContract(world: () => World): void {
  const audit = async (query: string): Promise<AuditPage> => {
    const { status, body } = await world().service.api<AuditPage>("GET", `/api/audit?${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const actions = async (query: string): Promise<string[]> => (await audit(`size=100&${query}`)).items.map(({ action }) => action).toReversed();

  describe("the audit log", () => {
    it("says who did what to which token, when, from where and with which request", async () => {
      const { service, clock, person } = world();
      const user = await service.createServiceUser(fresh("audited"));
      const answer = await service.api<Json & { id: number }>("POST", "/api/user-tokens", { name: "traced <b>'; --", user_id: user.id, expires_in_days: 7 }, person.token);
      const [entry] = (await audit(`token_id=${answer.body.id}`)).items;
      expect(entry).toEqual({
        number: expect.any(Number),
        at: new Date(clock.now).toISOString(),
        action: "token.issued",
        actor: { id: person.id, user_id: "ada", token_id: person.tokenId },
        token: { id: answer.body.id, name: "traced <b>'; --" },
        user: { id: user.id, user_id: user.user_id },
        address: "127.0.0.1",
        request_id: answer.headers.get("x-request-id"),
        detail: { expiration: answer.body["expiration"] },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    it("has an entry for each change, and none for what changed nothing or was refused", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("life"));
      const token = await issue(service, { name: "t", user_id: user.id });
      const put = (revoke: boolean) => service.api("PUT", `/api/user-tokens/${token.id}`, { revoke });
      await service.api("DELETE", `/api/user-tokens/${token.id}`);
      for (const revoke of [true, true, false, false, true]) await put(revoke);
      await service.api("POST", "/api/user-tokens", { name: "t", user_id: user.id });
      await service.api("DELETE", `/api/user-tokens/${token.id}`);
      await service.api("DELETE", `/api/user-tokens/${token.id}`);
      expect(await actions(`token_id=${token.id}`)).toEqual(["token.issued", "token.revoked", "token.restored", "token.revoked", "token.deleted"]);

      await service.api("PUT", `/api/users/${user.id}`, { role: "Editor", teams: ["Ops"] });
      await service.api("PUT", `/api/users/${user.id}`, { role: "Editor" });
      await service.api("PUT", `/api/users/${user.id}`, { role: "Admin", teams: ["Nope"] });
      for (const [method, path] of [["DELETE", ""], ["DELETE", ""], ["PATCH", "/restore"], ["PATCH", "/restore"]] as const) await service.api(method, `/api/users/${user.id}${path}`);
      expect((await actions(`user_id=${user.id}`)).filter((action) => action.startsWith("user."))).toEqual(["user.created", "user.changed", "user.deactivated", "user.restored"]);
      expect((await audit(`user_id=${user.id}&action=user.changed`)).items[0]?.detail).toEqual({
        role: "Editor", role_before: "Member", teams: ["Public", "Ops"], teams_before: ["Public"],
      });
    });

    it("numbers without a gap, also for changes at the same moment, newest first, page by page", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("together"));
      await Promise.all(Array.from({ length: 12 }, (_, index) => issue(service, { name: `t${index}`, user_id: user.id })));
      const pages = [await audit(`user_id=${user.id}&size=7`), await audit(`user_id=${user.id}&size=7&page=2`)];
      expect(pages.map(({ items, total, pages: count }) => [items.length, total, count])).toEqual([[7, 13, 2], [6, 13, 2]]);
      const numbers = pages.flatMap(({ items }) => items.map(({ number }) => number));
      expect(numbers).toEqual(Array.from({ length: 13 }, (_, index) => (numbers[0] ?? 0) - index));
    });

    it("is found by actor and by time", async () => {
      const { service, clock, person } = world();
      clock.advanceSeconds(1_000);
      const since = new Date(clock.now).toISOString();
      const { id } = await issue(service, { name: fresh("mine") }, person.token);
      clock.advanceSeconds(1_000);
      const until = new Date(clock.now).toISOString();
      await service.createServiceUser(fresh("later"));
      expect((await audit(`since=${since}&until=${until}&actor_id=${person.id}`)).items.map(({ token }) => token?.id)).toEqual([id]);
      expect(await audit(`since=${since}&until=${until}&actor_id=${person.id + 1_000}`)).toMatchObject({ total: 0, items: [] });
      expect((await audit(`until=${encodeURIComponent("0001-01-01T00:00:00+14:00")}`)).total).toBe(0);
      const problems = problemsOf(await service.api("GET", "/api/audit?since=yesterday&action=token.seen&token_id=x"));
      expect(problems.map(({ type, loc }) => [type, ...loc])).toEqual([["enum", "query", "action"], ["int_parsing", "query", "token_id"], ["datetime_parsing", "query", "since"]]);
    });

    it("never holds a token's value or its unguessable part", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("secret"));
      const { bearer_token: value = "" } = await issue(service, { name: "t", user_id: user.id });
      const { pages } = await audit("size=100");
      for (let page = 1; page <= pages; page += 1) {
        const text = JSON.stringify(await audit(`size=100&page=${page}`));
        for (const needle of [value, value.split(".")[2] ?? "", String(claimsOf(value)["jti"])]) expect(text).not.toContain(needle);
      }
    });
  });
}
