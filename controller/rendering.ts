// From a token to the data of a Secret. The only place where a value is written into text.
import { createHash, hash } from "node:crypto";
import { LifecycleError } from "../core/error.ts";
import { formatInstant } from "../core/instant.ts";
import { SecretValue } from "../core/secret-value.ts";
import type { SecretSpec } from "./kinds.ts";
import { applyFunction } from "./template-function.ts";
import { holdsToken, parseTemplate, type Expression, type Word } from "./template.ts";

export interface Words {
  readonly token: SecretValue;
  readonly url: string;
  readonly name: string;
  /** Milliseconds since 1970; null: never. */
  readonly expires: number | null;
  readonly user: string;
}

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** What is wrong with a template, and what to write instead; all of it. */
export function templateProblems(template: SecretSpec["template"]): string[] {
  const found: string[] = [];
  const parsed = Object.keys(template)
    .sort()
    .map((key) => ({ key, ...parseTemplate(template[key] ?? "") }));
  for (const { key, problem } of parsed) {
    if (!KEY.test(key) || key === "." || key.startsWith("..")) found.push(`secret.template: ${JSON.stringify(key)} cannot be a key of a Secret: use letters, digits, "-", "_" and "."`);
    if (problem !== null) found.push(`secret.template[${JSON.stringify(key)}]: ${problem}`);
  }
  if (found.length === 0 && !parsed.some(holdsToken)) found.push("secret.template: no key holds the token: write {{ .token }} under at least one");
  return found;
}

/** Key to plain value, in the order of the keys. Throws LifecycleError `invalid` where the template is no good. */
export function render(template: SecretSpec["template"], words: Words): Map<string, string> {
  const values: { readonly [word in Word]: string } = {
    token: words.token.reveal(),
    url: words.url,
    name: words.name,
    expiresAt: words.expires === null ? "" : formatInstant(words.expires),
    user: words.user,
  };
  const rendered = new Map<string, string>();
  for (const key of Object.keys(template).sort()) {
    const { parts, problem } = parseTemplate(template[key] ?? "");
    if (problem !== null) throw new LifecycleError("invalid", "TEMPLATE_INVALID", `secret.template[${JSON.stringify(key)}]: ${problem}.`);
    rendered.set(key, parts.map((part) => (typeof part === "string" ? part : evaluate(part, values))).join(""));
  }
  return rendered;
}

function evaluate({ terms, functions }: Expression, values: { readonly [word in Word]: string }): string {
  const text = terms.map((term) => ("word" in term ? values[term.word] : term.text)).join("");
  return functions.reduce((value, name) => applyFunction(name, value), text);
}

/** What is as long as a token and made of the same letters, for a write that has no effect. */
export const STAND_IN = new SecretValue(`eyJhbGciOiJIUzI1NiJ9.${"dry-run_".repeat(32)}.${"dry-run_".repeat(5)}`);

/** sha256 over keys and base64 values, in the order of the keys. */
export function fingerprint(data: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  for (const key of [...data.keys()].sort()) hash.update(`${key}\0${data.get(key) ?? ""}\0`);
  return hash.digest("hex");
}

/** Fingerprint of how a Secret is to look, the value apart. A spec in the cache stays the same object: it is asked for in every look. */
export function lookOf(spec: SecretSpec): string {
  const known = looks.get(spec);
  if (known !== undefined) return known;
  const sorted = (map: { readonly [name: string]: string } = {}): [string, string][] => Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([spec.type, sorted(spec.template), sorted(spec.labels), sorted(spec.annotations)]);
  const look = hash("sha256", text, "hex").slice(0, 16);
  looks.set(spec, look);
  return look;
}

const looks = new WeakMap<SecretSpec, string>();
