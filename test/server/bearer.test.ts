// What makes a token genuine before any table is asked. The same attacks over HTTP also
// meet the table, which would hide a check that is missing here.
import { expect, it } from "vitest";
import { BearerTokens } from "../../server/credential/bearer.ts";
import type { Owner } from "../../server/storage/account-table.ts";
import type { Json } from "../support/token-service.ts";
import { claimsOf, forge, headerOf } from "./world.ts";

const secret = "one secret for this test, long enough";
const now = new Date("2026-01-15T10:30:00Z");
const second = now.getTime() / 1_000;
const owner: Owner = { id: 7, userId: "x@service", name: "X ✓", kind: "Service", role: "Admin", email: "x@service", created: now };
const bearer = await BearerTokens.with(secret);
const value = await bearer.issue(owner, { created: second, expiration: second + 60 });
const header = headerOf(value);
const claims = claimsOf(value);

it("lets through what it issued, and one that never expires", async () => {
  expect(await bearer.verify(value, now)).toBe(7);
  expect(await bearer.verify(await bearer.issue(owner, { created: second }), new Date("2099-01-01T00:00:00Z"))).toBe(7);
  expect(await bearer.verify(forge(header, claims, secret), now)).toBe(7);
});

const changed: readonly (readonly [string, Json, Json, string])[] = [
  ["another issuer", header, { ...claims, iss: "elsewhere" }, "not valid"],
  ["no issuer", header, { ...claims, iss: undefined }, "not valid"],
  ["no user", header, { ...claims, user_id: undefined }, "not valid"],
  ["a user as text", header, { ...claims, user_id: "7" }, "not valid"],
  ["another algorithm's name", { ...header, alg: "HS384" }, claims, "not valid"],
  ["no algorithm", { typ: "JWT" }, claims, "not valid"],
  ["its last second over", header, { ...claims, exp: second }, "expired"],
  ["an expiry that is no number", header, { ...claims, exp: "never" }, "not valid"],
  ["a start in the future", header, { ...claims, nbf: second + 60 }, "not valid"],
];

it.each(changed)("refuses %s under the right key", async (_title, head, payload, why) => {
  await expect(bearer.verify(forge(head, payload, secret), now)).rejects.toMatchObject({ kind: "unauthenticated", message: expect.stringContaining(why) });
});

it("refuses another key, and hashes differ by key and by token", async () => {
  const other = await BearerTokens.with(`${secret}!`);
  await expect(other.verify(value, now)).rejects.toMatchObject({ kind: "unauthenticated" });
  expect(bearer.hash(value)).toEqual(bearer.hash(value));
  expect(bearer.hash(value)).not.toEqual(other.hash(value));
  expect(bearer.hash(value)).not.toEqual(bearer.hash(`${value}x`));
  expect(bearer.fingerprint()).not.toBe(other.fingerprint());
});
