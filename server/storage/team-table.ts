// Rows of teams and who is in them. Decides how they are read and written; must not
// know which teams a user has to have.
import { type Owner, ownerColumns } from "./account-table.ts";
import type { Slice } from "./account-search.ts";
import type { Queryable } from "./database.ts";

export interface Team {
  readonly id: number;
  readonly name: string;
  readonly created: Date;
}

export type TeamMember = Owner & { readonly teamId: number };

export async function ensureTeams(database: Queryable, names: readonly string[], created: Date): Promise<void> {
  for (const name of names) {
    await database.query("insert into servicetokens.team (name, created) values ($1, $2) on conflict (name) do nothing", [name, created]);
  }
}

export async function findTeamsByName(database: Queryable, names: readonly string[]): Promise<Team[]> {
  return database.query<Team>("select id, name, created from servicetokens.team where name = any($1::text[])", [names]);
}

export async function findTeam(database: Queryable, id: number): Promise<Team | undefined> {
  const [row] = await database.query<Team>("select id, name, created from servicetokens.team where id = $1::bigint", [id]);
  return row;
}

const matching = "from servicetokens.team where $1::text is null or position(lower($1) in lower(name)) > 0";

export async function countTeams(database: Queryable, name: string | null): Promise<number> {
  const [row] = await database.query<{ total: number }>(`select count(*)::int as total ${matching}`, [name]);
  return row?.total ?? 0;
}

export async function searchTeams(database: Queryable, name: string | null, slice: Slice): Promise<Team[]> {
  return database.query<Team>(`select id, name, created ${matching} order by id limit $2::bigint offset $3::bigint`, [name, slice.limit, slice.offset]);
}

/** The users of these teams who are not deactivated. */
export async function findMembers(database: Queryable, teamIds: readonly number[]): Promise<TeamMember[]> {
  return database.query<TeamMember>(
    `select ${ownerColumns}, m.team_id as "teamId" from servicetokens.membership m
       join servicetokens.account a on a.id = m.account_id
      where m.team_id = any($1::int[]) and a.deleted is null order by a.id`,
    [teamIds],
  );
}

export async function setMembership(inside: Queryable, accountId: number, teamIds: readonly number[]): Promise<void> {
  await inside.query("delete from servicetokens.membership where account_id = $1", [accountId]);
  await inside.query("insert into servicetokens.membership (account_id, team_id) select $1::int, unnest($2::int[])", [accountId, teamIds]);
}
