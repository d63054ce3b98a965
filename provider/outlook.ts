// What comes next of the tokens for which nothing is due, for whoever looks at a preview. A line for each of hundreds would
// hide what matters: it is said once in an operation, and again only for a token whose turn comes a day sooner. Knows
// what was said, and decides nothing.
import type { NextAction } from "../core/action.ts";
import { DAY } from "../core/duration.ts";
import { nextWords } from "./outputs.ts";

export class Outlook {
  #said = Number.POSITIVE_INFINITY;

  /** What is worth saying of a token at rest; null: nothing is. */
  line(name: string, next: NextAction): string | null {
    const { at } = next;
    if (at === null || at > this.#said - DAY) return null;
    this.#said = at;
    return `Nothing is due for ${name}. Next: ${nextWords(next)}`;
  }
}
