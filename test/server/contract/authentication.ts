// Tokens that must not let anybody in, and how that is told.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type World, claimsOf, detailOf, forge, fresh, headerOf, issue, signingSecret } from "../world.ts";

export function authenticationContract(world: () => World): void {
  const statusWith = async (authorization: string | undefined): Promise<number> => {
    const response = await fetch(`${world().service.url}/api/users/me`, { headers: authorization === undefined ? {} : { authorization } });
    if (response.status === 401) {
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.json()).toEqual({ detail: expect.any(String) });
    }
    return response.status;
  };

  describe("authentication", () => {
    it("refuses what is no bearer token", async () => {
      const { adminToken } = world().service;
      const basic = Buffer.from("a:b").toString("base64");
      for (const header of [undefined, "", "Bearer", "Bearer ", adminToken, `Basic ${basic}`, `Token ${adminToken}`, `Bearer ${adminToken} extra`, `Bearer ${adminToken},`]) {
        expect(await statusWith(header), String(header)).toBe(401);
      }
      expect(await statusWith(`bearer ${adminToken}`)).toBe(200);
      expect(await statusWith(`Bearer   ${adminToken}`)).toBe(200);
    });

    it("refuses what was not signed by this service, or is not in its table", async () => {
      const { adminToken } = world().service;
      const [head = "", body = "", signature = ""] = adminToken.split(".");
      const header = headerOf(adminToken);
      const claims = claimsOf(adminToken);
      const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString("base64url");
      const now = Math.floor(world().clock.now / 1_000);
      const attacks: Record<string, string> = {
        "alg none": `${encode({ alg: "none", typ: "JWT" })}.${body}.`,
        "alg none with the old signature": `${encode({ alg: "none", typ: "JWT" })}.${body}.${signature}`,
        "alg None": `${encode({ alg: "None" })}.${body}.`,
        "another algorithm": forge({ ...header, alg: "HS512" }, claims, signingSecret),
        "wrong key": forge(header, claims, "another secret that is long enough, too"),
        "empty key": forge(header, claims, ""),
        "key in the header": forge({ ...header, jwk: { kty: "oct", k: "AA" }, kid: "../../dev/null" }, claims, ""),
        "wrong issuer": forge(header, { ...claims, iss: "elsewhere" }, signingSecret),
        "no issuer": forge(header, { ...claims, iss: undefined }, signingSecret),
        "another user": forge(header, { ...claims, user_id: Number(claims["user_id"]) + 1 }, signingSecret),
        "no user": forge(header, { ...claims, user_id: undefined }, signingSecret),
        "user as text": forge(header, { ...claims, user_id: String(claims["user_id"]) }, signingSecret),
        "right key, never issued": forge(header, { ...claims, jti: randomUUID() }, signingSecret),
        "right key, expired": forge(header, { ...claims, exp: now - 1 }, signingSecret),
        "claims exchanged": `${head}.${encode({ ...claims, user_id: 1 })}.${signature}`,
        "signature cut": adminToken.slice(0, -1),
        "signature missing": `${head}.${body}.`,
        "two parts": `${head}.${body}`,
        "four parts": `${adminToken}.x`,
        "garbage": "x.y.z",
        "critical extension": forge({ ...header, crit: ["exp"] }, claims, signingSecret),
      };
      const seen = await Promise.all(Object.entries(attacks).map(async ([name, token]) => [name, await statusWith(`Bearer ${token}`)]));
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(Object.keys(attacks).map((name) => [name, 401])));
    });

    it("refuses the same token written another way", async () => {
      // The last character of an encoded signature carries bits that decode to nothing: a second spelling of one value.
      const { adminToken } = world().service;
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const last = alphabet.indexOf(adminToken.at(-1) ?? "");
      const twin = adminToken.slice(0, -1) + alphabet[last ^ 1];
      expect(Buffer.from(twin.split(".")[2] ?? "", "base64url")).toEqual(Buffer.from(adminToken.split(".")[2] ?? "", "base64url"));
      expect(await statusWith(`Bearer ${twin}`)).toBe(401);
    });

    it("tells the holder why: revoked, expired, deleted", async () => {
      const { service, clock } = world();
      const user = await service.createServiceUser(fresh("why"));
      const [revoked, expired, deleted] = [
        await issue(service, { name: "r", user_id: user.id }),
        await issue(service, { name: "e", user_id: user.id, expires_in_days: 1 }),
        await issue(service, { name: "d", user_id: user.id }),
      ];
      await service.api("PUT", `/api/user-tokens/${revoked.id}`, {});
      await service.api("PUT", `/api/user-tokens/${deleted.id}`, {});
      await service.api("DELETE", `/api/user-tokens/${deleted.id}`);
      clock.advanceDays(1);
      const why = async (token: string | undefined): Promise<unknown> => detailOf(await service.api("GET", "/api/users/me", undefined, token), 401);
      expect([await why(revoked.bearer_token), await why(expired.bearer_token), await why(deleted.bearer_token)]).toEqual([
        "The token has been revoked.", "The token has expired.", "The token does not exist.",
      ]);
    });

    it("gives every token another value, also within one second", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("values"));
      const issued = await Promise.all(Array.from({ length: 20 }, (_, index) => issue(service, { name: `v${index}`, user_id: user.id })));
      expect(new Set(issued.map(({ bearer_token }) => bearer_token)).size).toBe(20);
    });
  });
}
