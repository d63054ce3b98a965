// The people and the movable clock of the contract tests: a token service on some
// storage, with an administrator, one service user of each role, and a second person.
// Persons come from a login that the API has no call for, so that one is put into the
// database directly; everything else goes through the API.
import { createHmac } from "node:crypto";
import { expect } from "vitest";
import { BearerTokens } from "../../server/credential/bearer.ts";
import { serviceActor } from "../../server/rules/audited.ts";
import { currentSecond, dateOf } from "../../server/rules/moment.ts";
import { issueFor } from "../../server/rules/token-issue.ts";
import type { Role } from "../../server/rules/role.ts";
import { findAccount, insertAccount } from "../../server/storage/account-table.ts";
import { lookUpCredentials } from "../../server/storage/credential-lookup.ts";
import type { Database } from "../../server/storage/database.ts";
import { migrate } from "../../server/storage/migration.ts";
import { Usage } from "../../server/storage/usage.ts";
import { type Answer, type Json, type TokenService, startTokenService } from "../support/token-service.ts";

export const signingSecret = "a signing secret for tests, long enough";

export class MovableClock {
  now = Date.parse("2026-01-15T10:30:00.700Z");

  advanceDays(days: number): void {
    this.now += days * 86_400_000;
  }

  advanceSeconds(seconds: number): void {
    this.now += seconds * 1_000;
  }
}

export interface UserToken extends Json {
  id: number;
  created: string;
  name: string;
  active: boolean;
  expiration: string | null;
  last_used: string | null;
  bearer_token?: string;
  user: Json & { id: number };
}

export interface World {
  readonly service: TokenService;
  readonly clock: MovableClock;
  /** A token of a service user of this role; the administrator's own for Admin. */
  readonly tokens: Readonly<Record<Role, string>>;
  readonly scimToken: string;
  /** Somebody with a personal token, role Admin. */
  readonly person: { readonly id: number; readonly token: string; readonly tokenId: number };
  close(): Promise<void>;
}

/** Puts a second person with a token into a database that no service has open alone. */
export async function addPerson(database: Database, clock: MovableClock): Promise<World["person"]> {
  await migrate(database);
  const usage = new Usage(database, () => undefined);
  const service = { database, usage, credentials: lookUpCredentials(database), bearer: new BearerTokens([signingSecret]), clock: () => clock.now, acceptTokens: true };
  const created = dateOf(currentSecond(service.clock));
  const id = await insertAccount(database, { userId: "ada", name: "Ada", kind: "Human", role: "Admin", email: "ada@example.com", created, createdBy: null });
  const account = id === undefined ? undefined : await findAccount(database, id);
  if (account === undefined) throw new Error("The person is there already.");
  const { token, value } = await issueFor(service, serviceActor, account, { name: "laptop" });
  return { id: account.id, token: value, tokenId: token.id };
}

/** `open` opens the data the way a second user of it would, before the service does. */
export async function buildWorld(data: string, open: () => Promise<Database>): Promise<World> {
  const clock = new MovableClock();
  const database = await open();
  const person = await addPerson(database, clock);
  await database.close();
  const service = await startTokenService({ data, server: { clock: () => clock.now, signingSecret, teams: ["Data", "Ops"] } });
  const tokens: Record<Role, string> = { Admin: service.adminToken, Manager: "", Editor: "", Member: "" };
  for (const role of ["Manager", "Editor", "Member"] as const) {
    const { id } = await service.createServiceUser(`the ${role}`, role);
    tokens[role] = (await issue(service, { name: "work", user_id: id })).bearer_token ?? "";
  }
  const scimToken = (await issue(service, { name: "scim", scim_endpoints_only: true })).bearer_token ?? "";
  return { service, clock, tokens, scimToken, person, close: () => service.close() };
}

export async function issue(service: TokenService, request: Json, token?: string): Promise<UserToken> {
  const { status, body } = await service.api<UserToken>("POST", "/api/user-tokens", request, token);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

let count = 0;

/** A name no other test uses. */
export function fresh(base: string): string {
  count += 1;
  return `${base} ${count}`;
}

export interface Problem {
  type: string;
  loc: (string | number)[];
  msg: string;
  input: unknown;
  ctx?: Json;
}

/** The `detail` of an answer with the status it must have. */
export function detailOf(answer: Answer<unknown>, status: number): unknown {
  expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  return (answer.body as { detail: unknown }).detail;
}

export function problemsOf(answer: Answer<unknown>): Problem[] {
  return detailOf(answer, 422) as Problem[];
}

/** A JWT of any content under any key, for the attacks. */
export function forge(header: Json, payload: Json, key: string | Buffer): string {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

export function claimsOf(token: string): Json {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Json;
}

export function headerOf(token: string): Json {
  return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as Json;
}
