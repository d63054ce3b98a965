// Revoking, restoring and deleting. Decides whose token may be touched and in which
// state; must not know how it is asked for.
import { type LockedToken, type Token, deleteToken, lockToken, setActive } from "../storage/token-table.ts";
import type { Queryable } from "../storage/database.ts";
import { type Deed, may } from "./access.ts";
import { actorOf, audited } from "./audited.ts";
import type { Caller } from "./authentication.ts";
import { currentSecond, dateOf } from "./moment.ts";
import { Refusal } from "./refusal.ts";
import type { Service } from "./service.ts";

export async function changeToken(service: Service, caller: Caller, id: number, revoke: boolean): Promise<Token> {
  // The answer states the last use.
  await service.usage.settle();
  return audited(service, actorOf(caller), async (inside, record) => {
    const token = await ownOrService(inside, caller, id);
    if (token.active !== revoke) return token;
    if (!revoke) refuseRestore(token, dateOf(currentSecond(service.clock)));
    await setActive(inside, id, !revoke);
    record({ action: revoke ? "token.revoked" : "token.restored", token, user: token.owner });
    return { ...token, active: !revoke };
  });
}

export async function removeToken(service: Service, caller: Caller, id: number): Promise<void> {
  await audited(service, actorOf(caller), async (inside, record) => {
    const token = await ownOrService(inside, caller, id);
    if (token.active && !isExpired(token, dateOf(currentSecond(service.clock)))) {
      throw new Refusal("refused", "An active token cannot be deleted: revoke it first.");
    }
    await deleteToken(inside, id);
    record({ action: "token.deleted", token, user: token.owner });
  });
}

/** What is not the caller's to see does not exist for them: another person's token, or a service token without Admin. */
async function ownOrService(inside: Queryable, caller: Caller, id: number): Promise<LockedToken> {
  const token = await lockToken(inside, id);
  if (token === undefined || !may(caller.account.role, changeOf(token, caller))) throw new Refusal("missing", "Token not found.");
  return token;
}

function changeOf({ owner }: LockedToken, { account }: Caller): Deed {
  if (owner.id === account.id) return "change one's own token";
  return owner.kind === "Service" ? "change a service user's token" : "change another person's token";
}

function refuseRestore(token: LockedToken, now: Date): void {
  if (isExpired(token, now)) throw new Refusal("refused", "The token has expired and cannot be restored: issue a new one.");
  // Else a deactivated user would have an active token, which deactivating rules out.
  if (token.owner.deleted !== null) throw new Refusal("refused", "The token's user is deactivated: restore the user first.");
}

function isExpired(token: Token, now: Date): boolean {
  return token.expiration !== null && token.expiration <= now;
}
