// Tells a second owner's tokens from lost ones: somebody else who runs with our mark, be it a copied installation
// or a second stack of our name. Both would clear the other's tokens, and each would issue anew: for ever.
import { LATE } from "./moving.ts";
import { isSame, type Situation, type Stray } from "./situation.ts";

/** So many numbers given up since the last delivery are no accident of ours: somebody else issues under our mark. */
const GIVEN_UP = 3;

/**
 * Tokens of somebody else who runs with our mark (a copied installation, a second stack of our name). A newer one in
 * use beside a delivered, active one shows it; from then on, and where clearing has only led to the next one, every
 * newer one is theirs, so that two owners never chase each other.
 */
export function secondOwners(s: Situation): Stray[] {
  const { current, record } = s;
  const last = lastKnown(s);
  if (!record || last === null) return [];
  const { dropped } = s.observed;
  const newer = s.lost.filter(({ number, remote }) => number > last && !(dropped && isSame(remote, dropped)));
  // At the end of a resource ours are revoked one after the other, which makes nobody else's ours.
  const stands = current?.seen === "active" || (current !== null && s.desired.deleting);
  const isUsed = stands && newer.some(({ unused }) => !unused);
  const known = s.others.length > 0 || isUsed || record.fence - last >= GIVEN_UP;
  // Another token of a number that is recorded is somebody else's, whatever became of ours: names are unique.
  const twins = s.lost.filter((stray) => !stray.unused && record.revisions.some((entry) => entry.number === stray.number));
  return [...twins, ...(known ? newer.filter((stray) => !isLeft(s, stray)) : [])];
}

/** What was lost, but for a second owner's: that is said, and left to them. */
export const ourLost = ({ lost }: Situation, theirs: readonly Stray[]): Stray[] => lost.filter((stray) => !theirs.includes(stray));

/** Nobody asks for anything at home any more, and no late request can bring anything there: a third issuer is next. */
export const isLeaving = ({ record, apiNow }: Pick<Situation, "record" | "apiNow">): boolean => record?.former?.onward === true && record.former.since + LATE <= apiNow;

/** Where nobody of ours will look again, what nobody has used is nobody's, whoever issued it. */
const isLeft = (s: Situation, { unused, former }: Stray): boolean => isLeaving(s) && s.ahead !== null && unused && !former;

/**
 * The number from which on is counted what was given up. Where nothing is delivered, because the record was taken away
 * and a rotation may not begin (paused, a policy), it is the last one that was taken in, or was left by an earlier
 * life; null: nothing tells.
 */
function lastKnown({ current, record, unclaimed }: Situation): number | null {
  if (current) return current.entry.number;
  const known = record?.revisions.length ? record.revisions : unclaimed;
  return known.length === 0 ? null : Math.max(...known.map(({ number }) => number));
}
