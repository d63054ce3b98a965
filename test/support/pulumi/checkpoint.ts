// A stack's state as the file backend keeps it, with its secrets in the clear: what `pulumi stack output` and `export`
// tell, without a process of the CLI for each question. The form is Pulumi's own: sdk/go/common/resource/config/crypt.go.
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

export interface StackResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly initErrors?: readonly string[];
  readonly protect?: boolean;
}

interface Checkpoint {
  readonly latest?: {
    readonly secrets_providers?: { readonly state?: { readonly salt?: string } };
    readonly resources?: StackResource[];
  };
}

/** The passphrase of every stack in the tests. */
export const PASSPHRASE = "test";

const ROUNDS = 1_000_000;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const SECRET = "4dabf18193072939515e22adb298388d";

const keys = new Map<string, Buffer>();

function keyOf(salt: string): Buffer {
  const known = keys.get(salt);
  if (known) return known;
  const key = pbkdf2Sync(PASSPHRASE, Buffer.from(salt, "base64"), ROUNDS, KEY_BYTES, "sha256");
  keys.set(salt, key);
  return key;
}

/** "v1:<nonce>:<ciphertext and tag>" */
function decrypt(text: string, key: Buffer): unknown {
  const [, nonce = "", body = ""] = text.split(":");
  const bytes = Buffer.from(body, "base64");
  const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return JSON.parse(Buffer.concat([cipher.update(bytes.subarray(0, -TAG_BYTES)), cipher.final()]).toString("utf8")) as unknown;
}

function clear(value: unknown, salt: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => clear(item, salt));
  if (SECRET in value && "ciphertext" in value) return decrypt(String(value.ciphertext), keyOf(salt));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, clear(item, salt)]));
}

function read(file: string): Checkpoint {
  if (!existsSync(file)) return {};
  return (JSON.parse(readFileSync(file, "utf8")) as { checkpoint: Checkpoint }).checkpoint;
}

/** As the state holds them: secrets encrypted. */
export const resourcesIn = (file: string): StackResource[] => read(file).latest?.resources ?? [];

/** The stack's outputs, secrets in the clear. */
export function outputsIn(file: string): Record<string, unknown> {
  const { latest } = read(file);
  // "v1:<salt>:<a text to try a passphrase on>"
  const salt = latest?.secrets_providers?.state?.salt?.split(":")[1] ?? "";
  const stack = latest?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  return clear(stack?.outputs ?? {}, salt) as Record<string, unknown>;
}
