// What one process remembers of one resource between two looks. Nothing here outlives the process,
// and nothing here is needed for safety but the value in hand, which a crash turns into a lost token.
import type { Copy, Fact, Hand, Rollout } from "../core/observed.ts";
import type { Record } from "../core/record.ts";
import type { SecretValue } from "../core/secret-value.ts";

export interface Memory {
  hand: Hand | null;
  value: SecretValue | null;
  /** See Observed.dropped. */
  dropped: Hand | null;
  /** When the POST of the token in hand was sent; monotonic. */
  issuedAt: number;
  /** See Observed.taken. */
  taken: number;
  /** When a write got no clear answer, monotonic, by issuer (core/home.ts: issuerId), until a later list of it is here. */
  readonly uncertain: Map<string, number>;
  /** Why tokens of this spec are not issued any more, and for which spec that holds. */
  refused: { readonly message: string; readonly spec: string } | null;
  /** How often tokens of this spec failed verification that others cleared before they were given up. */
  failed: { readonly failures: number; readonly spec: string } | null;
  /** What the last dry run said. */
  writable: true | string | null;
  writableAt: number;
  /** For which spec and which version of the place that holds: another one is tried anew. Kept by the front. */
  writableFor: string;
  /** How often in a row writes were refused. */
  refusals: number;
  /** What the last look at the workloads said, and when it was over; monotonic. */
  rollout: Fact<Rollout> | null;
  rolloutAt: number;
  /** The record that the last look found, and since when it is known; monotonic. */
  seen: { readonly record: Record | null; readonly place: Copy["place"]; readonly at: number } | null;
  /** See Observed.unrenderable. */
  unrenderable: string | null;
}

export function blankMemory(): Memory {
  return { hand: null, value: null, dropped: null, issuedAt: 0, taken: 0, uncertain: new Map(), refused: null, failed: null, writable: null, writableAt: 0, writableFor: "", refusals: 0, rollout: null, rolloutAt: 0, seen: null, unrenderable: null };
}

/** Nothing in it that another look would not find again. */
export function isForgettable(memory: Memory): boolean {
  const waits = typeof memory.writable === "string" || memory.rollout?.is === "unknown";
  return memory.hand === null && memory.refused === null && memory.uncertain.size === 0 && !waits;
}
