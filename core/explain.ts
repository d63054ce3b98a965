// Why the engine does what it does: the walk through its checks, one after the other, as data.
// The chain and the plan are plan.ts's own; nothing is decided here.
import { contradictions } from "./contradiction.ts";
import type { Desired } from "./desired.ts";
import type { Observed } from "./observed.ts";
import { chain, plan, type Plan } from "./plan.ts";
import { everyRevision, situate, type Revision, type Seen, type Situation, type Stray } from "./situation.ts";

/** One check that was asked. */
export interface Step {
  readonly check: string;
  /** What the check is for. */
  readonly why: string;
  /** The first that applies decides, and is the last that is asked. */
  readonly applies: boolean;
  /** What it saw, in a sentence. */
  readonly saw: string;
}

export type Role = "current" | "retiring" | "ended" | "kept" | "in hand" | "lost" | "remains" | "second owner's" | "unclaimed";

/** A revision as the engine sorted it, before any check was asked. */
export interface Sorted {
  readonly number: number;
  readonly role: Role;
  /** How the last token list shows it. */
  readonly seen: Seen;
  /** All by the API's clock. */
  readonly created: number;
  readonly expires: number | null;
  readonly lastUsed: number | null;
}

export interface Walk {
  readonly resource: string;
  readonly now: number;
  readonly revisions: readonly Sorted[];
  /** Facts that cannot all be true, each in a sentence. The engine decides nevertheless. */
  readonly contradictions: readonly string[];
  /** In the order of their priority; the last one decided, unless none applied. */
  readonly steps: readonly Step[];
  /** The checks after the one that decided. */
  readonly unasked: readonly string[];
  readonly plan: Plan;
}

/** The walk through the checks, and what came of it. */
export function explain(desired: Desired, observed: Observed, now: number): Walk {
  const s = situate(desired, observed, now);
  const checks = chain(desired);
  const steps: Step[] = [];
  for (const { name, why, ask } of checks) {
    const hit = ask(s);
    steps.push({ check: name, why, applies: hit !== null, saw: hit ? hit.message : "Does not apply." });
    if (hit) break;
  }
  return {
    resource: `${desired.kind} ${desired.resource}`,
    now,
    revisions: sorted(s),
    contradictions: contradictions(s),
    steps,
    unasked: checks.slice(steps.length).map(({ name }) => name),
    plan: plan(desired, observed, now),
  };
}

function sorted(s: Situation): Sorted[] {
  const role = (revision: Revision): Role => {
    if (revision === s.current) return "current";
    if (s.retiring.includes(revision)) return "retiring";
    return s.ended.includes(revision) ? "ended" : "kept";
  };
  const recorded = everyRevision(s).map((revision): Sorted => {
    const { entry, remote, seen } = revision;
    return { number: entry.number, role: role(revision), seen, created: entry.created, expires: entry.expires, lastUsed: remote?.lastUsed ?? null };
  });
  const strays = [...s.lost.map(stray(s, "lost")), ...s.remains.map(stray(s, "remains")), ...s.others.map(stray(s, "second owner's")), ...s.unclaimed.map(stray(s, "unclaimed"))];
  const { hand } = s.observed;
  const held: Sorted[] = hand ? [{ number: hand.number, role: "in hand", seen: "unknown", created: hand.created, expires: hand.expires, lastUsed: null }] : [];
  return [...recorded, ...held, ...strays].sort((a, b) => a.number - b.number);
}

const stray = (s: Situation, role: Role) => ({ number, remote }: Stray): Sorted => {
  const over = remote.expires !== null && remote.expires <= s.apiNow;
  return { number, role, seen: remote.active ? (over ? "expired" : "active") : "revoked", created: remote.created, expires: remote.expires, lastUsed: remote.lastUsed };
};
