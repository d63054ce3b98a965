// Signing in with a browser. Decides who may, for how long, and what ends a session; must
// not know cookies. A session is only as good as the token it was opened with: revoked,
// expired or deleted, it ends at once. What a session does is no use of that token.
import { createHash, randomBytes } from "node:crypto";
import { type Account, findAccount, setLastLogin } from "../storage/account-table.ts";
import { type Session, deleteSession, findSession, insertSession } from "../storage/session-table.ts";
import type { Origin } from "./audit-entry.ts";
import { actorOf, audited } from "./audited.ts";
import { type Caller, authenticate } from "./authentication.ts";
import { currentSecond, dateOf } from "./moment.ts";
import { Refusal } from "./refusal.ts";
import type { Service } from "./service.ts";

/** A working day; the cookie lives as long. */
export const sessionSeconds = 12 * 3_600;

export interface OpenedSession {
  /** Known to the browser only. */
  readonly value: string;
  readonly account: Account;
  readonly tokenId: number | null;
  readonly expires: Date;
}

export async function signIn(service: Service, token: string, origin: Origin): Promise<OpenedSession> {
  const value = token.trim();
  if (!/^\S+$/.test(value)) throw new Refusal("unauthenticated", "The token is not valid.");
  const { account, scimOnly, tokenId } = await authenticate(service, `Bearer ${value}`);
  if (account.kind !== "Human") throw new Refusal("denied", "A service user cannot sign in here: use a personal token, or the administrator's.");
  if (scimOnly) throw new Refusal("denied", "This token is limited to SCIM and cannot sign in.");
  return open(service, { account, tokenId, scimOnly, origin });
}

/** Without any secret: for development only, and the caller has to have made sure of that. */
export async function signInAs(service: Service, accountId: number, origin: Origin): Promise<OpenedSession> {
  const account = await findAccount(service.database, accountId);
  if (account === undefined || account.kind !== "Human" || account.internal) throw new Refusal("missing", "User not found.");
  if (account.deleted !== null) throw new Refusal("refused", "The user is deactivated: restore it first.");
  return open(service, { account, tokenId: null, scimOnly: false, origin });
}

async function open(service: Service, caller: Caller): Promise<OpenedSession> {
  const { account, tokenId } = caller;
  const second = currentSecond(service.clock);
  const value = randomBytes(32).toString("base64url");
  const [created, expires] = [dateOf(second), dateOf(second + sessionSeconds)];
  await audited(service, actorOf(caller), async (inside, record) => {
    await insertSession(inside, { hash: hashOf(value), accountId: account.id, tokenId, created, expires });
    await setLastLogin(inside, account.id, created);
    record({ action: "session.opened", user: account, ...(tokenId === null ? { detail: { development: true } } : {}) });
  });
  return { value, account, tokenId, expires };
}

/** Who a session speaks for; an `unauthenticated` refusal when it has ended. */
export async function callerOfSession(service: Service, value: string): Promise<Caller> {
  const session = await usableSession(service, value);
  if (session === undefined) throw new Refusal("unauthenticated", "The session has ended: sign in again.");
  return { tokenId: session.token?.id ?? null, scimOnly: false, account: session.account };
}

export async function usableSession(service: Service, value: string): Promise<Session | undefined> {
  const session = await findSession(service.database, hashOf(value));
  return session !== undefined && isUsable(service, session) ? session : undefined;
}

function isUsable(service: Service, { expires, token, account }: Session): boolean {
  const now = dateOf(currentSecond(service.clock));
  if (expires <= now || account.deleted !== null) return false;
  if (token === null) return service.development === true;
  return service.acceptTokens && token.active && (token.expiration === null || token.expiration > now);
}

/** Also of one that has ended otherwise: then there is nothing to tell. */
export async function signOut(service: Service, value: string, origin: Origin): Promise<void> {
  const session = await usableSession(service, value);
  if (session === undefined) return;
  const { account, token } = session;
  await audited(service, actorOf({ account, tokenId: token?.id ?? null, scimOnly: false, origin }), async (inside, record) => {
    await deleteSession(inside, hashOf(value));
    record({ action: "session.closed", user: account });
  });
}

/** Not keyed: the value is 256 random bits, and a new signing key should end no session. */
function hashOf(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}
