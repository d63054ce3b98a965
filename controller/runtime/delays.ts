// Which keys are due at what time. Decides only the order; must not know clocks,
// timers, or what happens to a key that is due. One node a key, replaced ones are
// left in the heap and skipped.
import { Heap } from "./heap.ts";

interface Node {
  key: string;
  at: number;
  priority: number;
  live: boolean;
}

export interface DueKey {
  key: string;
  priority: number;
}

export class Delays {
  readonly #heap = new Heap<Node>((a, b) => a.at < b.at);
  readonly #nodes = new Map<string, Node>();

  get size(): number {
    return this.#nodes.size;
  }

  /** With the replaced ones that still lie in the heap. */
  get entries(): number {
    return this.#nodes.size + this.#heap.size;
  }

  at(key: string): number | undefined {
    return this.#nodes.get(key)?.at;
  }

  /** The earliest time that is due. */
  earliest(): number | undefined {
    this.#skipDead();
    return this.#heap.peek()?.at;
  }

  /** Replaces whatever the key had. */
  set(key: string, at: number, priority: number): void {
    if (Number.isNaN(at)) throw new RangeError(`${key} has no valid due time`);
    this.delete(key);
    const node = { key, at, priority, live: true };
    this.#nodes.set(key, node);
    this.#heap.push(node);
    // Dead nodes are bounded by the living: a key rescheduled for ever costs no memory.
    if (this.#heap.size > 2 * this.#nodes.size + 64) this.#heap.filter((entry) => entry.live);
  }

  /** Keeps the earlier of the two, and the higher priority. */
  setEarlier(key: string, at: number, priority: number): void {
    const current = this.#nodes.get(key);
    if (current === undefined || at < current.at) this.set(key, at, Math.max(priority, current?.priority ?? priority));
    else current.priority = Math.max(current.priority, priority);
  }

  delete(key: string): void {
    const node = this.#nodes.get(key);
    if (node === undefined) return;
    node.live = false;
    this.#nodes.delete(key);
  }

  /** Takes one key that is due, or nothing. */
  popDue(now: number): DueKey | undefined {
    this.#skipDead();
    const node = this.#heap.peek();
    if (node === undefined || node.at > now) return undefined;
    this.#heap.pop();
    this.#nodes.delete(node.key);
    return node;
  }

  clear(): void {
    this.#heap.clear();
    this.#nodes.clear();
  }

  #skipDead(): void {
    while (this.#heap.peek()?.live === false) this.#heap.pop();
  }
}
