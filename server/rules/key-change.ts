// Exchanging the keys that sign tokens. Decides that a new key leaves what is out valid,
// and that an old one goes only when no usable token needs it; must not know where keys
// are kept.
import { BearerTokens, fingerprintOf } from "../credential/bearer.ts";
import { noteKeyChange } from "../credential/key-ring.ts";
import { type KeySource, newSigningKey } from "../credential/signing-key.ts";
import { StartError } from "../start-error.ts";
import type { Database, Queryable } from "../storage/database.ts";
import { countTokensByKey, revokeTokensOfKey } from "../storage/key-use.ts";
import { audited, commandActor } from "./audited.ts";
import type { Clock } from "./moment.ts";

export interface KeyInfo {
  readonly fingerprint: string;
  readonly signs: boolean;
  /** Tokens that are neither revoked nor expired. */
  readonly usableTokens: number;
}

export interface KeyedData {
  readonly database: Database;
  readonly keys: KeySource;
  readonly clock: Clock;
}

export async function listKeys({ database, keys, clock }: KeyedData): Promise<KeyInfo[]> {
  return infosOf(database, (await keys.read()).map(fingerprintOf), clock);
}

/** A new key in front of the others. */
export async function rotateKey(data: KeyedData): Promise<KeyInfo[]> {
  const write = writerOf(data.keys);
  await write([newSigningKey(), ...(await data.keys.read())]);
  await noteKeyChange(data, new BearerTokens(await data.keys.read()), commandActor);
  return listKeys(data);
}

/** Takes an older key away. `revoke`: also its usable tokens, which would otherwise keep it. */
export async function retireKey({ database, keys, clock }: KeyedData, fingerprint: string, revoke: boolean): Promise<KeyInfo[]> {
  const write = writerOf(keys);
  const secrets = await keys.read();
  const index = secrets.findIndex((secret) => fingerprintOf(secret) === fingerprint);
  if (index < 0) throw new StartError("signing-key-unusable", `There is no key ${fingerprint}: "servicetokens key list" names those there are.`);
  if (index === 0) throw new StartError("signing-key-unusable", `The key ${fingerprint} is the one that signs: run "servicetokens key rotate" first.`);
  await audited({ database, clock }, commandActor, async (inside, record) => {
    const now = new Date(clock());
    if (revoke) {
      for (const { token, user } of await revokeTokensOfKey(inside, fingerprint, now)) record({ action: "token.revoked", token, user, detail: { key: fingerprint } });
    }
    const left = (await countTokensByKey(inside, now)).get(fingerprint) ?? 0;
    if (left > 0) {
      throw new StartError("signing-key-unusable", `${left} usable tokens were signed with the key ${fingerprint}: wait until they are replaced, or end them with --revoke.`);
    }
    record({ action: "signing-key.changed", detail: { retired: fingerprint } });
  });
  await write(secrets.filter((_, position) => position !== index));
  return infosOf(database, (await keys.read()).map(fingerprintOf), clock);
}

function writerOf({ write }: KeySource): NonNullable<KeySource["write"]> {
  if (write !== undefined) return write;
  throw new StartError("signing-key-unusable", "The keys come from the environment: put the new one into JWT_SIGNING_SECRET, the old one into JWT_SIGNING_SECRET_PREVIOUS, and restart the service.");
}

async function infosOf(database: Queryable, fingerprints: readonly string[], clock: Clock): Promise<KeyInfo[]> {
  const counts = await countTokensByKey(database, new Date(clock()));
  return fingerprints.map((fingerprint, index) => ({ fingerprint, signs: index === 0, usableTokens: counts.get(fingerprint) ?? 0 }));
}
