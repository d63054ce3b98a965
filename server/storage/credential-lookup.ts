// From a token's hash to who it speaks for. Decides what one request needs to know of
// its caller, in one query for all requests that wait; must not know whether that is
// enough.
import { type User, userColumns } from "./account-table.ts";
import type { Database } from "./database.ts";
import { Gathering } from "./gathering.ts";

export interface Credential {
  readonly tokenId: number;
  readonly hash: Uint8Array;
  readonly active: boolean;
  readonly expiration: Date | null;
  readonly scimOnly: boolean;
  /** With its teams, which the answer to `who am I` names. */
  readonly account: User;
}

type CredentialRow = User & Omit<Credential, "account">;

const nameOf = (hash: Uint8Array): string => Buffer.from(hash).toString("base64");

export type CredentialLookup = Gathering<Uint8Array, Credential>;

export function lookUpCredentials(database: Database): CredentialLookup {
  const read = async (hashes: readonly Uint8Array[]): Promise<ReadonlyMap<string, Credential>> => {
    const wanted = [...new Map(hashes.map((hash) => [nameOf(hash), hash])).values()];
    const rows = await database.query<CredentialRow>(
      `select ${userColumns}, k.id as "tokenId", k.hash, k.active, k.expiration, k.scim_only as "scimOnly"
         from servicetokens.token k join servicetokens.account a on a.id = k.account_id 
        where k.hash = any(array(select decode(h, 'hex') from unnest($1::text[]) h))`,
      [wanted.map((hash) => Buffer.from(hash).toString("hex"))],
    );
    return new Map(rows.map((row) => [nameOf(row.hash), credentialOf(row)]));
  };
  return new Gathering(read, nameOf, database.shared ? 4 : 1);
}

function credentialOf(row: CredentialRow): Credential {
  const { tokenId, hash, active, expiration, scimOnly } = row;
  return { tokenId, hash, active, expiration, scimOnly, account: row };
}
