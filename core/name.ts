// Names and marks: how a token at the API says which resource it belongs to.
//   <base>-<scope>-<resource>-r<revision>
// scope and resource together are the mark: 30 + 45 bits of SHA-256, readable apart,
// at the end of the name, so that a base cut to fit never touches them.
import { createHash } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford: no i, l, o, u
const SCOPE_LENGTH = 6;
const RESOURCE_LENGTH = 9;
const LIMIT_BYTES = 255;
const MARKED = new RegExp(`-([${ALPHABET}]{${SCOPE_LENGTH}}-[${ALPHABET}]{${RESOURCE_LENGTH}})-r([1-9][0-9]{0,8})$`);

function digits(text: string, length: number): string {
  const hash = createHash("sha256").update(text, "utf8").digest();
  let out = "";
  let bits = 0;
  let value = 0;
  for (const byte of hash) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5 && out.length < length) {
      bits -= 5;
      out += ALPHABET[(value >> bits) & 31];
    }
  }
  return out;
}

/** The mark of one resource: `scope` is one installation or one stack, `resource` its identity in there. */
export function markOf(scope: string, resource: string): string {
  return `${digits(`scope:${scope}`, SCOPE_LENGTH)}-${digits(`resource:${scope}\n${resource}`, RESOURCE_LENGTH)}`;
}

/** The part of a mark that all resources of one scope share. */
export function scopeOf(mark: string): string {
  return mark.slice(0, SCOPE_LENGTH);
}

/** The name of one revision: at most 255 bytes of UTF-8, cut at a code point, the mark whole. */
export function tokenName(base: string, mark: string, revision: number): string {
  const suffix = `-${mark}-r${revision}`;
  let room = LIMIT_BYTES - suffix.length;
  let out = "";
  for (const point of base.normalize("NFC")) {
    room -= Buffer.byteLength(point, "utf8");
    if (room < 0) break;
    out += point;
  }
  return out + suffix;
}

/** The mark and revision that a name bears, or null. Numbers over nine digits are no revisions. */
export function parseName(name: string): { mark: string; revision: number } | null {
  const match = MARKED.exec(name);
  return match ? { mark: match[1] ?? "", revision: Number(match[2]) } : null;
}
