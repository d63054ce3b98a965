// A credential that a command prints: a vault's own program, or a script. It runs when a token is first needed, and
// again once what it printed is a minute old, so that a short-lived one may be renewed while an update runs. What it
// prints is never repeated: neither the token nor its complaints, which may hold one.
import { execFile } from "node:child_process";
import { LifecycleError } from "../core/error.ts";
import { SecretValue } from "../core/secret-value.ts";

export const COMMAND_FAILED = "CREDENTIAL_COMMAND_FAILED";

const STALE_AFTER = 60_000;
const PATIENCE = 60_000;
const MOST_BYTES = 65_536;

export function tokenFrom(command: string, monotonic: () => number = () => performance.now()): () => Promise<SecretValue> {
  let at = Number.NEGATIVE_INFINITY;
  let printed: Promise<SecretValue> | null = null;
  return () => {
    if (printed !== null && monotonic() - at < STALE_AFTER) return printed;
    at = monotonic();
    printed = run(command).catch((error: unknown) => {
      printed = null;
      throw error;
    });
    return printed;
  };
}

function run(command: string): Promise<SecretValue> {
  return new Promise((resolve, reject) => {
    execFile("/bin/sh", ["-c", command], { encoding: "utf8", timeout: PATIENCE, maxBuffer: MOST_BYTES }, (error, stdout) => {
      if (!error) return resolve(new SecretValue(stdout.trim()));
      const how = error.killed === true ? `was ended after ${PATIENCE / 1_000} s, or printed more than a token` : `ended with exit code ${String(error.code)}`;
      return reject(new LifecycleError("retryable", COMMAND_FAILED, `The command in QUALYTICS_TOKEN_COMMAND ${how}: run it by hand to see what it says.`));
    });
  });
}
