// The list of users: filters, order, pages. Decides how they are matched; must not know
// who may search. The service's own user is never found.
import type { Role } from "../rules/role.ts";
import { type AccountKind, type User, userColumns } from "./account-table.ts";
import type { Queryable } from "./database.ts";

export interface AccountFilter {
  readonly kind?: AccountKind | undefined;
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  readonly team?: string | undefined;
  readonly includeDeleted?: boolean | undefined;
}

export type AccountOrder = "name" | "created" | "role" | "last_login";

export interface Slice {
  readonly offset: number;
  readonly limit: number;
}

export interface AccountQuery {
  readonly filter: AccountFilter;
  readonly order: AccountOrder;
  readonly descending: boolean;
  /** Without it: all of them. */
  readonly slice?: Slice;
}

// The collation is named: two databases must not sort one list differently.
const orders: Readonly<Record<AccountOrder, string>> = {
  name: `lower(a.name) collate "C"`,
  created: "a.created",
  role: "array_position(array['Member', 'Editor', 'Manager', 'Admin'], a.role)",
  last_login: "a.last_login",
};

const matching = `from servicetokens.account a
  where not a.internal
    and ($1::text is null or a.kind = $1)
    and ($2::text is null or position(lower($2) in lower(a.name)) > 0)
    and ($3::text is null or a.role = $3)
    and ($4::text is null or exists (
      select 1 from servicetokens.membership m join servicetokens.team t on t.id = m.team_id where m.account_id = a.id and t.name = $4))
    and ($5::boolean or a.deleted is null)`;

function valuesOf(filter: AccountFilter): unknown[] {
  return [filter.kind ?? null, filter.name ?? null, filter.role ?? null, filter.team ?? null, filter.includeDeleted ?? false];
}

export async function countAccounts(database: Queryable, filter: AccountFilter): Promise<number> {
  const [row] = await database.query<{ total: number }>(`select count(*)::int as total ${matching}`, valuesOf(filter));
  return row?.total ?? 0;
}

export async function searchAccounts(database: Queryable, search: AccountQuery): Promise<User[]> {
  const direction = search.descending ? "desc" : "asc";
  // The id breaks ties, so that no user falls between two pages.
  return database.query<User>(
    `select ${userColumns}
     ${matching} order by ${orders[search.order]} ${direction} nulls last, a.id ${direction} limit $6::bigint offset $7::bigint`,
    [...valuesOf(search.filter), search.slice?.limit ?? null, search.slice?.offset ?? 0],
  );
}
