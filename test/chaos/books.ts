// The audit after every round: are all objects Ready, is every active token with our mark one that stands in a Secret,
// does each of these authenticate? Nothing that the operator says of itself goes into the count of tokens.
import { secrets, type KubeObject } from "../../controller/runtime/index.ts";
import { audit, balanced, type DeliveredToken, type ListedToken } from "../demo/audit.ts";
import type { Churn } from "./churn.ts";
import { insist, NAMESPACE, serviceTokens, type Stand } from "./stand.ts";
import { setTimeout as sleep } from "node:timers/promises";

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string; readonly message: string }[];
}

export interface Books {
  /** Seconds until they balanced; null: they did not in time. */
  readonly seconds: number | null;
  readonly active: number;
  readonly delivered: number;
  /** The last thing that was wrong. */
  readonly problem: string | null;
  /** Objects for which a second owner of their mark was said, and which a person has settled. */
  readonly settled: readonly string[];
}

/** Waits until the books balance. */
export async function balance(stand: Stand, churn: Churn, patienceMs: number): Promise<Books> {
  const started = performance.now();
  const settled: string[] = [];
  let problem: string | null = "nothing was looked at";
  let counts = { active: 0, delivered: 0 };
  while (performance.now() - started < patienceMs) {
    const seen = await look(stand, churn).catch((error: unknown) => ({ problem: error instanceof Error ? error.message : "the look failed", active: 0, delivered: 0, second: [] }));
    ({ problem } = seen);
    counts = seen;
    if (problem === null) return { seconds: (performance.now() - started) / 1_000, ...counts, problem, settled };
    for (const { name, revision } of seen.second) {
      if (settled.includes(name)) continue;
      settled.push(name);
      await compromise(stand, name, revision);
    }
    await sleep(500);
  }
  return { seconds: null, ...counts, problem, settled };
}

interface Look {
  readonly problem: string | null;
  readonly active: number;
  readonly delivered: number;
  readonly second: readonly { readonly name: string; readonly revision: number }[];
}

async function look(stand: Stand, churn: Churn): Promise<Look> {
  const { body: listed } = await stand.service().api<ListedToken[]>("GET", "/api/user-tokens/service");
  const { items: objects } = await stand.client.list<KubeObject & { status?: Status }>(serviceTokens, { namespace: NAMESPACE });
  const { items } = await stand.client.list<KubeObject & { data?: { token?: string } }>(secrets, { namespace: NAMESPACE }, { labelSelector: "app.kubernetes.io/managed-by=servicetokens" });
  const delivered: DeliveredToken[] = await Promise.all(
    items.map(async ({ metadata, data }) => {
      const value = Buffer.from(data?.token ?? "", "base64").toString("utf8");
      const accepted = value !== "" && (await stand.service().api("GET", "/api/users/me", undefined, value)).status === 200;
      return { secret: metadata?.name ?? "", value, accepted };
    }),
  );
  const counted = audit(listed, delivered, Date.now());
  const { active, delivered: good } = counted;
  return { active, delivered: good, second: secondOwners(objects), problem: missing(objects, churn) ?? told(balanced(counted)) };
}

const told = (outcome: true | string): string | null => (outcome === true ? null : outcome);

function missing(objects: readonly (KubeObject & { status?: Status })[], churn: Churn): string | null {
  const names = new Set(objects.map(({ metadata }) => metadata?.name ?? ""));
  const gone = [...churn.declared.keys()].filter((name) => !names.has(name));
  if (gone.length > 0) return `${gone.join(", ")} are not there`;
  const extra = [...names].filter((name) => !churn.declared.has(name));
  if (extra.length > 0) return `${extra.join(", ")} are still there`;
  for (const { metadata, status } of objects) {
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    if (ready?.status !== "True") return `${metadata?.name} is not Ready: ${ready?.message ?? "it says nothing"}`;
  }
  return null;
}

function secondOwners(objects: readonly (KubeObject & { status?: Status })[]): { name: string; revision: number }[] {
  return objects.flatMap(({ metadata, status }) => {
    const condition = status?.conditions?.find(({ type, status: value }) => type === "SecondOwner" && value === "True");
    const revision = Number(/[Rr]evision (\d+)/.exec(condition?.message ?? "")?.[1] ?? 0);
    return condition === undefined || revision === 0 ? [] : [{ name: metadata?.name ?? "", revision }];
  });
}

/** What the documentation tells a person to do with a revision that a restored cluster does not know. */
async function compromise(stand: Stand, name: string, revision: number): Promise<void> {
  const body = { metadata: { annotations: { "tokens.qualytics.io/compromised": String(revision) } } };
  await insist(`settling ${name}`, () => stand.client.patch(serviceTokens, { namespace: NAMESPACE, name }, body, { type: "merge" }));
}
