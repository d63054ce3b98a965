// Issuing a token. Decides for whom, for how long and under which name, and that the
// value is given out once; must not know how it is asked for.
import { type Account, findAccount } from "../storage/account-table.ts";
import type { Queryable } from "../storage/database.ts";
import { type Token, insertToken } from "../storage/token-table.ts";
import { may } from "./access.ts";
import type { Actor } from "./audit-entry.ts";
import { actorOf, audited } from "./audited.ts";
import type { Caller } from "./authentication.ts";
import { currentSecond, dateOf, daysAfter, stampOrNull } from "./moment.ts";
import { Refusal } from "./refusal.ts";
import type { Service } from "./service.ts";

export interface TokenRequest {
  readonly name: string;
  readonly expires_in_days?: number | null | undefined;
  readonly scim_endpoints_only?: boolean | undefined;
  /** The service user it is for; without it, the caller. */
  readonly user_id?: number | null | undefined;
}

export interface IssuedToken {
  readonly token: Token;
  readonly value: string;
}

export async function issueToken(service: Service, caller: Caller, request: TokenRequest): Promise<IssuedToken> {
  const { role } = caller.account;
  if (request.scim_endpoints_only === true && !may(role, "issue a token for SCIM")) throw new Refusal("denied", "Only an Admin may issue tokens for SCIM.");
  if (request.user_id === undefined || request.user_id === null) {
    if (!may(role, "issue a token for oneself")) throw new Refusal("denied", "This role may issue no token.");
    return issueFor(service, actorOf(caller), caller.account, request);
  }
  if (!may(role, "issue a token for a service user")) throw new Refusal("denied", "Only an Admin may issue tokens to a service user.");
  return issueFor(service, actorOf(caller), usableServiceUser(await findAccount(service.database, request.user_id)), request);
}

export async function issueFor(service: Service, actor: Actor, owner: Account, request: TokenRequest): Promise<IssuedToken> {
  const second = currentSecond(service.clock);
  const days = request.expires_in_days ?? undefined;
  const scimOnly = request.scim_endpoints_only ?? false;
  const expiration = days === undefined ? undefined : daysAfter(second, days);
  await service.keys?.refresh();
  const { value, hash, signingKey } = service.bearer.issue(owner, { created: second, expiration });
  const row = { name: request.name, created: dateOf(second), expiration: expiration === undefined ? null : dateOf(expiration) };
  const id = await audited(service, actor, async (inside, record) => {
    const inserted = await insertToken(inside, { ...row, ownerId: owner.id, scimOnly, hash, signingKey });
    if (inserted === undefined) throw await whyNotInserted(inside, owner);
    record({
      action: "token.issued",
      token: { id: inserted, name: row.name },
      user: owner,
      detail: { expiration: stampOrNull(row.expiration), ...(scimOnly ? { scim_endpoints_only: true } : {}) },
    });
    return inserted;
  });
  return { token: { ...row, id, lastUsed: null, active: true, owner }, value };
}

function usableServiceUser(owner: Account | undefined): Account {
  if (owner === undefined) throw new Refusal("missing", "User not found.");
  if (owner.internal) throw new Refusal("denied", "No token can be issued to an internal system user.");
  if (owner.kind !== "Service") throw new Refusal("refused", "Tokens can be issued to service users only; a person issues their own.");
  return owner;
}

/** The insertion looks at the owner as it is then. */
async function whyNotInserted(inside: Queryable, owner: Account): Promise<Refusal> {
  const current = await findAccount(inside, owner.id);
  if (current === undefined || current.deleted !== null) return new Refusal("refused", "The user is deactivated: restore it first.");
  return new Refusal("conflict", "The user has a token of this name already.");
}
