// Whether a new token list may be believed. Decides when too much is missing at once, and whose turn it is to try a
// delivered value, which settles it. Knows which tokens stand delivered, and nothing of what follows from it.
import { isSame } from "../core/situation.ts";
import type { Remote } from "../core/observed.ts";

/** A token that stands delivered and should be in the list. */
export interface Expected {
  readonly id: number;
  readonly name: string;
  readonly created: number;
}

type Listed = (id: number) => Remote | undefined;

/** Fewer may be deleted by hand in one go. */
const LEAST = 3;
/** Milliseconds after which a turn that led to nothing passes on. */
const TURN = 30_000;
/** One alone may have been revoked, which a refusal does not tell from deleted. */
const REFUSALS = 2;

export class Suspicion {
  readonly #monotonic: () => number;
  readonly #expected = new Map<string, Expected>();
  /** The marks whose delivered token the newest list lacks. */
  readonly #absent = new Set<string>();
  /** Those of which it is settled that they are gone. */
  readonly #gone = new Set<string>();
  /** Settled: the newest list leaves out tokens that exist. */
  #lies = false;
  /** So did one since the suspicion began: the words stay the same from list to list. */
  #lied = false;
  #turn: { readonly mark: string; readonly at: number } | null = null;
  readonly #passed = new Set<string>();
  /** Whose tokens were refused since the newest list. */
  readonly #refused = new Set<string>();

  readonly #onTried: (next: string | "all") => void;

  /** `onTried` is told after each trial who can go on now: the next one to try, or all, since it is settled. */
  constructor(monotonic: () => number, onTried: (next: string | "all") => void = () => undefined) {
    this.#monotonic = monotonic;
    this.#onTried = onTried;
  }

  /** Which token a mark's resource has delivered; null: none. `listed` is null while there is no list. */
  expect(mark: string, expected: Expected | null, listed: Listed | null): void {
    if (!expected) {
      for (const marks of [this.#expected, this.#absent, this.#gone]) marks.delete(mark);
    } else {
      const before = this.#expected.get(mark);
      if (before?.id !== expected.id || before.created !== expected.created) {
        this.#expected.set(mark, { id: expected.id, name: expected.name, created: expected.created });
        this.#gone.delete(mark);
      }
      if (listed) this.#look(mark, expected, listed);
    }
    this.#calm();
  }

  /** A new list is here. */
  take(listed: Listed): void {
    this.#lies = false;
    this.#refused.clear();
    this.#passed.clear();
    for (const [mark, expected] of this.#expected) this.#look(mark, expected, listed);
    this.#calm();
  }

  #look(mark: string, expected: Expected, listed: Listed): void {
    const token = listed(expected.id);
    const there = token !== undefined && isSame(token, expected);
    if (there) this.#gone.delete(mark);
    if (there || this.#gone.has(mark)) this.#absent.delete(mark);
    else this.#absent.add(mark);
  }

  #calm(): void {
    if (this.#isMuch()) return;
    this.#turn = null;
    this.#lied = false;
  }

  #isMuch(): boolean {
    return this.#absent.size >= LEAST && this.#absent.size * 2 > this.#expected.size - this.#gone.size;
  }

  /** Why the newest list is not believed, in words for people; null: it is. */
  get problem(): string | null {
    if (!this.#isMuch()) return null;
    const lacks = "The token list lacks most of the tokens that stand delivered";
    return this.#lied ? `${lacks}, and one of them still authenticates: the list is not complete, and nothing follows from it.` : `${lacks}: that is not believed before two of them were tried.`;
  }

  /** Whether the resource of this mark is to try its delivered value now. One at a time. */
  claim(mark: string): boolean {
    if (!this.#isMuch() || this.#lies || !this.#absent.has(mark) || this.#passed.has(mark)) return false;
    const now = this.#monotonic();
    if (this.#turn && this.#turn.mark !== mark && now - this.#turn.at < TURN) return false;
    if (this.#turn?.mark !== mark) this.#turn = { mark, at: now };
    return true;
  }

  /** The trial of this mark showed nothing: somebody else is to try. */
  pass(mark: string): void {
    this.#end(mark);
    this.#hand();
  }

  /** Its turn may have passed on by now, where it took long. */
  #end(mark: string): void {
    this.#passed.add(mark);
    if (this.#turn?.mark === mark) this.#turn = null;
  }

  /** Whoever waits for that trial need not wait for a date. One alone is next: not each trial is worth a look of all. */
  #hand(): void {
    const next = this.#isMuch() && [...this.#absent].find((mark) => !this.#passed.has(mark));
    if (next) this.#onTried(next);
  }

  /** The trial showed whether a mark's token is still good: one that is proves the list wrong, two that are not prove it right. */
  settle(mark: string, refused: boolean): void {
    this.#end(mark);
    if (!refused) this.#lies = this.#lied = true;
    if (this.#lies) return;
    if (this.#refused.add(mark).size < REFUSALS) return this.#hand();
    for (const mark of this.#absent) this.#gone.add(mark);
    this.#absent.clear();
    this.#lied = false;
    this.#onTried("all");
  }

  /** Whether the newest list was shown to leave out what exists. */
  get lies(): boolean {
    return this.#lies;
  }
}
