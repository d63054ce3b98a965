// Which resources a new token list concerns: so that an unchanged list wakes nobody.
import type { Remote } from "../core/observed.ts";

interface Seen {
  readonly mark: string;
  readonly token: Remote;
}

export class ListChanges {
  #seen = new Map<number, Seen>();
  readonly #watched = new Set<string>();

  /** The marks whose tokens changed since the last list: all of them in the first one. */
  take(tokens: Iterable<Seen>): ReadonlySet<string> {
    const changed = new Set<string>();
    const next = new Map<number, Seen>();
    for (const seen of tokens) {
      const { mark, token } = seen;
      const before = this.#seen.get(token.id)?.token;
      next.set(token.id, seen);
      if (!before || isOther(before, token) || (before.lastUsed !== token.lastUsed && this.#watched.has(mark))) changed.add(mark);
    }
    for (const [id, { mark }] of this.#seen) if (!next.has(id)) changed.add(mark);
    this.#seen = next;
    return changed;
  }

  /** Whether every use of this mark's tokens counts, not only the first. */
  watch(mark: string, watched: boolean): void {
    if (watched) this.#watched.add(mark);
    else this.#watched.delete(mark);
  }

  clear(): void {
    this.#seen = new Map();
  }
}

const isOther = (before: Remote, now: Remote): boolean =>
  before !== now && (before.name !== now.name || before.active !== now.active || before.expires !== now.expires || (before.lastUsed === null) !== (now.lastUsed === null));
