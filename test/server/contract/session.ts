// Signing in with a browser: who may, what the cookie is, what ends it, and that no other
// site can use it.
import { describe, expect, it } from "vitest";
import type { Json } from "../../support/token-service.ts";
import { type UserToken, type World, issue, fresh } from "../world.ts";

interface Sent {
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export function sessionContract(world: () => World): void {
  const send = async (method: string, path: string, { cookie, headers, body }: Sent = {}): Promise<{ status: number; body: Json; setCookie: string; headers: Headers }> => {
    const { url } = world().service;
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(method === "GET" ? {} : { origin: url }),
        ...(cookie === undefined ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Json, setCookie: response.headers.get("set-cookie") ?? "", headers: response.headers };
  };
  const signIn = async (token: string): Promise<string> => {
    const { status, setCookie } = await send("POST", "/session", { body: { token } });
    expect(status).toBe(200);
    return setCookie.split(";", 1)[0] ?? "";
  };
  const me = async (cookie: string): Promise<number> => (await send("GET", "/api/users/me", { cookie })).status;
  /** A personal token of Ada's. */
  const personal = (): Promise<UserToken> => issue(world().service, { name: fresh("browser") }, world().person.token);

  describe("session", () => {
    it("opens with a personal token and speaks for its owner, without a word of the token", async () => {
      const { bearer_token: token = "", user } = await personal();
      const answer = await send("POST", "/session", { body: { token: ` ${token}\n` } });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ user: { id: user.id, role: "Admin" }, token_id: expect.any(Number) });
      expect(JSON.stringify(answer.body)).not.toContain(token);
      expect(answer.setCookie).toMatch(/^servicetokens-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      const cookie = answer.setCookie.split(";", 1)[0] ?? "";
      expect(token).not.toContain(cookie.split("=")[1] ?? "");
      expect(await me(cookie)).toBe(200);
      expect((await send("GET", "/session", { cookie })).body).toMatchObject({ user: { id: user.id }, development: null });
      const { body } = await world().service.api<Json>("GET", `/api/users/${user.id}`);
      expect(body["last_login"]).toEqual(expect.any(String));
    });

    it("is for people: service users, SCIM tokens and what is no token are refused", async () => {
      const { tokens, scimToken } = world();
      const statuses = async (...bodies: unknown[]): Promise<number[]> => Promise.all(bodies.map(async (body) => (await send("POST", "/session", { body })).status));
      expect(await statuses({ token: tokens.Member }, { token: scimToken })).toEqual([403, 403]);
      expect(await statuses({ token: "nonsense" }, { token: "a b" }, { token: " " }, { token: "x".repeat(9_000) }, { token: 5 }, {}, [])).toEqual([401, 401, 401, 422, 422, 422, 422]);
      const inVain = await send("POST", "/session", { body: { user_id: world().person.id } });
      expect([inVain.status, inVain.setCookie]).toEqual([403, ""]);
      expect((await send("GET", "/session")).body).toEqual({ user: null, token_id: null, expires: null, development: null, now: new Date(world().clock.now).toISOString() });
    });

    it("ends with its token: revoked, deleted; and comes back with it", async () => {
      const token = await personal();
      const cookie = await signIn(token.bearer_token ?? "");
      const asAda = world().person.token;
      const change = async (revoke: boolean): Promise<number> => (await world().service.api("PUT", `/api/user-tokens/${token.id}`, { revoke }, asAda)).status;
      expect([await me(cookie), await change(true), await me(cookie), await change(false), await me(cookie)]).toEqual([200, 200, 401, 200, 200]);
      await change(true);
      expect((await world().service.api("DELETE", `/api/user-tokens/${token.id}`, undefined, asAda)).status).toBe(204);
      expect(await me(cookie)).toBe(401);
      expect((await send("GET", "/session", { cookie })).body["user"]).toBeNull();
    });

    it("ends after twelve hours, and by signing out", async () => {
      const { clock } = world();
      const cookie = await signIn((await personal()).bearer_token ?? "");
      const other = await signIn((await personal()).bearer_token ?? "");
      const out = await send("DELETE", "/session", { cookie });
      expect([out.status, out.setCookie]).toEqual([204, "servicetokens-session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"]);
      expect([await me(cookie), await me(other)]).toEqual([401, 200]);
      const before = clock.now;
      clock.now += 12 * 3_600_000;
      expect(await me(other)).toBe(401);
      clock.now = before;
    });

    it("is no use of the token that opened it", async () => {
      const { clock, service, person } = world();
      const token = await personal();
      const cookie = await signIn(token.bearer_token ?? "");
      const used = async (): Promise<unknown> => (await service.api<UserToken[]>("GET", "/api/user-tokens", undefined, person.token)).body.find(({ id }) => id === token.id)?.last_used;
      const atSignIn = await used();
      expect(atSignIn).toEqual(expect.any(String));
      clock.advanceSeconds(5);
      expect([await me(cookie), await used()]).toEqual([200, atSignIn]);
    });

    it("changes nothing on another site's word", async () => {
      const { url } = world().service;
      const cookie = await signIn((await personal()).bearer_token ?? "");
      const post = async (headers: Record<string, string>): Promise<number> => (await send("POST", "/api/user-tokens", { cookie, body: {}, headers })).status;
      // 422: it was let through, and its body is looked at.
      expect(await post({})).toBe(422);
      expect(await post({ "sec-fetch-site": "same-origin" })).toBe(422);
      for (const origin of ["https://evil.example", "null", url.replace(/:\d+$/, ":1"), `${url}.evil.example`, url.replace("127.0.0.1", "localhost")]) {
        expect(await post({ origin }), origin).toBe(403);
      }
      for (const site of ["cross-site", "same-site", "none"]) expect(await post({ "sec-fetch-site": site }), site).toBe(403);
      expect((await send("POST", "/session", { body: { token: "x" }, headers: { origin: "https://evil.example" } })).status).toBe(403);
      expect((await send("DELETE", "/session", { cookie, headers: { origin: "https://evil.example" } })).status).toBe(403);
      expect(await me(cookie)).toBe(200);
    });

    it("needs the browser's word where a cookie is all there is", async () => {
      const { url } = world().service;
      const cookie = await signIn((await personal()).bearer_token ?? "");
      const bare = await fetch(`${url}/api/user-tokens`, { method: "POST", headers: { cookie, "content-type": "application/json" }, body: "{}" });
      expect(bare.status).toBe(403);
    });

    it("yields to a token in the header, also to a wrong one", async () => {
      const cookie = await signIn((await personal()).bearer_token ?? "");
      expect((await send("GET", "/api/users/me", { cookie, headers: { authorization: "Bearer nonsense" } })).status).toBe(401);
      const asMember = await send("GET", "/api/users/me", { cookie, headers: { authorization: `Bearer ${world().tokens.Member}` } });
      expect(asMember.body["role"]).toBe("Member");
    });

    it("is bound to the secure name where the browser came over TLS", async () => {
      const { bearer_token: token } = await personal();
      const { setCookie } = await send("POST", "/session", { body: { token }, headers: { origin: world().service.url.replace("http:", "https:") } });
      expect(setCookie).toMatch(/^__Host-servicetokens-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=43200$/);
      expect(await me(setCookie.split(";", 1)[0] ?? "")).toBe(200);
      expect([await me("servicetokens-session="), await me("servicetokens-session=x"), await me("x=y; servicetokens-session")]).toEqual([401, 401, 401]);
    });
  });

