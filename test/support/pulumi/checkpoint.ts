// A stack's state as the file backend keeps it, with its secrets in the clear: what `pulumi stack output` and `export`
// tell, without a process of the CLI for each question. The form is Pulumi's own: sdk/go/common/resource/config/crypt.go.
import { createDecipheriv } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { keyIn } from "./key-service.ts";

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
    readonly secrets_providers?: { readonly state?: { readonly encryptedkey?: string } };
    readonly resources?: StackResource[];
  };
}

const TAG_BYTES = 16;
const SECRET = "4dabf18193072939515e22adb298388d";

/** "v1:<nonce>:<ciphertext and tag>" */
function decrypt(text: string, key: Buffer): unknown {
  const [, nonce = "", body = ""] = text.split(":");
  const bytes = Buffer.from(body, "base64");
  const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return JSON.parse(Buffer.concat([cipher.update(bytes.subarray(0, -TAG_BYTES)), cipher.final()]).toString("utf8")) as unknown;
}

function clear(value: unknown, key: Buffer): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => clear(item, key));
  if (SECRET in value && "ciphertext" in value) return decrypt(String(value.ciphertext), key);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, clear(item, key)]));
}

function read(file: string): Checkpoint {
  if (!existsSync(file)) return {};
  return (JSON.parse(readFileSync(file, "utf8")) as { checkpoint: Checkpoint }).checkpoint;
}

/** As the state holds them: secrets encrypted. */
export const resourcesIn = (file: string): StackResource[] => read(file).latest?.resources ?? [];

/** The stack's outputs, secrets in the clear; not of a stack with a passphrase. */
export function outputsIn(file: string): Record<string, unknown> {
  const { latest } = read(file);
  const key = keyIn(latest?.secrets_providers?.state?.encryptedkey ?? "");
  const stack = latest?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  return clear(stack?.outputs ?? {}, key) as Record<string, unknown>;
}
