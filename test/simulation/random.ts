// The simulation's only source of chance: mulberry32, so that a seed gives the same history on every machine.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(from.length)] as T;
  }

  /** Between low and high, each order of magnitude as likely as the next; whole milliseconds. */
  span(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.next());
  }
}

/** Nothing ever happens by it. */
export class NoLuck extends Random {
  override chance(_probability: number): boolean {
    return false;
  }
}
