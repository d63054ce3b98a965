// What has been said already, and how much each object may still say. Decides whether
// an event is new, a repetition or too much; must not know how events are sent.
// Bounded: the least recently used are forgotten.
import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";
import type { EventInput } from "./events.ts";

/** An event and how often it happened; `name` once it stands on the server. */
export interface Remembered {
  readonly id: string;
  readonly input: EventInput;
  count: number;
  lastAt: number;
  waiting: boolean;
  name?: string;
}

interface Budget {
  tokens: number;
  at: number;
}

const limit = 4096;
const similarMs = 600_000;
const burst = 25;
const refillMs = 300_000;

export class EventMemory {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Remembered>();
  readonly #budgets = new Map<string, Budget>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The event with its count so far, or undefined if its object has said enough. */
  admit(input: EventInput): Remembered | undefined {
    const source = `${input.regarding.kind}/${input.regarding.namespace ?? ""}/${input.regarding.name}/${input.regarding.uid ?? ""}`;
    if (!this.#spend(source)) return undefined;
    const key = [source, input.type, input.reason, input.note].join("\0");
    const now = this.#clock.monotonic();
    const known = this.#seen.get(key);
    if (known !== undefined && now - known.lastAt < similarMs) {
      known.count += 1;
      known.lastAt = now;
      touch(this.#seen, key, known);
      return known;
    }
    const fresh: Remembered = { id: randomBytes(8).toString("hex"), input, count: 1, lastAt: now, waiting: false };
    touch(this.#seen, key, fresh);
    return fresh;
  }

  #spend(source: string): boolean {
    const now = this.#clock.monotonic();
    const budget = this.#budgets.get(source) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, budget.tokens + (now - budget.at) / refillMs);
    touch(this.#budgets, source, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    return tokens >= 1;
  }
}

/** A Map keeps insertion order: moved to the end, the first is the one unused for longest. */
function touch<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= limit) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
