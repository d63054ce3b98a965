// What may stand in a Secret's template, read into parts: text, and expressions over a closed set of words and
// functions. No condition, no loop, no file, no environment: a template says how a value is written and nothing else.
import { functionNames, isFunction, type FunctionName } from "./template-function.ts";

export const WORDS = ["token", "url", "name", "expiresAt", "user"] as const;
export type Word = (typeof WORDS)[number];

export type Term = { readonly word: Word } | { readonly text: string };

/** Terms are written one after the other, then the functions applied from left to right. */
export interface Expression {
  readonly terms: readonly Term[];
  readonly functions: readonly FunctionName[];
}

export type Part = string | Expression;

export interface Parsed {
  readonly parts: readonly Part[];
  /** What is wrong with it, for people; null: nothing. */
  readonly problem: string | null;
}

const EXPRESSION = /\{\{(-?)((?:"(?:[^"\\]|\\.)*"|[^"}]|\}(?!\}))*?)(-?)\}\}/g;
const TOKEN = /\.[A-Za-z][A-Za-z0-9]*|"(?:[^"\\]|\\.)*"|[A-Za-z][A-Za-z0-9]*|\S/g;

const list = (names: readonly string[]): string => names.join(", ");
export const WORD_LIST = list(WORDS.map((word) => `.${word}`));

/** Nearly all objects of a cluster have one of few templates, and each is asked for in every look at its Secret. */
const REMEMBERED = 64;
const remembered = new Map<string, Parsed>();

/** Reads one template. Never throws: what is wrong is said. */
export function parseTemplate(source: string): Parsed {
  const known = remembered.get(source);
  if (known) return known;
  const parsed = parse(source);
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(source, parsed);
  return parsed;
}

function parse(source: string): Parsed {
  const parts: Part[] = [];
  let problem: string | null = null;
  let at = 0;
  let trim = false;
  const text = (end: number, left: boolean): void => {
    const piece = source.slice(at, end);
    if (piece.includes("{{")) problem ??= "an expression that begins with {{ does not end: close it with }}";
    // As in Go: a dash takes the white space beside it away.
    const begun = trim ? piece.trimStart() : piece;
    const trimmed = left ? begun.trimEnd() : begun;
    if (trimmed !== "") parts.push(trimmed);
  };
  for (const match of source.matchAll(EXPRESSION)) {
    const [whole, left, inner = "", right] = match;
    text(match.index, left === "-");
    trim = right === "-";
    at = match.index + whole.length;
    const expression = parseExpression(inner);
    if (typeof expression === "string") problem ??= expression;
    else parts.push(expression);
  }
  text(source.length, false);
  return { parts, problem };
}

function parseExpression(inner: string): Expression | string {
  const [first = [], ...rest] = segments(inner);
  const terms: Term[] = [];
  for (const token of first) {
    const term = termOf(token);
    if (typeof term === "string") return term;
    terms.push(term);
  }
  if (terms.length === 0) return rest.length === 0 ? `an expression is empty: write one of ${WORD_LIST}` : misplaced("|");
  const functions: FunctionName[] = [];
  for (const [name, more] of rest) {
    if (name === undefined) return `after | a function is missing: the functions are ${list(functionNames)}`;
    if (more !== undefined) return misplaced(more);
    if (!isFunction(name)) return `${name} is not known: the functions are ${list(functionNames)}`;
    functions.push(name);
  }
  return { terms, functions };
}

/** What stands between the bars, in pieces. */
function segments(inner: string): string[][] {
  const found: string[][] = [[]];
  for (const [piece] of inner.matchAll(TOKEN)) {
    if (piece === "|") found.push([]);
    else found.at(-1)?.push(piece);
  }
  return found;
}

const misplaced = (piece: string): string => `${JSON.stringify(piece)} cannot stand there: write words and quoted texts, then functions after |, as in {{ .user ":" .token | base64 }}`;

/** Or what is wrong with it. */
function termOf(piece: string): Term | string {
  if (piece.startsWith(".") && piece.length > 1) {
    const word = piece.slice(1);
    return isWord(word) ? { word } : `${piece} is not known: the words are ${WORD_LIST}`;
  }
  if (!piece.startsWith('"')) return misplaced(piece);
  const text = unquote(piece);
  return text === null ? `${piece} is no text: write it in double quotes, as JSON does` : { text };
}

const isWord = (word: string): word is Word => (WORDS as readonly string[]).includes(word);

function unquote(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

/** Whether the token alone stands there, as it is. */
export function isPlainToken({ parts }: Parsed): boolean {
  const [part, more] = parts;
  if (more !== undefined || part === undefined || typeof part === "string") return false;
  const [term, another] = part.terms;
  return another === undefined && term !== undefined && "word" in term && term.word === "token" && part.functions.length === 0;
}

/** Whether the token is written anywhere in it. */
export function holdsToken({ parts }: Parsed): boolean {
  return parts.some((part) => typeof part !== "string" && part.terms.some((term) => "word" in term && term.word === "token"));
}
