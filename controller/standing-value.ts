// Finds the token that stands in a Secret by its recorded sha256: under a key of its own, inside other text, or in
// base64. What is found is proved by the fingerprint, so looking in many places costs nothing but work.
import { createHash } from "node:crypto";
import { SecretValue } from "../core/secret-value.ts";

/** Shorter than any token, long enough to skip words. */
const SHORTEST = 20;
/** More pieces than any template of ours can make. */
const MOST_PIECES = 2_000;

const PIECE = /[A-Za-z0-9._~-]+/g;
const BASE64 = /[A-Za-z0-9+/]{27,}={0,2}/g;

/** `data` as the apiserver keeps it, in base64. null: it does not stand there in a form that can be read back. */
export function findValue(data: { readonly [key: string]: string }, sha256: string | null): SecretValue | null {
  if (sha256 === null) return null;
  let pieces = 0;
  const matches = (text: string): boolean => ++pieces <= MOST_PIECES && createHash("sha256").update(text).digest("hex") === sha256;
  const within = (text: string): string | null => {
    if (matches(text)) return text;
    for (const [piece] of text.matchAll(PIECE)) if (piece.length >= SHORTEST && piece !== text && matches(piece)) return piece;
    return null;
  };
  const texts = Object.keys(data)
    .sort()
    .map((key) => Buffer.from(data[key] ?? "", "base64").toString("utf8"));
  const encoded = texts.flatMap((text) => [...text.matchAll(BASE64)].map(([piece]) => Buffer.from(piece, "base64").toString("utf8")));
  for (const text of [...texts, ...encoded]) {
    const found = within(text);
    if (found !== null) return new SecretValue(found);
  }
  return null;
}
