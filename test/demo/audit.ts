// The count after a crash. Each value that authenticates is a valid token, and different values are different tokens;
// so where as many tokens are active as different values authenticate, each active token is one that somebody reads.
// Nothing that the operator says of itself goes into it.
import { parseName } from "../../core/name.ts";

export interface ListedToken {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly expiration: string | null;
}

export interface DeliveredToken {
  readonly secret: string;
  readonly value: string;
  /** What the API said to it. */
  readonly accepted: boolean;
}

export interface Audit {
  /** Active tokens whose names bear our mark. */
  readonly active: number;
  /** Different values in Secrets that authenticate. */
  readonly delivered: number;
  /** Secrets whose value is refused. */
  readonly refused: readonly string[];
  /** Secrets that hold the value of another one. */
  readonly shared: readonly string[];
  /** Active tokens beyond those delivered: nobody holds them. */
  readonly lost: number;
}

export function audit(listed: readonly ListedToken[], delivered: readonly DeliveredToken[], now: number): Audit {
  const active = listed.filter((token) => parseName(token.name) !== null && token.active && !isPast(token.expiration, now)).length;
  const values = new Map<string, string>();
  const shared: string[] = [];
  for (const { secret, value } of delivered) {
    if (values.has(value)) shared.push(secret);
    else values.set(value, secret);
  }
  const refused = delivered.filter(({ accepted }) => !accepted).map(({ secret }) => secret);
  const good = new Set(delivered.filter(({ accepted }) => accepted).map(({ value }) => value)).size;
  return { active, delivered: good, refused, shared, lost: active - good };
}

const isPast = (date: string | null, now: number): boolean => date !== null && Date.parse(date) <= now;

/** True when the books balance, else what does not. */
export function balanced({ active, delivered, refused, shared, lost }: Audit): true | string {
  if (refused.length > 0) return `the API refuses what stands in ${refused.join(", ")}`;
  if (shared.length > 0) return `${shared.join(", ")} hold what another Secret holds`;
  if (lost !== 0) return `${active} tokens are active and ${delivered} stand in Secrets`;
  return true;
}
