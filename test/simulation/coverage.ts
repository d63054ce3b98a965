// How often each check, action, reason and fault was met: what is never met proves nothing.
import type { Action } from "../../core/action.ts";
import { END, LIFE } from "../../core/plan.ts";
import { REASONS } from "../../core/reason.ts";
import { ACTS } from "./person.ts";
import { FAULTS } from "./sim-api.ts";

export type Counts = readonly (readonly [key: string, count: number])[];

/** Given by the fronts, from what is outside this world. */
const OF_THE_FRONTS: ReadonlySet<string> = new Set(["IssuerInvalid", "NotAdministrator"]);

const ACTIONS: { readonly [action in Action["do"]]: true } = {
  Look: true,
  Hold: true,
  Release: true,
  Probe: true,
  Issue: true,
  Verify: true,
  Try: true,
  Fence: true,
  Deliver: true,
  Redeliver: true,
  Drop: true,
  Record: true,
  Restart: true,
  Revoke: true,
  Restore: true,
  Delete: true,
  Remove: true,
  Disown: true,
};

/** What can befall a process or a call of ours; what a person does is an act. */
const MISHAPS: readonly string[] = ["died", "frozen", "outage", "up", "up-failed", "secret-before", "secret-after", "secret-503"];

export class Coverage {
  readonly #counts = new Map<string, number>();

  meet(kind: string, name: string, times = 1): void {
    const key = `${kind} ${name}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + times);
  }

  count(kind: string, name: string): number {
    return this.#counts.get(`${kind} ${name}`) ?? 0;
  }

  counts(): Counts {
    return [...this.#counts];
  }

  add(counts: Counts): void {
    for (const [key, count] of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  lines(): string[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, count]) => `${String(count).padStart(9)}  ${key}`);
  }

  /** What the engine can do or say, or the world can do to it, and never did. */
  unmet(): string[] {
    const expected = [
      ...LIFE.map(({ name }) => ["check", `life ${name}`] as const),
      ...END.map(({ name }) => ["check", `end ${name}`] as const),
      ...Object.keys(ACTIONS).map((name) => ["action", name] as const),
      ...[...MISHAPS, ...FAULTS].map((name) => ["fault", name] as const),
      ...ACTS.map(({ name }) => ["act", name] as const),
      ...REASONS.filter((name) => !OF_THE_FRONTS.has(name)).map((name) => ["reason", name] as const),
    ];
    return expected.filter(([kind, name]) => this.count(kind, name) === 0).map(([kind, name]) => `${kind} ${name}`);
  }
}
