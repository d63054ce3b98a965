// Every method against the real token service, and against answers that only other deployments give.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isKind } from "../../core/error.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { apiAddress } from "../../tokenapi/address.ts";
import type { NewToken, Verification } from "../../tokenapi/api.ts";
import { createTokenApi } from "../../tokenapi/client.ts";
import type { HttpTokenApi } from "../../tokenapi/client.ts";
import { answer, html, json, reset } from "../support/breaking-socket.ts";
import type { Act } from "../support/breaking-socket.ts";
import { failing, fine, open, script, user } from "../support/scripted-api.ts";
import { startTokenService } from "../support/token-service.ts";
import type { TokenService } from "../support/token-service.ts";

const day = 86_400_000;

describe("with the token service", () => {
  let service: TokenService;
  let api: HttpTokenApi;
  let names = 0;

  const unique = (): string => `thing-${(names += 1)}`;
  const client = (token: SecretValue): HttpTokenApi => open(service.url, { token, timeout: 10_000 });
  const owner = async (): Promise<number> => (await api.createServiceUser({ name: unique(), role: "Member", teams: [] })).id;
  const issue = async (input: Partial<NewToken> = {}): ReturnType<HttpTokenApi["issue"]> =>
    api.issue({ name: unique(), expiresInDays: 90, scimEndpointsOnly: false, userId: await owner(), ...input });

  beforeAll(async () => {
    service = await startTokenService({ server: { teams: ["Data"] } });
    api = createTokenApi({ url: service.url, token: new SecretValue(service.adminToken), proxy: null });
  });
  afterAll(async () => {
    await api?.close();
    await service?.close();
  });

  it("says who it is", async () => {
    expect(await api.me()).toMatchObject({ role: "Admin", type: "Human", active: true });
    expect(api.clockOffset).toBe(0);
  });

  it("takes a service user through its life", async () => {
    const name = unique();
    const created = await api.createServiceUser({ name, role: "Member", teams: ["Data"] });
    expect(created).toMatchObject({ name, userId: `${name}@service`, role: "Member", type: "Service", active: true });
    expect([...created.teams].sort()).toEqual(["Data", "Public"]);
    expect(await failing(api.createServiceUser({ name, role: "Member", teams: [] }))).toMatchObject({ kind: "conflict", code: "NAME_TAKEN" });

    expect(await api.updateServiceUser(created.id, { role: "Manager" })).toMatchObject({ role: "Manager", teams: created.teams });
    expect(await api.updateServiceUser(created.id, { teams: ["Public"] })).toMatchObject({ role: "Manager", teams: ["Public"] });

    const { token } = await issue({ userId: created.id });
    expect(await failing(api.deactivateServiceUser(created.id))).toMatchObject({ kind: "conflict", code: "USER_HAS_ACTIVE_TOKENS" });
    await api.revoke(token.id);
    await api.deactivateServiceUser(created.id);
    expect((await api.serviceUsers()).find(({ id }) => id === created.id)).toMatchObject({ active: false });
    expect(await api.reactivateServiceUser(created.id)).toMatchObject({ id: created.id, active: true });
    expect(await failing(api.updateServiceUser(999_999, { role: "Member" }))).toMatchObject({ kind: "missing" });
  });

  it("lists all service users, over all pages, and nobody else", async () => {
    const made: number[] = [];
    for (let count = 0; count < 105; count++) made.push(await owner());
    const before = api.requests.serviceUsers;
    const users = await api.serviceUsers();
    expect(api.requests.serviceUsers - before).toBeGreaterThanOrEqual(2);
    expect(new Set(users.map(({ id }) => id)).size).toBe(users.length);
    expect(users.map(({ id }) => id)).toEqual(expect.arrayContaining(made));
    expect(users.map(({ type }) => type)).not.toContain("Human");
  });

  it("takes a service token through its life", async () => {
    const userId = await owner();
    const name = unique();
    const { token, value } = await api.issue({ name, expiresInDays: 90, scimEndpointsOnly: false, userId });
    expect(token).toMatchObject({ name, active: true, lastUsed: null, owner: userId });
    expect(token.expires).toBe(token.created + 90 * day);
    expect(Math.abs(token.created - Date.now())).toBeLessThan(60_000);
    expect(value.reveal().length).toBeGreaterThan(20);
    expect((await api.tokens("service")).filter(({ id }) => id === token.id)).toEqual([token]);

    expect(await failing(api.issue({ name, expiresInDays: 1, scimEndpointsOnly: false, userId }))).toMatchObject({ kind: "conflict", code: "NAME_TAKEN" });
    expect(await failing(api.delete(token.id))).toMatchObject({ kind: "conflict", code: "TOKEN_STILL_ACTIVE" });
    expect(await api.revoke(token.id)).toEqual({ ...token, active: false });
    expect(await api.restore(token.id)).toEqual(token);
    await api.revoke(token.id);
    await api.delete(token.id);
    for (const call of [api.delete(token.id), api.revoke(token.id), api.restore(token.id)]) expect(await failing(call)).toMatchObject({ kind: "missing", code: "NOT_FOUND" });
    expect((await api.tokens("service")).some(({ id }) => id === token.id)).toBe(false);
  });

  it("issues to itself, and lists that apart", async () => {
    const self = await api.me();
    const { token } = await issue({ userId: null, expiresInDays: null });
    expect(token).toMatchObject({ owner: self.id, expires: null });
    expect((await api.tokens("personal")).map(({ id }) => id)).toContain(token.id);
    expect((await api.tokens("service")).map(({ id }) => id)).not.toContain(token.id);
  });

  it.each([
    ["a lifetime over a year", { expiresInDays: 366 }, "invalid", "expires_in_days"],
    ["no name", { name: "" }, "invalid", "name"],
    ["a name beyond all measure", { name: "x".repeat(300) }, "invalid", "name"],
    ["an unknown owner", { userId: 999_999 }, "missing", "issue a token"],
  ])("passes on what is wrong with %s, and not what was sent", async (_what, input, kind, says) => {
    const error = await failing(issue(input));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(says);
    expect(error.message).not.toContain("xxx");
  });

  it("tells whether a value authenticates", async () => {
    const plain = await issue();
    const scim = await issue({ userId: null, scimEndpointsOnly: true });
    expect(await api.verify(plain.value, false)).toEqual({ is: "good" });
    expect(await api.verify(scim.value, true)).toEqual({ is: "good" });
    expect(await api.verify(scim.value, false)).toEqual({ is: "odd", message: "the API answered 403" });
    await api.revoke(plain.token.id);
    await api.revoke(scim.token.id);
    expect(await api.verify(plain.value, false)).toEqual({ is: "refused", message: "the API answered 401" });
    expect(await api.verify(scim.value, true)).toEqual({ is: "refused", message: "the API answered 401" });
    await api.restore(plain.token.id);
    expect(await api.verify(plain.value, false)).toEqual({ is: "good" });
    expect((await api.me()).active).toBe(true);
  });

  it("is denied with a credential that is wrong, revoked, or not an administrator's", async () => {
    expect(await failing(client(new SecretValue("wrong")).me())).toMatchObject({ kind: "denied", code: "CREDENTIAL_REJECTED" });
    const { token, value } = await issue();
    const member = client(value);
    expect(await failing(member.tokens("service"))).toMatchObject({ kind: "denied", code: "PERMISSION_DENIED" });
    expect(await failing(member.issue({ name: unique(), expiresInDays: 1, scimEndpointsOnly: false, userId: await owner() }))).toMatchObject({ kind: "denied", code: "PERMISSION_DENIED" });
    expect(await failing(member.serviceUsers())).toMatchObject({ kind: "denied" });
    await api.revoke(token.id);
    expect(await failing(member.me())).toMatchObject({ kind: "denied", code: "CREDENTIAL_REJECTED" });
  });

  it.each(["", "/", "/api", "/api/"])("finds the API at the url with %j", async (end) => {
    expect(await open(`${service.url}${end}`, { token: new SecretValue(service.adminToken), timeout: 10_000 }).me()).toMatchObject({ active: true });
  });

  it("carries many calls at once over one client", async () => {
    const userId = await owner();
    const issuedAtOnce = await Promise.all(Array.from({ length: 60 }, () => issue({ userId })));
    expect(new Set(issuedAtOnce.map(({ token }) => token.id)).size).toBe(60);
    expect(new Set(issuedAtOnce.map(({ value }) => value.reveal())).size).toBe(60);
  });
});

