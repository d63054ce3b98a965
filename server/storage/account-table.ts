// Rows of users. Decides how they are read, searched and changed; must not know who may.
import type { Role } from "../rules/role.ts";
import type { Queryable } from "./database.ts";

export type AccountKind = "Human" | "Service";

/** What a token answer says about its owner. */
export interface Owner {
  readonly id: number;
  readonly userId: string;
  readonly name: string;
  readonly kind: AccountKind;
  readonly role: Role;
  readonly email: string;
  readonly created: Date;
}

export interface Account extends Owner {
  readonly internal: boolean;
  readonly createdBy: number | null;
  readonly lastLogin: Date | null;
  readonly deleted: Date | null;
}

/** Everything there is to say about a user. */
export interface User extends Account {
  readonly teams: readonly string[];
}

export type NewAccount = Pick<Owner, "userId" | "name" | "kind" | "role" | "email" | "created"> & Pick<Account, "createdBy">;

export const ownerColumns = `a.id, a.user_id as "userId", a.name, a.kind, a.role, a.email, a.created`;
export const accountColumns = `${ownerColumns}, a.internal, a.created_by as "createdBy", a.last_login as "lastLogin", a.deleted`;
/** Apart, because every request reads an account and few answers name teams. */
export const userColumns = `${accountColumns},
  array(select t.name from servicetokens.membership m join servicetokens.team t on t.id = m.team_id where m.account_id = a.id order by t.id) as teams`;

export async function findAccount(database: Queryable, id: number): Promise<Account | undefined> {
  const [row] = await database.query<Account>(`select ${accountColumns} from servicetokens.account a where a.id = $1::bigint`, [id]);
  return row;
}

export async function findUser(database: Queryable, id: number): Promise<User | undefined> {
  const [row] = await database.query<User>(`select ${userColumns} from servicetokens.account a where a.id = $1::bigint`, [id]);
  return row;
}

/** Nobody else changes the row until the transaction ends. */
export async function lockAccount(inside: Queryable, id: number): Promise<Account | undefined> {
  const [row] = await inside.query<Account>(`select ${accountColumns} from servicetokens.account a where a.id = $1::bigint for update`, [id]);
  return row;
}

export async function findAccountByUserId(database: Queryable, userId: string): Promise<Account | undefined> {
  const [row] = await database.query<Account>(`select ${accountColumns} from servicetokens.account a where a.user_id = $1`, [userId]);
  return row;
}

/** The id of the new row, or undefined when the user id is taken. */
export async function insertAccount(inside: Queryable, account: NewAccount): Promise<number | undefined> {
  const [row] = await inside.query<{ id: number }>(
    `insert into servicetokens.account (user_id, name, kind, role, email, created, created_by)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (user_id) do nothing returning id`,
    [account.userId, account.name, account.kind, account.role, account.email, account.created, account.createdBy],
  );
  return row?.id;
}

export async function setRole(inside: Queryable, id: number, role: Role): Promise<void> {
  await inside.query("update servicetokens.account set role = $2 where id = $1", [id, role]);
}

export async function setDeleted(inside: Queryable, id: number, deleted: Date | null): Promise<void> {
  await inside.query("update servicetokens.account set deleted = $2 where id = $1", [id, deleted]);
}

export async function setLastLogin(database: Queryable, id: number, moment: Date): Promise<void> {
  await database.query("update servicetokens.account set last_login = $2 where id = $1", [id, moment]);
}

/** The people who could sign in, by name. */
export async function listPeople(database: Queryable): Promise<Account[]> {
  return database.query<Account>(
    `select ${accountColumns} from servicetokens.account a where a.kind = 'Human' and not a.internal and a.deleted is null
      order by array_position(array['Admin', 'Manager', 'Editor', 'Member'], a.role), lower(a.name) collate "C", a.id limit 100`,
  );
}
