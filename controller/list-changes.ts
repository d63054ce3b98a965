// Which resources a new token list concerns: so that an unchanged list wakes nobody.
import type { Remote } from "../core/observed.ts";

interface Seen {
  readonly mark: string;
  readonly state: string;
  readonly lastUsed: number | null;
}

export class ListChanges {
  #seen = new Map<number, Seen>();
  readonly #watched = new Set<string>();

  /** The marks whose tokens changed since the last list: all of them in the first one. */
  take(tokens: Iterable<{ readonly mark: string; readonly token: Remote }>): ReadonlySet<string> {
    const changed = new Set<string>();
    const next = new Map<number, Seen>();
    for (const { mark, token } of tokens) {
      const before = this.#seen.get(token.id);
      const state = `${token.name} ${token.active} ${token.expires} ${token.lastUsed === null}`;
      next.set(token.id, { mark, state, lastUsed: token.lastUsed });
      if (before?.state !== state || (before.lastUsed !== token.lastUsed && this.#watched.has(mark))) changed.add(mark);
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
