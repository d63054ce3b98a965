// From a bearer token to its caller. Decides the order of the checks and that a use is
// noted as soon as they pass; must not know what the caller wants.
import { timingSafeEqual } from "node:crypto";
import type { Genuine } from "../credential/bearer.ts";
import type { Account } from "../storage/account-table.ts";
import type { Credential } from "../storage/credential-lookup.ts";
import type { Origin } from "./audit-entry.ts";
import { type Clock, currentSecond, dateOf } from "./moment.ts";
import { Refusal } from "./refusal.ts";
import type { Service } from "./service.ts";

export interface Caller {
  /** Null: a development session, which no token stands behind. */
  readonly tokenId: number | null;
  readonly scimOnly: boolean;
  /** With its teams where they are known anyway. */
  readonly account: Account & { readonly teams?: readonly string[] };
  /** Where the request came from, for the audit log. */
  readonly origin?: Origin;
}

/** Any failure is an `unauthenticated` refusal; the holder may know why, since only they can ask. */
export async function authenticate(service: Service, authorization: string | undefined): Promise<Caller & { readonly tokenId: number }> {
  const token = extract(authorization);
  if (!service.acceptTokens) throw new Refusal("unauthenticated", "This deployment accepts no Qualytics-issued tokens (API_AUTH_ALLOW_QUALYTICS_ISSUER).");
  const { userId, hash, hashText } = await genuine(service, token);
  const found = await service.credentials.find(hashText);
  if (found === undefined || !timingSafeEqual(found.hash, hash) || found.account.id !== userId) {
    throw new Refusal("unauthenticated", "The token does not exist.");
  }
  refuseUnusable(found, service.clock);
  await service.usage.note(found.tokenId, currentSecond(service.clock));
  return { tokenId: found.tokenId, scimOnly: found.scimOnly, account: found.account };
}

async function genuine({ bearer, keys, clock }: Service, token: string): Promise<Genuine> {
  const now = new Date(clock());
  const found = bearer.verify(token, now) ?? ((await keys?.refreshForStranger()) === true ? bearer.verify(token, now) : undefined);
  if (found === undefined) throw new Refusal("unauthenticated", "The token is not valid.");
  return found;
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