  describe("the command line's login", () => {
    const back = "http://localhost:51234/callback";
    const authorize = async (cookie: string | undefined, body: Json, headers?: Record<string, string>): ReturnType<typeof send> =>
      send("POST", "/cli/authorize", { body, ...(cookie === undefined ? {} : { cookie }), ...(headers === undefined ? {} : { headers }) });

    it("gets a personal token of 90 days once the person agrees", async () => {
      const { service, person } = world();
      const cookie = await signIn((await personal()).bearer_token ?? "");
      const host = fresh("Ada's [MacBook]").replace(" ", "-");
      const { status, body } = await authorize(cookie, { redirect_uri: `${back}?x=1`, state: "s/1 &", hostname: host, allow: true });
      expect(status).toBe(200);
      const target = new URL(String(body["location"]));
      expect([target.host, target.pathname, target.searchParams.get("x"), target.searchParams.get("state")]).toEqual(["localhost:51234", "/callback", "1", "s/1 &"]);
      const token = target.searchParams.get("token") ?? "";
      const owner = await service.api<Json>("GET", "/api/users/me", undefined, token);
      expect(owner.body["id"]).toBe(person.id);
      await authorize(cookie, { redirect_uri: back, hostname: host, allow: true });
      const { body: list } = await service.api<UserToken[]>("GET", "/api/user-tokens", undefined, person.token);
      const made = list.filter(({ name }) => name.startsWith("cli-adas-macbook")).map(({ name, created, expiration }) => [name, (Date.parse(expiration ?? "") - Date.parse(created)) / 86_400_000]);
      const base = `cli-${host.toLowerCase().replace(/[^a-z0-9._-]/g, "")}`;
      expect(made).toEqual([[base, 90], [`${base}-2`, 90]]);
    });

    it("is told when the person refuses", async () => {
      const cookie = await signIn((await personal()).bearer_token ?? "");
      const { body } = await authorize(cookie, { redirect_uri: back, state: "s", allow: false });
      expect(body["location"]).toBe(`${back}?error=access_denied&state=s`);
    });

    it("sends a token to this machine only, and to nobody who is not signed in", async () => {
      const cookie = await signIn((await personal()).bearer_token ?? "");
      for (const redirect of ["https://localhost/x", "http://evil.example/", "http://localhost.evil.example/", "http://localhost@evil.example/", "http://u:p@localhost/", "//localhost/x", "javascript:alert(1)", "", "ftp://localhost/"]) {
        expect((await authorize(cookie, { redirect_uri: redirect, allow: true })).status, redirect).toBe(400);
      }
      for (const redirect of ["http://127.0.0.1:5/x", "http://[::1]:5/x"]) expect((await authorize(cookie, { redirect_uri: redirect, allow: false })).status, redirect).toBe(200);
      expect((await authorize(undefined, { redirect_uri: back, allow: true })).status).toBe(401);
      expect((await authorize(cookie, { redirect_uri: back, allow: true }, { origin: "https://evil.example" })).status).toBe(403);
      expect((await authorize(cookie, { redirect_uri: back })).status).toBe(422);
    });
  });
}
