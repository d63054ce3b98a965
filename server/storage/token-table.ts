// Rows of tokens. Decides how they are read and written and that a token is inserted
// only for a user who is there; must not know who may ask, nor any token's value.
import { type Owner, ownerColumns } from "./account-table.ts";
import type { Queryable } from "./database.ts";

export interface Token {
  readonly id: number;
  readonly name: string;
  readonly created: Date;
  readonly expiration: Date | null;
  readonly lastUsed: Date | null;
  readonly active: boolean;
  readonly owner: Owner;
}

/** A token whose row is locked: its owner is known well enough to decide. */
export type LockedToken = Token & { readonly owner: Owner & { readonly deleted: Date | null } };

export interface NewToken {
  readonly ownerId: number;
  readonly name: string;
  readonly created: Date;
  readonly expiration: Date | null;
  readonly scimOnly: boolean;
  readonly hash: Uint8Array;
  /** Names the key that it was signed with. */
  readonly signingKey: string;
}

/** One row as the database gives it: the token's columns beside its owner's. */
type TokenRow = Owner & {
  readonly deleted: Date | null;
  readonly tokenId: number;
  readonly tokenName: string;
  readonly tokenCreated: Date;
  readonly expiration: Date | null;
  readonly lastUsed: Date | null;
  readonly active: boolean;
};

/** Both rows stay as they are until the transaction ends; the owner's may still be read. */
export async function lockToken(inside: Queryable, id: number): Promise<LockedToken | undefined> {
  const [row] = await inside.query<TokenRow>(
    `select ${ownerColumns}, a.deleted, t.id as "tokenId", t.name as "tokenName", t.created as "tokenCreated",
            t.expiration, t.last_used as "lastUsed", t.active
       from servicetokens.token t join servicetokens.account a on a.id = t.account_id
      where t.id = $1::bigint for update of t for share of a`,
    [id],
  );
  if (row === undefined) return undefined;
  const { tokenId, tokenName, tokenCreated, expiration, lastUsed, active } = row;
  return { id: tokenId, name: tokenName, created: tokenCreated, expiration, lastUsed, active, owner: row };
}

/**
 * The new id, or undefined when the owner is gone or has a token of this name. The
 * owner's row is locked, so that nobody deactivates a user while a token is born.
 */
export async function insertToken(database: Queryable, token: NewToken): Promise<number | undefined> {
  const [row] = await database.query<{ id: number }>(
    `with owner as (select id from servicetokens.account where id = $1 and deleted is null and not internal for share)
     insert into servicetokens.token (account_id, name, created, expiration, scim_only, hash, signing_key)
     select owner.id, $2, $3, $4, $5, $6, $7 from owner
     on conflict (account_id, name) do nothing returning id`,
    [token.ownerId, token.name, token.created, token.expiration, token.scimOnly, token.hash, token.signingKey],
  );
  return row?.id;
}

export async function setActive(inside: Queryable, id: number, active: boolean): Promise<void> {
  await inside.query("update servicetokens.token set active = $2 where id = $1", [id, active]);
}

export async function deleteToken(inside: Queryable, id: number): Promise<void> {
  await inside.query("delete from servicetokens.token where id = $1", [id]);
}

export async function hasActiveToken(inside: Queryable, ownerId: number, now: Date): Promise<boolean> {
  const [row] = await inside.query<{ found: boolean }>(
    "select exists (select 1 from servicetokens.token where account_id = $1 and active and (expiration is null or expiration > $2)) as found",
    [ownerId, now],
  );
  return row?.found ?? false;
}

export interface TokenCounts {
  readonly active: number;
  readonly revoked: number;
  readonly expired: number;
}

export async function countTokens(database: Queryable, now: Date): Promise<TokenCounts> {
  const [row] = await database.query<TokenCounts>(
    `select count(*) filter (where not active)::int as revoked,
            count(*) filter (where active and expiration <= $1)::int as expired,
            count(*) filter (where active and (expiration is null or expiration > $1))::int as active
       from servicetokens.token`,
    [now],
  );
  return row ?? { active: 0, revoked: 0, expired: 0 };
}