describe("the list of service users elsewhere", () => {
  const people = (from: number, to: number, change: object = {}): object[] => Array.from({ length: to - from }, (_, index) => ({ ...user, id: from + index, user_type: "Service", ...change }));
  const paths = ["page=1", "page=2", "page=3"];

  it.each<[string, Act[], number, string[]]>([
    ["counts with total", [json(200, { items: people(0, 100), total: 150 }), json(200, { items: people(100, 150), total: 150 })], 150, paths.slice(0, 2)],
    ["counts with total_count", [json(200, { items: people(0, 100), total_count: 100 })], 100, paths.slice(0, 1)],
    ["does not count", [json(200, { items: people(0, 100) }), json(200, { items: people(100, 103) })], 103, paths.slice(0, 2)],
    ["puts fewer on a page than asked", [json(200, { items: people(0, 50), size: 50 }), json(200, { items: people(50, 100), size: 50 }), json(200, { items: [], size: 50 })], 100, paths],
    ["moves while it is read", [json(200, { items: people(0, 100), total: 102 }), json(200, { items: people(99, 102), total: 102 })], 102, paths.slice(0, 2)],
    ["counts more than it shows", [json(200, { items: people(0, 100), total: 500 }), json(200, { items: [], total: 500 })], 100, paths.slice(0, 2)],
    ["ignores the filter", [json(200, { items: [...people(0, 2), ...people(2, 5, { user_type: "Human" })], total: 5 })], 2, paths.slice(0, 1)],
    ["is empty", [json(200, { items: [], total: 0 })], 0, paths.slice(0, 1)],
    ["is the older one: 400", [json(400, { detail: "no" }), json(200, people(0, 7))], 7, ["page=1", "listing?type=Service"]],
    ["is the older one: 404", [answer(404, ""), json(200, people(0, 7))], 7, ["page=1", "listing?type=Service"]],
    ["is the older one: 422", [json(422, { detail: [] }), json(200, people(0, 250))], 250, ["page=1", "listing?type=Service"]],
  ])("%s", async (_what, acts, count, asked) => {
    const { api, socket } = await script(acts);
    expect(await api.serviceUsers()).toHaveLength(count);
    expect(socket.seen.map(({ path }) => asked.find((part) => path.includes(part)))).toEqual(asked);
    expect(socket.seen[0]?.path).toBe("/api/users?type=Service&include_deleted=true&page=1&size=100");
  });

  it("that repeats its first page for ever is given up", async () => {
    const { api, socket } = await script([json(200, { items: people(0, 100), total: 500 })]);
    expect(await failing(api.serviceUsers())).toMatchObject({ kind: "retryable", code: "MALFORMED_ANSWER" });
    expect(socket.seen).toHaveLength(2);
  });

  it("is not looked for elsewhere where it is forbidden, or breaks off later", async () => {
    const forbidden = await script([json(403, { detail: "no" })]);
    expect(await failing(forbidden.api.serviceUsers())).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(forbidden.socket.seen).toHaveLength(1);
    const broken = await script([json(200, { items: people(0, 100), total: 150 }), json(404, {})]);
    expect(await failing(broken.api.serviceUsers())).toMatchObject({ kind: "missing" });
    expect(broken.socket.seen).toHaveLength(2);
  });
});

