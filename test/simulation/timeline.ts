// Virtual time: what happens next, and nothing before its time. No timer, no real clock.
interface Moment {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  readonly what: What | null;
}

/** What a moment will be about, for whoever compares two worlds: null means nothing will happen in it. */
export type What = () => string | null;

/** 2026-01-01T00:00:00Z. */
const START = 1_767_225_600_000;

export class Timeline {
  now = START;
  readonly #moments: Moment[] = [];
  #order = 0;

  in(delay: number, run: () => void, what: What | null = null): void {
    this.#moments.push({ at: this.now + Math.max(0, delay), order: this.#order++, run, what });
  }

  /** What is to come, in its order, and how far off it is. */
  ahead(): string[] {
    const moments = [...this.#moments].sort((a, b) => a.at - b.at || a.order - b.order);
    return moments.flatMap(({ at, what }) => {
      const about = what ? what() : "?";
      return about === null ? [] : [`${at - this.now} ${about}`];
    });
  }

  get idle(): boolean {
    return this.#moments.length === 0;
  }

  /** When the next thing happens; null: nothing is under way. */
  get next(): number | null {
    const first = this.#first();
    return first < 0 ? null : (this.#moments[first]?.at ?? null);
  }

  /** Moves to the next moment and lets it happen. */
  step(): boolean {
    const first = this.#first();
    const moment = this.#moments[first];
    if (!moment) return false;
    const last = this.#moments.pop();
    if (last && last !== moment) this.#moments[first] = last;
    this.now = Math.max(this.now, moment.at);
    moment.run();
    return true;
  }

  #first(): number {
    let best = -1;
    for (let i = 0; i < this.#moments.length; i++) {
      const candidate = this.#moments[i] as Moment;
      const holder = this.#moments[best];
      if (!holder || candidate.at < holder.at || (candidate.at === holder.at && candidate.order < holder.order)) best = i;
    }
    return best;
  }
}
