// The token as its holder sees it: a signed JWT. Decides its claims, what makes one
// genuine, and the keyed hash that is all we keep of it; must not know users' rights,
// which are never read from a token.
import { createHmac, hkdfSync, randomUUID, webcrypto } from "node:crypto";
import { SignJWT, errors, jwtVerify } from "jose";
import type { Owner } from "../storage/account-table.ts";
import { Refusal } from "../rules/refusal.ts";

const issuer = "qualytics";
const algorithm = "HS256";

export interface Lifetime {
  readonly created: number;
  /** Absent: the token never expires. */
  readonly expiration?: number | undefined;
}

export class BearerTokens {
  readonly #key: webcrypto.CryptoKey;
  readonly #hashKey: Uint8Array;

  private constructor(key: webcrypto.CryptoKey, hashKey: Uint8Array) {
    this.#key = key;
    this.#hashKey = hashKey;
  }

  static async with(signingKey: string): Promise<BearerTokens> {
    const key = await webcrypto.subtle.importKey("raw", Buffer.from(signingKey), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
    // A key of its own: what signs must not be what the stored hashes are made with.
    return new BearerTokens(key, new Uint8Array(hkdfSync("sha256", signingKey, "", "token hash", 32)));
  }

  async issue(owner: Owner, lifetime: Lifetime): Promise<string> {
    const token = new SignJWT({ user_id: owner.id, email: owner.email, name: owner.name })
      .setProtectedHeader({ alg: algorithm, typ: "JWT" })
      .setIssuer(issuer)
      .setSubject(owner.userId)
      .setIssuedAt(lifetime.created)
      // Makes each value unique, also for one user within one second.
      .setJti(randomUUID());
    if (lifetime.expiration !== undefined) token.setExpirationTime(lifetime.expiration);
    return token.sign(this.#key);
  }

  /** The id of the user it names, when signature, issuer and expiry are right; else a refusal. */
  async verify(token: string, now: Date): Promise<number> {
    try {
      const { payload } = await jwtVerify<{ user_id?: unknown }>(token, this.#key, { issuer, algorithms: [algorithm], currentDate: now });
      if (typeof payload.user_id === "number") return payload.user_id;
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new Refusal("unauthenticated", "The token has expired.");
      if (!(cause instanceof errors.JOSEError)) throw cause;
    }
    throw new Refusal("unauthenticated", "The token is not valid.");
  }

  hash(token: string): Buffer {
    return createHmac("sha256", this.#hashKey).update(token).digest();
  }

  /** Names the key without giving it away, to notice that it was exchanged. */
  fingerprint(): string {
    return createHmac("sha256", this.#hashKey).update("fingerprint").digest("base64url").slice(0, 16);
  }
}
