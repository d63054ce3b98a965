// What a token object's status says. Output only: nothing here is ever read to decide.
import { renewAt, retireAt } from "../core/dates.ts";
import { DAY } from "../core/duration.ts";
import { formatInstant } from "../core/instant.ts";
import type { Plan } from "../core/plan.ts";
import type { Entry } from "../core/record.ts";
import type { Revision, Situation } from "../core/situation.ts";
import type { Condition, TokenStatus } from "./kinds.ts";

const HISTORY = 10;
const when = (at: number | null): string | null => (at === null || !Number.isFinite(at) ? null : formatInstant(at));

/** Conditions with the time of their last change carried over; `now` in milliseconds. */
export function conditions(
  wanted: readonly { readonly type: string; readonly status: Condition["status"]; readonly reason: string; readonly message: string }[],
  previous: readonly Condition[],
  at: { readonly generation: number; readonly now: number },
): Condition[] {
  return wanted.map(({ type, status, reason, message }) => {
    const before = previous.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : formatInstant(at.now);
    return { type, status, reason, message, observedGeneration: at.generation, lastTransitionTime };
  });
}

function tokenOf(s: Situation, current: Revision): NonNullable<TokenStatus["token"]> {
  const { entry, remote } = current;
  // What came before usedAfter was our own verification.
  const lastUsed = remote?.lastUsed !== undefined && remote.lastUsed !== null && remote.lastUsed > entry.usedAfter ? remote.lastUsed : null;
  const expired = entry.expires !== null && entry.expires <= s.apiNow;
  return {
    id: entry.id,
    name: entry.name,
    revision: entry.number,
    issuedAt: when(entry.created),
    expiresAt: when(entry.expires),
    renewAt: when(renewAt(s.desired, entry)),
    lastUsedAt: when(lastUsed),
    usage: lastUsed === null ? "NotUsed" : "Used",
    state: expired ? "Expired" : current.seen === "revoked" || current.seen === "gone" || entry.revoked ? "Revoked" : "Active",
  };
}

function historyOf(s: Situation, previous: TokenStatus["history"] = []): NonNullable<TokenStatus["history"]> {
  const lines = new Map(previous.map((line) => [line.revision, line]));
  for (const entry of s.record?.revisions ?? []) lines.set(entry.number, line(entry));
  return [...lines.values()].sort((a, b) => b.revision - a.revision).slice(0, HISTORY);
}

function line(entry: Entry): NonNullable<TokenStatus["history"]>[number] {
  return {
    revision: entry.number,
    id: entry.id,
    issuedAt: when(entry.created),
    ...(entry.deliveredAt === null ? {} : { deliveredAt: when(entry.deliveredAt) }),
    ...(entry.revoked ? { revokedAt: when(entry.revoked.at), reason: entry.revoked.why } : {}),
  };
}

/** The whole status, with null for what is to be absent: it is sent as a merge patch. */
export function statusOf(s: Situation, plan: Plan, previous: TokenStatus | null, generation: number): TokenStatus {
  const { current } = s;
  return {
    observedGeneration: generation,
    conditions: conditions(plan.conditions, previous?.conditions ?? [], { generation, now: s.now }),
    token: current ? tokenOf(s, current) : null,
    retiring:
      s.retiring.length === 0
        ? null
        : s.retiring.map((old) => {
            const date = current ? retireAt(s, old, current) : null;
            return { id: old.entry.id, revision: old.entry.number, ...(date && Number.isFinite(date.at) ? { retireAt: when(date.at) } : {}), ...(date ? { reason: date.why } : {}) };
          }),
    nextAction: { type: plan.nextAction.type, at: when(plan.nextAction.at), reason: plan.nextAction.reason },
    history: historyOf(s, previous?.history),
    user: s.observed.owner.is === "present" ? s.observed.owner.value.name : (previous?.["user"] ?? null),
  };
}

type Fields = { readonly [name: string]: unknown };
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** As the apiserver would store them: null is no field, and the order of fields does not matter. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  if (!isFields(a) || !isFields(b)) return (a ?? null) === (b ?? null);
  return [...Object.keys(a), ...Object.keys(b)].every((name) => isSame(a[name], b[name]));
}

/** Whether a status is worth a write: a later use alone is, once a day. */
export function isWorthWriting(next: TokenStatus, previous: TokenStatus | null): boolean {
  if (previous === null) return true;
  const unused = (status: TokenStatus): Fields => ({ ...status, token: status.token ? { ...status.token, lastUsedAt: null } : null });
  if (!isSame(unused(next), unused(previous))) return true;
  const used = (status: TokenStatus): number => Date.parse(status.token?.lastUsedAt ?? "") || 0;
  return Math.abs(used(next) - used(previous)) >= DAY;
}
