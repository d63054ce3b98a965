// Which tokens were signed with which key. Decides how they are counted and revoked
// together; must not know any key.
import type { Queryable } from "./database.ts";

export async function countTokensByKey(database: Queryable, now: Date): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{ key: string | null; count: number }>(
    `select signing_key as key, count(*)::int as count from servicetokens.token
      where active and (expiration is null or expiration > $1) group by signing_key`,
    [now],
  );
  return new Map(rows.map(({ key, count }) => [key ?? "", count]));
}

export interface RevokedToken {
  readonly token: { readonly id: number; readonly name: string };
  readonly user: { readonly id: number; readonly userId: string };
}

export async function revokeTokensOfKey(inside: Queryable, key: string, now: Date): Promise<RevokedToken[]> {
  const rows = await inside.query<{ id: number; name: string; ownerId: number; userId: string }>(
    `update servicetokens.token t set active = false from servicetokens.account a
      where a.id = t.account_id and t.signing_key = $1 and t.active and (t.expiration is null or t.expiration > $2)
      returning t.id, t.name, a.id as "ownerId", a.user_id as "userId"`,
    [key, now],
  );
  return rows.map(({ id, name, ownerId, userId }) => ({ token: { id, name }, user: { id: ownerId, userId } }));
}
