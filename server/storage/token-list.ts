// Lists of tokens, which may be long and are read often. Decides that a list leaves the
// database as one JSON value with each owner once: four times as fast as rows that repeat
// the owner, and a tenth of the memory. Must not know who may ask.
import type { Owner } from "./account-table.ts";
import type { Queryable } from "./database.ts";

/** Times are seconds. */
export type TokenCells = readonly [id: number, owner: number, name: string, created: number, expiration: number | null, lastUsed: number | null, active: boolean];
type OwnerCells = readonly [id: number, userId: string, name: string, kind: Owner["kind"], role: Owner["role"], email: string, created: number];

interface ListRow {
  readonly tokens: readonly TokenCells[] | null;
  readonly owners: readonly OwnerCells[] | null;
}

export interface TokenList {
  /** In the order of their ids. */
  readonly tokens: readonly TokenCells[];
  /** Every token's owner is in it. */
  readonly owners: ReadonlyMap<number, Owner>;
}

/** One statement, hence one moment. */
function listWhere(owned: string): string {
  return `select
    (select json_agg(json_build_array(t.id, t.account_id, t.name, extract(epoch from t.created)::bigint, extract(epoch from t.expiration)::bigint,
              extract(epoch from t.last_used)::bigint, t.active) order by t.id)
       from servicetokens.token t join servicetokens.account a on a.id = t.account_id where ${owned}) as tokens,
    (select json_agg(json_build_array(a.id, a.user_id, a.name, a.kind, a.role, a.email, extract(epoch from a.created)::bigint))
       from servicetokens.account a where ${owned} and exists (select 1 from servicetokens.token t where t.account_id = a.id)) as owners`;
}

const own = listWhere("a.id = $1");
const service = listWhere("a.kind = 'Service'");

export async function listTokensOf(database: Queryable, ownerId: number): Promise<TokenList> {
  return listOf(await database.query<ListRow>(own, [ownerId]));
}

export async function listServiceTokens(database: Queryable): Promise<TokenList> {
  return listOf(await database.query<ListRow>(service));
}

function listOf([row]: readonly ListRow[]): TokenList {
  return { tokens: row?.tokens ?? [], owners: new Map((row?.owners ?? []).map((cells) => [cells[0], ownerOf(cells)])) };
}

function ownerOf([id, userId, name, kind, role, email, created]: OwnerCells): Owner {
  return { id, userId, name, kind, role, email, created: new Date(created * 1_000) };
}
