// The tokens of one list, by id and by the mark in their names. A long list is taken in steps, and the event loop goes
// on in between. Knows nothing of lists, times and writes.
import { setImmediate as turn } from "node:timers/promises";
import { parseName } from "../core/name.ts";
import type { Remote } from "../core/observed.ts";

/** A token that bears one of our marks. */
export interface Marked {
  readonly mark: string;
  readonly revision: number;
  readonly token: Remote;
}

type Entry = Marked | { readonly mark: null; readonly token: Remote };

const STEP = 1_000;

export class TokenIndex {
  readonly #byId = new Map<number, Entry>();
  readonly #byMark = new Map<string, Set<number>>();

  /** At once where they are few. */
  static of(tokens: readonly Remote[]): TokenIndex | Promise<TokenIndex> {
    const index = new TokenIndex();
    if (tokens.length > STEP) return index.#inSteps(tokens);
    for (const token of tokens) index.insert(token);
    return index;
  }

  async #inSteps(tokens: readonly Remote[]): Promise<this> {
    for (const [position, token] of tokens.entries()) {
      if (position % STEP === STEP - 1) await turn();
      this.insert(token);
    }
    return this;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: number): Remote | undefined {
    return this.#byId.get(id)?.token;
  }

  ids(): Iterable<number> {
    return this.#byId.keys();
  }

  ofMark(mark: string): Iterable<number> {
    return this.#byMark.get(mark) ?? [];
  }

  *tokens(): Generator<Remote> {
    for (const { token } of this.#byId.values()) yield token;
  }

  *marked(): Generator<Marked> {
    for (const entry of this.#byId.values()) if (entry.mark !== null) yield entry;
  }

  insert(token: Remote): void {
    this.drop(token.id);
    const parsed = parseName(token.name);
    this.#byId.set(token.id, parsed ? { ...parsed, token } : { mark: null, token });
    if (!parsed) return;
    const ids = this.#byMark.get(parsed.mark);
    if (ids) ids.add(token.id);
    else this.#byMark.set(parsed.mark, new Set([token.id]));
  }

  drop(id: number): void {
    const old = this.#byId.get(id);
    if (!old) return;
    this.#byId.delete(id);
    if (old.mark !== null) this.#byMark.get(old.mark)?.delete(id);
  }
}
