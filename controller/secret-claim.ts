// Of several token objects that name one Secret the oldest has it: the others are told before a token is issued for
// them, and not when the Secret turns out to be another one's. What stands there already is for secret-judgement.ts.
import type { TokenObject } from "./kinds.ts";

/** Why the place of delivery is to be another object's; null: it is not. */
export function claimOf(object: TokenObject, secret: string, namesakes: readonly TokenObject[]): string | null {
  const older = namesakes.filter((other) => other.uid !== object.uid && !other.deleting && isOlder(other, object)).sort((a, b) => (isOlder(a, b) ? -1 : 1))[0];
  return older ? `The ${older.kind} ${older.name} is older and names the Secret ${secret} too: set secret.name to another name` : null;
}

const nameOf = ({ kind, key }: TokenObject): string => `${kind}/${key}`;
const isOlder = (a: TokenObject, b: TokenObject): boolean => a.createdAt < b.createdAt || (a.createdAt === b.createdAt && nameOf(a) < nameOf(b));
