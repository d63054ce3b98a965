// From a token's hash to who it speaks for. Decides what one request needs to know of
// its caller, in one query for all requests that wait; and that nothing is remembered but
// where this process alone writes, and there until its next write. Must not know whether
// what is found is enough.
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

const mostRemembered = 20_000;

/** By the hash that is kept of a token, in hexadecimal digits. */
export type CredentialLookup = Pick<Gathering<string, Credential>, "find">;

export function lookUpCredentials(database: Database): CredentialLookup {
  const read = async (hashes: readonly string[]): Promise<ReadonlyMap<string, Credential>> => {
    const rows = await database.query<CredentialRow>(
      `select ${userColumns}, k.id as "tokenId", k.hash, k.active, k.expiration, k.scim_only as "scimOnly"
         from servicetokens.token k join servicetokens.account a on a.id = k.account_id
        where k.hash = any(array(select decode(h, 'hex') from unnest($1::text[]) h))`,
      [[...new Set(hashes)]],
    );
    return new Map(rows.map((row) => [Buffer.from(row.hash).toString("hex"), credentialOf(row)]));
  };
  const lookup = new Gathering(read, (hash) => hash, database.shared ? 2 : 1);
  return database.writes === undefined ? lookup : remembering(lookup, database.writes);
}

/** Whoever alone writes knows when what was read is old: as soon as anything was written. */
function remembering(lookup: CredentialLookup, writes: () => number): CredentialLookup {
  const known = new Map<string, Credential>();
  let asOf = writes();
  return {
    find: async (hash) => {
      const now = writes();
      if (now !== asOf) known.clear();
      asOf = now;
      const remembered = known.get(hash);
      if (remembered !== undefined) return remembered;
      const found = await lookup.find(hash);
      // What was written meanwhile may be younger than what was found.
      if (found !== undefined && writes() === now && known.size < mostRemembered) known.set(hash, found);
      return found;
    },
  };
}

function credentialOf(row: CredentialRow): Credential {
  const { tokenId, hash, active, expiration, scimOnly } = row;
  return { tokenId, hash, active, expiration, scimOnly, account: row };
}
