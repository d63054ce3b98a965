// How many requests one address and one user may send. Decides what is counted and when
// it is enough; must not know what is asked for. Each is a bucket that refills at its rate;
// buckets that are full again are forgotten, and there are never more than a set number.
import { isIPv6 } from "node:net";
import { Refusal } from "../rules/refusal.ts";
import type { Rate } from "../settings/rate.ts";

const maxBuckets = 20_000;

interface Bucket {
  level: number;
  at: number;
}

class Buckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string | number, Bucket>();

  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** 0 when there was room, else the seconds until there is. */
  take(key: string | number): number {
    const now = this.#now();
    const bucket = this.#buckets.get(key);
    const level = this.#levelOf(bucket, now);
    if (level < 1) return Math.ceil((1 - level) / this.#rate.perSecond);
    if (bucket === undefined) {
      if (this.#buckets.size >= maxBuckets) this.#tidy(now);
      this.#buckets.set(key, { level: level - 1, at: now });
    } else {
      bucket.level = level - 1;
      bucket.at = now;
    }
    return 0;
  }

  #levelOf(bucket: Bucket | undefined, now: number): number {
    const { burst, perSecond } = this.#rate;
    return bucket === undefined ? burst : Math.min(burst, bucket.level + ((now - bucket.at) / 1_000) * perSecond);
  }

  #tidy(now: number): void {
    for (const [key, bucket] of this.#buckets) if (this.#levelOf(bucket, now) >= this.#rate.burst) this.#buckets.delete(key);
    // All of them busy: the oldest half starts anew.
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size < maxBuckets / 2) return;
      this.#buckets.delete(key);
    }
  }
}

export interface RateSettings {
  readonly addressRate?: Rate;
  readonly identityRate?: Rate;
  readonly failureRate?: Rate;
}

export type LimitKind = "address" | "identity" | "failure";

export class RateLimits {
  readonly #buckets: Readonly<Record<LimitKind, Buckets | undefined>>;
  readonly #onLimited: (kind: LimitKind) => void;
  /** The last address, taken apart: most requests come where the one before came from. */
  #last = { address: "", network: "" };

  constructor({ addressRate, identityRate, failureRate }: RateSettings, onLimited: (kind: LimitKind) => void = () => undefined, now: () => number = () => performance.now()) {
    const of = (rate: Rate | undefined): Buckets | undefined => (rate === undefined ? undefined : new Buckets(rate, now));
    this.#buckets = { address: of(addressRate), identity: of(identityRate), failure: of(failureRate) };
    this.#onLimited = onLimited;
  }

  /** Every request, before anything else. */
  admitAddress(address: string): void {
    this.#take("address", this.#networkOf(address), "Too many requests from this address: send fewer, or later.");
  }

  /** Every request whose user is known, by token or by session. */
  admitUser(accountId: number): void {
    this.#take("identity", accountId, "Too many requests of this user: send fewer, or later.");
  }

  /** An authentication that failed, by token or at signing in. Whoever is right passes, however many were wrong before. */
  noteFailure(address: string): void {
    this.#take("failure", this.#networkOf(address), "Too many failed authentications from this address: try again later.");
  }

  #networkOf(address: string): string {
    if (this.#last.address !== address) this.#last = { address, network: networkOf(address) };
    return this.#last.network;
  }

  #take(kind: LimitKind, key: string | number, detail: string): void {
    const seconds = this.#buckets[kind]?.take(key) ?? 0;
    if (seconds === 0) return;
    this.#onLimited(kind);
    throw new Refusal("limited", detail, seconds);
  }
}

/** One household or machine has a whole IPv6 /64 to itself. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("%", 1)[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0"), ...after];
  return groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}