describe("trying out a value", () => {
  const value = new SecretValue("the-new-value");
  const forbidden = json(403, { detail: "SCIM only" });

  it.each<[string, Act, boolean, Verification]>([
    ["accepted", fine, false, { is: "good" }],
    ["accepted, though for SCIM", fine, true, { is: "good" }],
    ["for SCIM, and known", forbidden, true, { is: "good" }],
    ["known, but not allowed", forbidden, false, { is: "odd", message: "the API answered 403" }],
    ["unknown", json(401, {}), false, { is: "refused", message: "the API answered 401" }],
    ["unknown, for SCIM", json(401, {}), true, { is: "refused", message: "the API answered 401" }],
  ])("that is %s", async (_what, act, scim, said) => {
    const { api, socket } = await script([act]);
    expect(await api.verify(value, scim)).toEqual(said);
    expect(socket.seen.map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer the-new-value"]);
    expect(api.requests).toMatchObject({ verify: 1, me: 0 });
  });

  it.each<[string, Act, boolean, string]>([
    ["a firewall", html(403), true, "FIREWALL"],
    ["a firewall", html(403), false, "FIREWALL"],
    ["a page that welcomes everybody", html(200), false, "MALFORMED_ANSWER"],
    ["a gateway", html(404), true, "NOT_THE_API"],
    ["a failure", json(500, {}), false, "API_FAILED"],
    ["too many requests", json(429, {}), false, "RATE_LIMITED"],
    ["a reset", reset, true, "ANSWER_LOST"],
  ])("says nothing about it where the answer is %s", async (_what, act, scim, code) => {
    const { api } = await script([act]);
    const error = await failing(api.verify(value, scim));
    expect(error.code).toBe(code);
    expect(isKind(error, "retryable")).toBe(code !== "FIREWALL");
  });

  it("that no header can hold is not sent", async () => {
    const { api, socket } = await script([fine]);
    expect(await api.verify(new SecretValue("two\nlines"), false)).toEqual({ is: "odd", message: "no HTTP header can hold the value" });
    expect(socket.seen).toHaveLength(0);
  });
});

describe("the url", () => {
  it.each([
    ["your.qualytics.io", "https://your.qualytics.io", "/api/"],
    ["your.qualytics.io/api", "https://your.qualytics.io", "/api/"],
    ["  https://your.qualytics.io/api/ \n", "https://your.qualytics.io", "/api/"],
    ["http://token-service.qualytics:8080", "http://token-service.qualytics:8080", "/api/"],
    ["https://Your.Qualytics.IO:443//", "https://your.qualytics.io", "/api/"],
    ["https://gateway.example/quality/api/", "https://gateway.example", "/quality/api/"],
    ["https://gateway.example/my-api", "https://gateway.example", "/my-api/api/"],
    ["localhost:8080", "https://localhost:8080", "/api/"],
    ["http://[::1]:8080/", "http://[::1]:8080", "/api/"],
  ])("%j is folded like the vendor's own command line does", (written, origin, base) => {
    expect(apiAddress(written)).toMatchObject({ origin, base });
  });

  it.each([
    ["", "is empty"],
    ["https://", "cannot be read"],
    ["ftp://your.qualytics.io", "neither https nor http"],
    ["https://me:secret@your.qualytics.io", "user name or a password"],
    ["https://your.qualytics.io/?token=secret", "a ? or a # part"],
    ["https://your qualytics io/secret", "cannot be read"],
  ])("%j is refused, and not repeated", (written, says) => {
    const expected = { kind: "invalid", code: "URL_INVALID", message: expect.stringContaining(says) };
    expect(() => apiAddress(written)).toThrow(expect.objectContaining(expected));
    expect(() => apiAddress(written)).not.toThrow(/secret/);
  });
});
