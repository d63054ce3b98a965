// The secret that signs tokens. Decides where it comes from (the environment, a file in
// the data folder, the shared database, memory) and what is good enough; must not know
// what is signed with it.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Queryable } from "../storage/database.ts";
import { settleSetting } from "../storage/setting.ts";
import { StartError, reasonOf } from "../start-error.ts";

const minLength = 32;
const fileName = "signing-key";

export function newSigningKey(): string {
  return randomBytes(48).toString("base64url");
}

export function checkedSecret(secret: string): string {
  if (secret.length < minLength) {
    throw new StartError("signing-key-unusable", `JWT_SIGNING_SECRET has ${secret.length} characters: give it at least ${minLength}, for example the output of "openssl rand -base64 48".`);
  }
  return secret;
}

export function signingKeyInFolder(folder: string): string {
  const path = join(folder, fileName);
  return readKey(path) ?? writeKey(path);
}

/**
 * Services that share a database must share the key. In the database it helps a thief
 * little: a forged token has no row there, and a row does not give back its token. Where
 * policy wants it elsewhere, JWT_SIGNING_SECRET is the way.
 */
export async function signingKeyInDatabase(database: Queryable): Promise<string> {
  return settleSetting(database, "signing_key", newSigningKey());
}

function readKey(path: string): string | undefined {
  let key: string;
  try {
    key = readFileSync(path, "utf8").trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StartError("signing-key-unusable", `The signing key ${path} cannot be read: make it a file that this user may read (${reasonOf(cause)}).`, cause);
  }
  if (key.length < minLength) {
    throw new StartError("signing-key-unusable", `The signing key ${path} is shorter than ${minLength} characters: restore it from a backup, or remove it to make a new one, which ends every token issued so far.`);
  }
  return key;
}

function writeKey(path: string): string {
  const key = newSigningKey();
  try {
    const file = openSync(path, "wx", 0o600);
    writeSync(file, `${key}\n`);
    // A token signed with a key that a power cut takes away would be worth nothing.
    fsyncSync(file);
    closeSync(file);
  } catch (cause) {
    throw new StartError("signing-key-unusable", `The signing key ${path} cannot be written: make its folder writable for this user (${reasonOf(cause)}).`, cause);
  }
  return key;
}
