// Reads JSON as JSON.parse does, but says where a mistake is, and refuses a name that stands twice in one object.

export type JsonRead = { readonly value: unknown } | { readonly line: number; readonly column: number; readonly message: string };

const DEEPEST = 200;
const SPACE = /[ \t\n\r]*/y;
const TEXT = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const WORD = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.])|(?:true|false|null)(?![0-9A-Za-z_])/y;

class Mistake extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Goes once over a text and throws the first mistake. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value(0, "a value");
    this.#skip();
    if (this.#at < this.#text.length) throw new Mistake(this.#at, `expected the end of the file, found ${this.#found()}`);
  }

  #skip(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const [match] = pattern.exec(this.#text) ?? [null];
    if (match !== null) this.#at += match.length;
    return match;
  }

  #take(character: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #found(): string {
    const rest = this.#text.slice(this.#at);
    if (rest === "") return "the end of the file";
    if (rest.startsWith('"')) return "a text that is not closed in its line, or holds a wrong escape";
    return JSON.stringify(/^[A-Za-z0-9_.+-]{1,20}/.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0) ?? 0));
  }

  #value(depth: number, expected: string): void {
    if (depth > DEEPEST) throw new Mistake(this.#at, `nested deeper than ${DEEPEST}`);
    if (this.#take("{")) return this.#members(depth);
    if (this.#take("[")) return this.#items(depth);
    if (this.#match(TEXT) === null && this.#match(WORD) === null) throw new Mistake(this.#at, `expected ${expected}, found ${this.#found()}`);
  }

  #members(depth: number): void {
    if (this.#take("}")) return;
    const names = new Set<string>();
    do {
      this.#skip();
      const at = this.#at;
      const name = this.#match(TEXT);
      if (name === null) throw new Mistake(at, `expected a name in double quotes, found ${this.#found()}`);
      const plain = String(JSON.parse(name));
      if (names.has(plain)) throw new Mistake(at, `the name ${name} stands twice in one object`);
      names.add(plain);
      if (!this.#take(":")) throw new Mistake(this.#at, `expected ":" after ${name}, found ${this.#found()}`);
      this.#value(depth + 1, `a value for ${name}`);
    } while (this.#take(","));
    if (!this.#take("}")) throw new Mistake(this.#at, `expected "," or "}", found ${this.#found()}`);
  }

  #items(depth: number): void {
    if (this.#take("]")) return;
    do this.#value(depth + 1, "a value");
    while (this.#take(","));
    if (!this.#take("]")) throw new Mistake(this.#at, `expected "," or "]", found ${this.#found()}`);
  }
}

export function readJson(text: string): JsonRead {
  try {
    new Scanner(text).document();
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return { line: before.length, column: [...(before.at(-1) ?? "")].length + 1, message: error.message };
  }
}
