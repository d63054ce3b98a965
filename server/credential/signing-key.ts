// The secrets that sign tokens: the first signs, those behind it are older and still
// accepted. Decides where they come from (the environment, a file in the data folder, the
// shared database, memory), what is good enough, and how they are exchanged; must not
// know what is signed with them.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Queryable } from "../storage/database.ts";
import { settleSetting, writeSetting } from "../storage/setting.ts";
import { StartError, reasonOf } from "../start-error.ts";

const minLength = 32;
const fileName = "signing-key";
const settingName = "signing_key";

export interface KeySource {
  read(): Promise<readonly string[]>;
  /** Absent: whoever gave them has to change them. Keys that lie in the database go with the transaction `inside`. */
  readonly write?: (secrets: readonly string[], inside?: Queryable) => Promise<void>;
}

export function newSigningKey(): string {
  return randomBytes(48).toString("base64url");
}

/** The current secret, and older ones between white space. */
export function keysGiven(current: string, previous: string): KeySource {
  const secrets = [checkedSecret("JWT_SIGNING_SECRET", current), ...wordsOf(previous).map((secret) => checkedSecret("JWT_SIGNING_SECRET_PREVIOUS", secret))];
  return { read: () => Promise.resolve(secrets) };
}

export function keyInMemory(): KeySource {
  const secrets = [newSigningKey()];
  return { read: () => Promise.resolve(secrets) };
}

export function keysInFolder(folder: string): KeySource {
  const path = join(folder, fileName);
  return {
    read: async () => readKeys(path) ?? writeKeys(path, [newSigningKey()]),
    write: async (secrets) => void writeKeys(path, secrets),
  };
}

/**
 * Services that share a database must share the keys. In the database they help a thief
 * little: a forged token has no row there, and a row does not give back its token. Where
 * policy wants them elsewhere, JWT_SIGNING_SECRET is the way.
 */
export function keysInDatabase(database: Queryable): KeySource {
  return {
    read: async () => wordsOf(await settleSetting(database, settingName, newSigningKey())),
    write: (secrets, inside = database) => writeSetting(inside, settingName, secrets.join("\n")),
  };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function checkedSecret(variable: string, secret: string): string {
  if (secret.length < minLength) {
    throw new StartError("signing-key-unusable", `${variable} has ${secret.length} characters: give it at least ${minLength}, for example the output of "openssl rand -base64 48".`);
  }
  return secret;
}

function readKeys(path: string): string[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new StartError("signing-key-unusable", `The signing key ${path} can be read by others: run "chmod 600 ${path}", and change it with "servicetokens key rotate" if somebody may have read it.`);
    }
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StartError("signing-key-unusable", `The signing key ${path} cannot be read: make it a file that this user may read (${reasonOf(cause)}).`, cause);
  }
  const keys = wordsOf(text);
  if (keys.length === 0 || keys.some((key) => key.length < minLength)) {
    throw new StartError("signing-key-unusable", `The signing key ${path} is shorter than ${minLength} characters: restore it from a backup, or remove it to make a new one, which ends every token issued so far.`);
  }
  return keys;
}

/** Whole or not at all: a token signed with a key that a power cut takes away would be worth nothing. */
function writeKeys(path: string, keys: readonly string[]): readonly string[] {
  const fresh = `${path}.new`;
  try {
    rmSync(fresh, { force: true });
    const file = openSync(fresh, "wx", 0o600);
    writeSync(file, `${keys.join("\n")}\n`);
    fsyncSync(file);
    closeSync(file);
    renameSync(fresh, path);
    const folder = openSync(join(path, ".."), "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch (cause) {
    throw new StartError("signing-key-unusable", `The signing key ${path} cannot be written: make its folder writable for this user (${reasonOf(cause)}).`, cause);
  }
  return keys;
}
