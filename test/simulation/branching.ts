// Every way through something that has to choose now and then: it is gone through from its beginning with a list of
// choices; the last one that has an alternative is turned, until none is left.

export class Branching {
  readonly #prefix: readonly number[];
  readonly made: { taken: number; of: number }[] = [];

  constructor(prefix: readonly number[]) {
    this.#prefix = prefix;
  }

  /** Whether every choice that was given is made: from here on nobody has been, as far as is known. */
  get isFree(): boolean {
    return this.made.length >= this.#prefix.length;
  }

  /** 0 to `of` - 1; 0 where nothing was given. */
  choose(of: number): number {
    const taken = this.#prefix[this.made.length] ?? 0;
    this.made.push({ taken, of });
    return taken;
  }

  /** The choices of the next way; null: all are gone. */
  following(): number[] | null {
    const made = [...this.made];
    for (let last = made.pop(); last; last = made.pop()) {
      if (last.taken + 1 < last.of) return [...made.map(({ taken }) => taken), last.taken + 1];
    }
    return null;
  }
}
