// From a token's hash to who it speaks for. Decides what one request needs to know of
// its caller, in one query; must not know whether that is enough.
import { type Account, accountColumns } from "./account-table.ts";
import type { Queryable } from "./database.ts";

export interface Credential {
  readonly tokenId: number;
  readonly hash: Uint8Array;
  readonly active: boolean;
  readonly expiration: Date | null;
  readonly scimOnly: boolean;
  readonly account: Account;
}

type CredentialRow = Account & Omit<Credential, "account">;

export async function findCredential(database: Queryable, hash: Uint8Array): Promise<Credential | undefined> {
  const [row] = await database.query<CredentialRow>(
    `select ${accountColumns}, k.id as "tokenId", k.hash, k.active, k.expiration, k.scim_only as "scimOnly"
       from servicetokens.token k join servicetokens.account a on a.id = k.account_id where k.hash = $1`,
    [hash],
  );
  if (row === undefined) return undefined;
  const { tokenId, active, expiration, scimOnly } = row;
  return { tokenId, hash: row.hash, active, expiration, scimOnly, account: row };
}

