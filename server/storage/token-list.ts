// Lists of tokens, which may be long and are read often. Decides that a list leaves the
// database column by column, each as one JSON value, and each owner once: ten times as
// fast as rows that repeat the owner, and a tenth of the memory. Must not know who may ask.
import type { Owner } from "./account-table.ts";
import type { Queryable } from "./database.ts";

/** The tokens in the order of their ids: what is at one place of every column is of one token. Times are seconds. */
export interface TokenColumns {
  readonly ids: readonly number[];
  readonly owners: readonly number[];
  readonly names: readonly string[];
  readonly created: readonly number[];
  readonly expiration: readonly (number | null)[];
  readonly lastUsed: readonly (number | null)[];
  readonly active: readonly boolean[];
}

type OwnerCells = readonly [id: number, userId: string, name: string, kind: Owner["kind"], role: Owner["role"], email: string, created: number];

type ListRow = { readonly [Column in keyof TokenColumns]: TokenColumns[Column] | null } & { readonly stubs: readonly OwnerCells[] | null };

export interface TokenList {
  readonly tokens: TokenColumns;
  /** Every token's owner is in it. */
  readonly owners: ReadonlyMap<number, Owner>;
}

/** Not `extract`, whose exact numbers take three times as long as all the rest. */
function seconds(column: string): string {
  return `date_part('epoch', ${column})::bigint`;
}

/** One statement, hence one moment. */
function listWhere(owned: string): string {
  return `select json_agg(t.id) as ids, json_agg(t.account_id) as owners, json_agg(t.name) as names, json_agg(t.created) as created,
      json_agg(t.expiration) as expiration, json_agg(t.last_used) as "lastUsed", json_agg(t.active) as active,
      (select json_agg(json_build_array(a.id, a.user_id, a.name, a.kind, a.role, a.email, ${seconds("a.created")}))
         from servicetokens.account a where ${owned} and exists (select 1 from servicetokens.token k where k.account_id = a.id)) as stubs
    from (select k.id, k.account_id, k.name, ${seconds("k.created")} as created, ${seconds("k.expiration")} as expiration, ${seconds("k.last_used")} as last_used, k.active
            from servicetokens.token k join servicetokens.account a on a.id = k.account_id where ${owned} order by k.id) t`;
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
  const tokens = {
    ids: row?.ids ?? [],
    owners: row?.owners ?? [],
    names: row?.names ?? [],
    created: row?.created ?? [],
    expiration: row?.expiration ?? [],
    lastUsed: row?.lastUsed ?? [],
    active: row?.active ?? [],
  };
  return { tokens, owners: new Map((row?.stubs ?? []).map((cells) => [cells[0], ownerOf(cells)])) };
}

function ownerOf([id, userId, name, kind, role, email, created]: OwnerCells): Owner {
  return { id, userId, name, kind, role, email, created: new Date(created * 1_000) };
}
