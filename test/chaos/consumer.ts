// Programs that use tokens: each reads its Secret every second, as a mounted file would be renewed, keeps what it
// read while the Secret or the apiserver is away, and calls the API several times a second with it. A process of its
// own, that nothing of the chaos touches; it prints its counts every second.
//
//   node consumer.ts <kubeconfig> <namespace> <token service> <secret>...
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { loadCredentials, RestClient, secrets } from "../../controller/runtime/index.ts";

const READ_EVERY_MS = 1_000;
const CALL_EVERY_MS = 200;

export interface Count {
  readonly secret: string;
  /** Calls that were answered with the user. */
  readonly good: number;
  /** Calls that were answered with a refusal: it was without a valid token. */
  readonly refused: number;
  /** Nobody answered, or not with yes or no: that is the service's, not the token's. */
  readonly unanswered: number;
  readonly tokens: number;
  /** When it was refused first, and with which token (digits of its SHA-256). */
  readonly first: { readonly at: string; readonly token: string } | null;
}

const digest = (value: string): string => createHash("sha256").update(value).digest("hex").slice(0, 12);

async function consume(client: RestClient, at: { namespace: string; name: string; service: string }, counts: Map<string, Count>): Promise<never> {
  const read = async (): Promise<string> => {
    const secret = await client.get(secrets, { namespace: at.namespace, name: at.name }, { timeoutMs: 2_000 }).catch(() => null);
    return Buffer.from((secret?.data as { token?: string } | undefined)?.token ?? "", "base64").toString("utf8");
  };
  let value = "";
  const seen = new Set<string>();
  let count: Count = { secret: at.name, good: 0, refused: 0, unanswered: 0, tokens: 0, first: null };
  for (let time = 0; ; time += CALL_EVERY_MS) {
    if (time % READ_EVERY_MS === 0) value = (await read()) || value;
    if (value !== "") {
      seen.add(value);
      const response = await fetch(`${at.service}/api/users/me`, { headers: { authorization: `Bearer ${value}` }, signal: AbortSignal.timeout(5_000) }).catch(() => null);
      await response?.arrayBuffer().catch(() => undefined);
      if (response?.status === 200) count = { ...count, good: count.good + 1 };
      else if (response?.status === 401 || response?.status === 403) count = { ...count, refused: count.refused + 1, first: count.first ?? { at: new Date().toISOString(), token: digest(value) } };
      else count = { ...count, unanswered: count.unanswered + 1 };
      counts.set(at.name, { ...count, tokens: seen.size });
    }
    await sleep(CALL_EVERY_MS);
  }
}

/** The last counts that a consumer printed. */
export function lastCounts(lines: string): readonly Count[] {
  const line = lines.trimEnd().split("\n").findLast((text) => text.startsWith("[") && text.endsWith("]"));
  return line === undefined ? [] : (JSON.parse(line) as Count[]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [kubeconfig = "", namespace = "", service = "", ...names] = process.argv.slice(2);
  const client = new RestClient({ credentials: await loadCredentials({ kubeconfig }), retryBudgetMs: 0 });
  const counts = new Map<string, Count>();
  setInterval(() => process.stdout.write(`${JSON.stringify([...counts.values()])}\n`), 1_000);
  await Promise.all(names.map((name) => consume(client, { namespace, name, service }, counts)));
}
