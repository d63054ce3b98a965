// The token that the calls are made with: read anew for every try, so that a rotated one is picked up without
// a restart, and looked into only to tell an expired one from a wrong one.
import { LifecycleError } from "../core/error.ts";
import { SecretValue } from "../core/secret-value.ts";

export type Credential = SecretValue | (() => SecretValue | Promise<SecretValue>);

const unusable = (why: string): LifecycleError =>
  new LifecycleError("denied", "CREDENTIAL_UNUSABLE", `The token API's credential ${why}: put the token there as Qualytics showed it.`);

/** Whether an HTTP header can hold it. */
export function isUsable(value: SecretValue): boolean {
  return /^[\x21-\x7e]+$/.test(value.reveal());
}

/** Files and Secrets often end in a line break, which no header can hold. */
function usable(value: SecretValue): SecretValue {
  if (isUsable(value)) return value;
  const trimmed = new SecretValue(value.reveal().trim());
  if (isUsable(trimmed)) return trimmed;
  throw unusable(trimmed.reveal() === "" ? "is empty" : "holds spaces or characters that no token has");
}

export async function readCredential(source: Credential): Promise<SecretValue> {
  if (source instanceof SecretValue) return usable(source);
  let value: SecretValue;
  try {
    value = await source();
  } catch (error) {
    if (error instanceof LifecycleError) throw error;
    // Whatever failed to read a secret may have the secret in its text: only the code of a system error is kept.
    const code = codeOf(error);
    throw new LifecycleError("retryable", "CREDENTIAL_UNREADABLE", `The token API's credential could not be read${code === null ? "" : ` (${code})`}.`);
  }
  return usable(value);
}

/** When a token ends by its own `exp`, in milliseconds; null: never, or it is no JWT. Nothing is verified. */
export function expiryOf(value: SecretValue): number | null {
  const payload = value.reveal().split(".")[1];
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const exp = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : null;
    return typeof exp === "number" && Number.isFinite(exp) && Math.abs(exp) < 8e12 ? exp * 1_000 : null;
  } catch {
    return null;
  }
}

/** The code of a system error (ECONNRESET, ENOENT), from the error or what caused it: the one part sure to be no secret. */
export function codeOf(error: unknown): string | null {
  for (let current = error, depth = 0; depth < 5 && typeof current === "object" && current !== null; depth++) {
    if ("code" in current && typeof current.code === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(current.code)) return current.code;
    current = "cause" in current ? current.cause : null;
  }
  return null;
}
