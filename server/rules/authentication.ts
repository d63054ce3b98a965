// From a bearer token to its caller. Decides the order of the checks and that a use is
// noted as soon as they pass; must not know what the caller wants.
import { timingSafeEqual } from "node:crypto";
import type { Account } from "../storage/account-table.ts";
import { type Credential, findCredential } from "../storage/credential-lookup.ts";
import { type Clock, currentSecond, dateOf } from "./moment.ts";
import { Refusal } from "./refusal.ts";
import type { Service } from "./service.ts";

export interface Caller {
  readonly tokenId: number;
  readonly scimOnly: boolean;
  readonly account: Account;
}

/** Any failure is an `unauthenticated` refusal; the holder may know why, since only they can ask. */
export async function authenticate(service: Service, authorization: string | undefined): Promise<Caller> {
  const token = extract(authorization);
  if (!service.acceptTokens) throw new Refusal("unauthenticated", "This deployment accepts no Qualytics-issued tokens (API_AUTH_ALLOW_QUALYTICS_ISSUER).");
  const userId = await service.bearer.verify(token, new Date(service.clock()));
  const hash = service.bearer.hash(token);
  const found = await findCredential(service.database, hash);
  if (found === undefined || !timingSafeEqual(found.hash, hash) || found.account.id !== userId) {
    throw new Refusal("unauthenticated", "The token does not exist.");
  }
  refuseUnusable(found, service.clock);
  await service.usage.note(found.tokenId, currentSecond(service.clock));
  return { tokenId: found.tokenId, scimOnly: found.scimOnly, account: found.account };
}

function extract(authorization: string | undefined): string {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw new Refusal("unauthenticated", "Not authenticated: send the header Authorization: Bearer <token>.");
  return token;
}

function refuseUnusable(found: Credential, clock: Clock): void {
  if (!found.active) throw new Refusal("unauthenticated", "The token has been revoked.");
  if (found.expiration !== null && found.expiration <= dateOf(currentSecond(clock))) throw new Refusal("unauthenticated", "The token has expired.");
  if (found.account.deleted !== null) throw new Refusal("unauthenticated", "The token's user is deactivated.");
}

