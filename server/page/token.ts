// A token as the list gives it. Decides its state and when it expires soon; must not know
// how either looks.
import { ask } from "./request.ts";
import type { Role } from "./session.ts";

export interface Token {
  readonly id: number;
  readonly created: string;
  readonly name: string;
  readonly active: boolean;
  readonly expiration: string | null;
  readonly last_used: string | null;
  readonly user: { readonly id: number; readonly name: string; readonly user_id: string; readonly role: Role };
}

export type TokenKind = "user" | "service";
export type TokenState = "Active" | "Revoked" | "Expired";

export interface NewToken {
  readonly name: string;
  readonly expires_in_days: number | null;
  readonly scim_endpoints_only: boolean;
  readonly user_id?: number;
}

/** As the guide has them; the API takes any number of days up to 365. */
export const lifetimes: readonly { readonly days: number | null; readonly label: string }[] = [
  { days: 30, label: "30 days" },
  { days: 60, label: "60 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "1 year" },
  { days: null, label: "Never" },
];

const day = 86_400_000;
const soonDays = 30;

export function stateOf({ active, expiration }: Token, now: number): TokenState {
  if (!active) return "Revoked";
  return isPast(expiration, now) ? "Expired" : "Active";
}

export function isPast(expiration: string | null, now: number): boolean {
  return expiration !== null && Date.parse(expiration) <= now;
}

/** In the last third of its life, and at most a month before the end: a 30-day token is not born expiring. */
export function expiresSoon(token: Token, now: number): boolean {
  if (token.expiration === null || stateOf(token, now) !== "Active") return false;
  const end = Date.parse(token.expiration);
  return end - now <= Math.min(soonDays * day, (end - Date.parse(token.created)) / 3);
}

/** The part of its life that is left, from 1 to 0; null for one that never expires. */
export function lifeLeft({ created, expiration }: Token, now: number): number | null {
  if (expiration === null) return null;
  const [start, end] = [Date.parse(created), Date.parse(expiration)];
  return Math.min(1, Math.max(0, (end - now) / (end - start)));
}

export const listTokens = (kind: TokenKind): Promise<Token[]> => ask("GET", kind === "service" ? "/api/user-tokens/service" : "/api/user-tokens");
export const generateToken = (token: NewToken): Promise<Token & { readonly bearer_token: string }> => ask("POST", "/api/user-tokens", token);
export const revokeToken = (id: number): Promise<Token> => ask("PUT", `/api/user-tokens/${id}`, { revoke: true });
export const restoreToken = (id: number): Promise<Token> => ask("PUT", `/api/user-tokens/${id}`, { revoke: false });
export const deleteToken = (id: number): Promise<void> => ask("DELETE", `/api/user-tokens/${id}`);
