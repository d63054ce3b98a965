// A program that uses the token: it reads the Secret once a second, as a mounted file would be renewed, and calls
// the API several times a second with what it read last. A process of its own; it prints a line for each call.
//
//   node consumer.ts <apiserver> <token of the cluster> <namespace> <secret> <token service>
//
// The apiserver's certificate is in NODE_EXTRA_CA_CERTS.
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

const READ_EVERY_MS = 1_000;
const CALL_EVERY_MS = 200;

export interface Call {
  /** The first digits of the value's SHA-256. */
  readonly token: string;
  /** 0: no answer. */
  readonly status: number;
}

export const digest = (value: string): string => createHash("sha256").update(value).digest("hex").slice(0, 12);

export interface Tally {
  readonly calls: number;
  readonly failures: readonly Call[];
  /** Calls by token, in the order of first use. */
  readonly byToken: ReadonlyMap<string, number>;
}

/** What the lines of a consumer say. */
export function tally(lines: string): Tally {
  const calls = lines.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Call);
  const byToken = new Map<string, number>();
  for (const { token } of calls) byToken.set(token, (byToken.get(token) ?? 0) + 1);
  return { calls: calls.length, failures: calls.filter(({ status }) => status !== 200), byToken };
}

async function consume([apiserver, bearer, namespace, secret, service]: readonly string[]): Promise<never> {
  const read = async (): Promise<string> => {
    const response = await fetch(`${apiserver}/api/v1/namespaces/${namespace}/secrets/${secret}`, { headers: { authorization: `Bearer ${bearer}` } });
    const { data } = (await response.json()) as { data: { token: string } };
    return Buffer.from(data.token, "base64").toString("utf8");
  };
  let value = await read();
  for (let at = 0; ; at += CALL_EVERY_MS) {
    if (at > 0 && at % READ_EVERY_MS === 0) value = await read();
    const response = await fetch(`${service}/api/users/me`, { headers: { authorization: `Bearer ${value}` } }).catch(() => null);
    await response?.arrayBuffer();
    process.stdout.write(`${JSON.stringify({ token: digest(value), status: response?.status ?? 0 } satisfies Call)}\n`);
    await sleep(CALL_EVERY_MS);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await consume(process.argv.slice(2));
