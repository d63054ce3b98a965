// Shares the workers of one queue among lanes: keys that wait for the same thing outside, and would all be slow
// together. A lane takes a place while it has fewer than are free, so that the first slow one gets half of them, the
// next one half of what is left, and there is one for each that comes. Knows neither queue nor work.
export class FairShare {
  readonly #places: number;
  #taken = 0;
  readonly #inWork = new Map<string, number>();
  readonly #waiting = new Map<string, Set<string>>();

  /** As many places as there are workers: whoever asks is one of them. */
  constructor(places: number) {
    this.#places = places;
  }

  /** Keys that were sent to wait. */
  get waiting(): number {
    let count = 0;
    for (const keys of this.#waiting.values()) count += keys.size;
    return count;
  }

  /** False: the key waits until a `leave` gives it back. */
  enter(lane: string, key: string): boolean {
    const mine = this.#inWork.get(lane) ?? 0;
    if (mine >= this.#places - this.#taken) {
      const keys = this.#waiting.get(lane) ?? new Set();
      this.#waiting.set(lane, keys.add(key));
      return false;
    }
    this.#forget(lane, key);
    this.#inWork.set(lane, mine + 1);
    this.#taken += 1;
    return true;
  }

  /** The keys for which there is room now, of whichever lane: they are to ask again. */
  leave(lane: string): string[] {
    this.#taken -= 1;
    const left = (this.#inWork.get(lane) ?? 1) - 1;
    if (left === 0) this.#inWork.delete(lane);
    else this.#inWork.set(lane, left);
    return [...this.#waiting].flatMap(([each, keys]) => this.#called(each, keys));
  }

  #called(lane: string, keys: ReadonlySet<string>): string[] {
    const room = Math.ceil((this.#places - this.#taken - (this.#inWork.get(lane) ?? 0)) / 2);
    const called: string[] = [];
    for (const key of keys) {
      if (called.length >= room) break;
      called.push(key);
    }
    for (const key of called) this.#forget(lane, key);
    return called;
  }

  #forget(lane: string, key: string): void {
    const keys = this.#waiting.get(lane);
    keys?.delete(key);
    if (keys?.size === 0) this.#waiting.delete(lane);
  }
}
