// The token as its holder sees it: a signed JWT. Decides its claims, what makes one
// genuine, and the keyed hash that is all we keep of it; must not know users' rights,
// which are never read from a token.
//
// There is one way to write a genuine token down, and anything else is refused before it
// is looked into: one header, claims that are exactly what JSON would write again (so none
// twice), a signature compared as text in constant time. HMAC-SHA256 is Node's; a library
// would accept more spellings, and costs fifteen times as much on every request.
import { type KeyObject, createHmac, createSecretKey, hash as digest, hkdfSync, randomUUID, timingSafeEqual } from "node:crypto";
import { Refusal } from "../rules/refusal.ts";
import type { Owner } from "../storage/account-table.ts";

const issuer = "qualytics";
const header = encode({ alg: "HS256", typ: "JWT" });
const maxLength = 8_192;
const mostKnown = 20_000;

export interface Lifetime {
  readonly created: number;
  /** Absent: the token never expires. */
  readonly expiration?: number | undefined;
}

/** What is known of a token whose signature, issuer and expiry are right. */
export interface Genuine {
  readonly userId: number;
  readonly hash: Buffer;
  /** The same in hexadecimal digits, to look it up by. */
  readonly hashText: string;
}

export interface IssuedBearer {
  /** Given out once. */
  readonly value: string;
  /** All that is kept of it. */
  readonly hash: Buffer;
  /** Names the key that signed it. */
  readonly signingKey: string;
}

interface Claims {
  readonly userId: number;
  readonly exp: number | undefined;
  readonly nbf: number | undefined;
}

type Known = Pick<Genuine, "hash" | "hashText"> & { readonly claims: Claims };

interface Key {
  readonly signing: KeyObject;
  /** A key of its own: what signs must not be what the stored hashes are made with. */
  readonly hashing: KeyObject;
  readonly fingerprint: string;
  /** What it signed, by a digest of the text: the same text need not be checked and hashed again. */
  readonly known: Map<string, Known>;
}

export class BearerTokens {
  /** The first signs; all of them are accepted. */
  #keys: readonly [Key, ...Key[]];

  constructor(secrets: readonly string[]) {
    this.#keys = keysOf(secrets);
  }

  /** Keys that were exchanged while the service runs. */
  use(secrets: readonly string[]): void {
    this.#keys = keysOf(secrets);
  }

  issue(owner: Owner, { created, expiration }: Lifetime): IssuedBearer {
    const claims = {
      user_id: owner.id,
      email: owner.email,
      name: owner.name,
      iss: issuer,
      sub: owner.userId,
      iat: created,
      // Makes each value unique, also for one user within one second.
      jti: randomUUID(),
      ...(expiration === undefined ? {} : { exp: expiration }),
    };
    const [key] = this.#keys;
    const text = `${header}.${encode(claims)}`;
    const value = `${text}.${signatureOf(text, key)}`;
    return { value, hash: hashWith(key, value), signingKey: key.fingerprint };
  }

  /** Undefined: none of the keys signed it, or it is no token at all. A refusal: one did, and it is worth nothing all the same. */
  verify(token: string, now: Date): Genuine | undefined {
    if (token.length > maxLength) return undefined;
    // One call, a fifth of what a keyed hash costs; and the token itself is not what is remembered.
    const name = digest("sha256", token, "base64");
    for (const key of this.#keys) {
      const known = key.known.get(name) ?? knownOnceSigned(key, token, name);
      if (known !== undefined) return { userId: userOf(known.claims, now.getTime() / 1_000), hash: known.hash, hashText: known.hashText };
    }
    return undefined;
  }

  /** Names the key that signs without giving it away. */
  fingerprint(): string {
    return this.#keys[0].fingerprint;
  }

  /** Of every key that is accepted. */
  fingerprints(): readonly string[] {
    return this.#keys.map(({ fingerprint }) => fingerprint);
  }
}

export function fingerprintOf(secret: string): string {
  return keyOf(secret).fingerprint;
}

function keysOf(secrets: readonly string[]): readonly [Key, ...Key[]] {
  const [first, ...others] = secrets.map(keyOf);
  if (first === undefined) throw new Error("There is no key to sign with.");
  return [first, ...others];
}

function keyOf(secret: string): Key {
  const hashing = createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", "token hash", 32)));
  return { signing: createSecretKey(Buffer.from(secret)), hashing, fingerprint: createHmac("sha256", hashing).update("fingerprint").digest("base64url").slice(0, 16), known: new Map() };
}

function hashWith({ hashing }: Key, token: string): Buffer {
  return createHmac("sha256", hashing).update(token).digest();
}

function signatureOf(text: string, { signing }: Key): string {
  return createHmac("sha256", signing).update(text).digest("base64url");
}

function equal(one: string, other: string): boolean {
  const [given, right] = [Buffer.from(one), Buffer.from(other)];
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Undefined: it did not sign this. */
function knownOnceSigned(key: Key, token: string, name: string): Known | undefined {
  const [head, body = "", signature = "", ...more] = token.split(".");
  if (head !== header || more.length > 0 || !equal(signature, signatureOf(`${head}.${body}`, key))) return undefined;
  const claims = claimsOf(body);
  const hash = hashWith(key, token);
  const known = { claims, hash, hashText: hash.toString("hex") };
  if (key.known.size >= mostKnown) key.known.clear();
  key.known.set(name, known);
  return known;
}

function userOf({ userId, exp, nbf }: Claims, nowSeconds: number): number {
  if (nbf !== undefined && nbf > nowSeconds) throw invalid();
  if (exp !== undefined && exp <= nowSeconds) throw new Refusal("unauthenticated", "The token has expired.");
  return userId;
}

function claimsOf(body: string): Claims {
  const { iss, user_id: userId, exp, nbf } = parsed(body);
  if (iss !== issuer || typeof userId !== "number" || !isMoment(exp) || !isMoment(nbf)) throw invalid();
  return { userId, exp, nbf };
}

function parsed(body: string): Record<string, unknown> {
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(body, "base64url").toString());
  } catch {
    throw invalid();
  }
  if (typeof claims !== "object" || claims === null || encode(claims) !== body) throw invalid();
  return claims as Record<string, unknown>;
}

function isMoment(value: unknown): value is number | undefined {
  return value === undefined || typeof value === "number";
}

function invalid(): Refusal {
  return new Refusal("unauthenticated", "The token is not valid.");
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
