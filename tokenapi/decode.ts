// Answers of the API, checked and turned into our types. Strict about what decisions rest on, tolerant where the
// vendor's own documents differ from each other (teams as names or objects, total or total_count, created or
// created_at, fields left out). A complaint names the place of the wrong field and never what stands there.
import type { ValidateFunction } from "ajv";
import { LifecycleError } from "../core/error.ts";
import type { ErrorKind } from "../core/error.ts";
import { parseInstant } from "../core/instant.ts";
import type { Remote } from "../core/observed.ts";
import { SecretValue } from "../core/secret-value.ts";
import { checkOf } from "./answer-checks.ts";
import type { RawToken, RawUser } from "./answer-shapes.ts";
import type { IssuedToken, User } from "./api.ts";

/** What a malformed answer means to the caller: a POST's leaves open what was made. */
export type Fault = Extract<ErrorKind, "retryable" | "uncertain">;

export interface UserPage {
  readonly users: readonly User[];
  /** How many there are on all pages, where the API says so. */
  readonly total: number | null;
  /** How many it puts on a page. */
  readonly size: number | null;
}

export function decodeToken(body: string, fault: Fault = "retryable"): Remote {
  return remote(check(parse(body, fault), checkOf("token"), fault), "", fault);
}

/** The only answer that holds a value. */
export function decodeIssued(body: string): IssuedToken {
  const raw = check(parse(body, "uncertain"), checkOf("issued"), "uncertain");
  return { token: remote(raw, "", "uncertain"), value: new SecretValue(raw.bearer_token) };
}

export function decodeTokens(body: string): readonly Remote[] {
  return check(parse(body, "retryable"), checkOf("tokens"), "retryable").map((raw, index) => remote(raw, `/${index}`, "retryable"));
}

export function decodeUser(body: string, fault: Fault = "retryable"): User {
  return user(check(parse(body, fault), checkOf("user"), fault));
}

/** A page, or the bare array of the older listing, which is all of it. */
export function decodeUsers(body: string): UserPage {
  const value = parse(body, "retryable");
  if (Array.isArray(value)) return { users: check(value, checkOf("users"), "retryable").map(user), total: value.length, size: null };
  const page = check(value, checkOf("page"), "retryable");
  return { users: page.items.map(user), total: page.total ?? page.total_count ?? null, size: page.size ?? null };
}

function remote(raw: RawToken, place: string, fault: Fault): Remote {
  const { created = raw.created_at, expiration = null, last_used: lastUsed = null } = raw;
  if (created === undefined) throw malformed(fault, `${place} must have required property 'created'`);
  return {
    id: raw.id,
    name: raw.name,
    created: instant(created, `${place}/created`, fault),
    active: raw.active,
    expires: expiration === null ? null : instant(expiration, `${place}/expiration`, fault),
    lastUsed: lastUsed === null ? null : instant(lastUsed, `${place}/last_used`, fault),
    owner: raw.user.id,
  };
}

function user(raw: RawUser): User {
  return {
    id: raw.id,
    userId: raw.user_id,
    name: raw.name ?? raw.user_name ?? raw.user_id,
    role: raw.role ?? null,
    type: raw.user_type === "Service" || raw.user_type === "Human" ? raw.user_type : null,
    teams: (raw.teams ?? []).map((team) => (typeof team === "string" ? team : team.name)),
    active: (raw.deleted_at ?? null) === null,
  };
}

function instant(value: string, place: string, fault: Fault): number {
  const milliseconds = parseInstant(value);
  if (milliseconds === null) throw malformed(fault, `${place} must be a time like 2026-01-15T10:30:00Z`);
  return milliseconds;
}

function check<T>(value: unknown, validate: ValidateFunction<T>, fault: Fault): T {
  if (validate(value)) return value;
  const error = validate.errors?.[0];
  throw malformed(fault, `${error?.instancePath ?? ""} ${error?.message ?? "must be of another shape"}`);
}

// The parser's own error is not passed on: it quotes what it could not read.
function parse(body: string, fault: Fault): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const what = /^\s*</.test(body) ? "it is a web page: check that the url is the API's" : body.trim() === "" ? "it is empty" : "it is no JSON";
    throw new LifecycleError(fault, "MALFORMED_ANSWER", `The answer of the token API cannot be understood: ${what}.`);
  }
}

function malformed(fault: Fault, what: string): LifecycleError {
  return new LifecycleError(fault, "MALFORMED_ANSWER", `The answer of the token API cannot be understood: ${what.startsWith("/") ? what : `its top${what}`}.`);
}
