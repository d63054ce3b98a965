// From a token to the data of a Secret: a template is text with a closed set of words, nothing else.
import { createHash } from "node:crypto";
import { formatInstant } from "../core/instant.ts";
import type { SecretValue } from "../core/secret-value.ts";
import type { SecretSpec } from "./kinds.ts";

export interface Words {
  readonly token: SecretValue;
  readonly url: string;
  readonly name: string;
  /** Milliseconds since 1970; null: never. */
  readonly expires: number | null;
  readonly user: string;
}

const WORD = /\{\{-?\s*\.([A-Za-z]+)\s*-?\}\}/g;
const KNOWN = ["token", "url", "name", "expiresAt", "user"] as const;

/** The words of a template that nobody knows. */
export function unknownWords(template: SecretSpec["template"]): string[] {
  const found = new Set<string>();
  for (const text of Object.values(template)) {
    for (const [, word = ""] of text.matchAll(WORD)) if (!(KNOWN as readonly string[]).includes(word)) found.add(word);
  }
  return [...found].sort();
}

/** Key to plain value. The only place where a value is written into text. */
export function render(template: SecretSpec["template"], words: Words): Map<string, string> {
  const values: { readonly [word: string]: string } = {
    token: words.token.reveal(),
    url: words.url,
    name: words.name,
    expiresAt: words.expires === null ? "" : formatInstant(words.expires),
    user: words.user,
  };
  const rendered = new Map<string, string>();
  for (const key of Object.keys(template).sort()) rendered.set(key, (template[key] ?? "").replace(WORD, (_, word: string) => values[word] ?? ""));
  return rendered;
}

/** sha256 over keys and base64 values, in the order of the keys. */
export function fingerprint(data: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  for (const key of [...data.keys()].sort()) hash.update(`${key}\0${data.get(key) ?? ""}\0`);
  return hash.digest("hex");
}

/** Fingerprint of how a Secret is to look, the value apart. */
export function lookOf(spec: SecretSpec): string {
  const sorted = (map: { readonly [name: string]: string } = {}): [string, string][] => Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([spec.type, sorted(spec.template), sorted(spec.labels), sorted(spec.annotations)]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
