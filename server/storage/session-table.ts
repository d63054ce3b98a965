// Rows of browser sessions. Decides what one request needs to know of its session, in one
// query; must not know what a session allows. Of a session's value only a hash is kept.
import { type Account, accountColumns } from "./account-table.ts";
import type { Queryable } from "./database.ts";

export interface NewSession {
  readonly hash: Uint8Array;
  readonly accountId: number;
  /** Null: signed in without a token, which only development mode does. */
  readonly tokenId: number | null;
  readonly created: Date;
  readonly expires: Date;
}

export interface Session {
  readonly expires: Date;
  /** The token that it was opened with, as it is now. */
  readonly token: { readonly id: number; readonly active: boolean; readonly expiration: Date | null } | null;
  readonly account: Account;
}

type SessionRow = Account & {
  readonly expires: Date;
  readonly tokenId: number | null;
  readonly active: boolean | null;
  readonly expiration: Date | null;
};

/** Sessions that ended go in the same statement: the table holds what is open, and little else. */
export async function insertSession(database: Queryable, session: NewSession): Promise<void> {
  await database.query(
    `with ended as (delete from servicetokens.session where expires <= $4)
     insert into servicetokens.session (hash, account_id, token_id, created, expires) values ($1, $2, $3, $4, $5)`,
    [session.hash, session.accountId, session.tokenId, session.created, session.expires],
  );
}

export async function findSession(database: Queryable, hash: Uint8Array): Promise<Session | undefined> {
  const [row] = await database.query<SessionRow>(
    `select ${accountColumns}, s.expires, k.id as "tokenId", k.active, k.expiration
       from servicetokens.session s
       join servicetokens.account a on a.id = s.account_id
       left join servicetokens.token k on k.id = s.token_id
      where s.hash = $1`,
    [hash],
  );
  if (row === undefined) return undefined;
  const { expires, tokenId, active, expiration } = row;
  return { expires, token: tokenId === null ? null : { id: tokenId, active: active === true, expiration }, account: row };
}

export async function deleteSession(database: Queryable, hash: Uint8Array): Promise<void> {
  await database.query("delete from servicetokens.session where hash = $1", [hash]);
}
