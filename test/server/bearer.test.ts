// What makes a token genuine before any table is asked. The same attacks over HTTP also
// meet the table, which would hide a check that is missing here.
import crypto, { createHmac } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { jwtVerify } from "jose";
import { expect, it, vi } from "vitest";
import { BearerTokens } from "../../server/credential/bearer.ts";
import type { Owner } from "../../server/storage/account-table.ts";
import type { Json } from "../support/token-service.ts";
import { claimsOf, forge, headerOf } from "./world.ts";

const secret = "one secret for this test, long enough";
const now = new Date("2026-01-15T10:30:00Z");
const second = now.getTime() / 1_000;
const owner: Owner = { id: 7, userId: "x@service", name: "X ✓", kind: "Service", role: "Admin", email: "x@service", created: now };
const bearer = new BearerTokens([secret]);
const { value, hash, signingKey } = bearer.issue(owner, { created: second, expiration: second + 60 });
const header = headerOf(value);
const claims = claimsOf(value);

it("lets through what it issued, and one that never expires", async () => {
  expect(bearer.verify(value, now)).toEqual({ userId: 7, hash, hashText: hash.toString("hex") });
  expect(bearer.verify(bearer.issue(owner, { created: second }).value, new Date("2099-01-01T00:00:00Z"))?.userId).toBe(7);
  expect(bearer.verify(forge(header, claims, secret), now)).toEqual({ userId: 7, hash, hashText: hash.toString("hex") });
});

/** Signed with the right key, and worth nothing all the same: a refusal. */
const worthless: readonly (readonly [string, Json, string])[] = [
  ["another issuer", { ...claims, iss: "elsewhere" }, "not valid"],
  ["no issuer", { ...claims, iss: undefined }, "not valid"],
  ["no user", { ...claims, user_id: undefined }, "not valid"],
  ["a user as text", { ...claims, user_id: "7" }, "not valid"],
  ["its last second over", { ...claims, exp: second }, "expired"],
  ["an expiry that is no number", { ...claims, exp: "never" }, "not valid"],
  ["a start in the future", { ...claims, nbf: second + 60 }, "not valid"],
];

it.each(worthless)("refuses %s under the right key", (_title, payload, why) => {
  expect(() => bearer.verify(forge(header, payload, secret), now)).toThrow(expect.objectContaining({ kind: "unauthenticated", message: expect.stringContaining(why) }));
});

const signed = (head: string, body: string, key = secret): string => {
  const text = [head, body].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
};
const text = JSON.stringify(claims);

it.each([
  ["a claim twice", text.replace("{", '{"user_id":1,')],
  ["the same claim twice", text.replace("{", '{"user_id":7,')],
  ["claims with spaces", text.replace(":", ": ")],
  ["claims that are a list", "[]"],
  ["claims that are null", "null"],
  ["claims that are no JSON", "{"],
  ["claims that are no UTF-8", Buffer.from([0xff]).toString("latin1")],
])("refuses %s, also under the right key", (_title, body) => {
  expect(() => bearer.verify(signed(JSON.stringify(header), body), now)).toThrow(expect.objectContaining({ kind: "unauthenticated" }));
});

const [head = "", body = "", signature = ""] = value.split(".");

it.each([
  ["another algorithm's name", forge({ ...header, alg: "HS384" }, claims, secret)],
  ["no algorithm", forge({ typ: "JWT" }, claims, secret)],
  ["alg none", `${Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")}.${body}.`],
  ["a header of another order", signed('{"typ":"JWT","alg":"HS256"}', text)],
  ["an algorithm twice", signed('{"alg":"none","alg":"HS256","typ":"JWT"}', text)],
  ["another key", signed(JSON.stringify(header), text, `${secret}!`)],
  ["a signature cut short", value.slice(0, -1)],
  ["a signature with padding", `${value}=`],
  ["no signature", `${head}.${body}.`],
  ["two parts", `${head}.${body}`],
  ["four parts", `${value}.${signature}`],
  ["nothing", ""],
  ["a megabyte", `${head}.${"A".repeat(1_000_000)}.${signature}`],
])("knows no key for %s", (_title, token) => {
  expect(bearer.verify(token, now)).toBeUndefined();
});

it("is a JWT like any other for a library", async () => {
  const { payload, protectedHeader } = await jwtVerify(value, Buffer.from(secret), { issuer: "qualytics", algorithms: ["HS256"], currentDate: now });
  expect(payload).toEqual(claims);
  expect(protectedHeader).toEqual({ alg: "HS256", typ: "JWT" });
});

it("takes older keys behind the one that signs, and tells hashes apart by key and by token", () => {
  const rotated = new BearerTokens(["a newer secret for this test, long enough", secret]);
  expect(rotated.verify(value, now)).toEqual({ userId: 7, hash, hashText: hash.toString("hex") });
  const fresh = rotated.issue(owner, { created: second });
  expect(bearer.verify(fresh.value, now)).toBeUndefined();
  expect(rotated.verify(fresh.value, now)?.hash).toEqual(fresh.hash);
  expect(fresh.hash).not.toEqual(hash);
  expect(rotated.fingerprints()).toEqual([fresh.signingKey, signingKey]);
  rotated.use([secret]);
  expect(rotated.verify(fresh.value, now)).toBeUndefined();
  expect(rotated.fingerprint()).toBe(signingKey);
});

it("compares a signature as a whole, in constant time, wherever the first difference lies", () => {
  const compared = vi.spyOn(crypto, "timingSafeEqual");
  syncBuiltinESMExports();
  try {
    const [head, body, signature = ""] = value.split(".");
    const turned = (at: number): string => `${signature.slice(0, at)}${signature[at] === "A" ? "B" : "A"}${signature.slice(at + 1)}`;
    // Not what was seen before: that is known by its digest.
    const others = new BearerTokens([secret]);
    for (const at of [0, 20, 40]) expect(others.verify(`${head}.${body}.${turned(at)}`, now), String(at)).toBeUndefined();
    expect(others.verify(value, now)?.userId).toBe(7);
    expect(compared.mock.calls.map((pair) => pair.map(String))).toEqual([turned(0), turned(20), turned(40), signature].map((given) => [given, signature]));
  } finally {
    compared.mockRestore();
    syncBuiltinESMExports();
  }
});
