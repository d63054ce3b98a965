// Tells a second owner's tokens from lost ones: somebody else who runs with our mark, be it a copied installation
// or a second stack of our name. Both would clear the other's tokens, and each would issue anew: for ever.
import type { Situation, Stray } from "./situation.ts";

/** So many numbers given up since the last delivery are no accident of ours: somebody else issues under our mark. */
const GIVEN_UP = 3;

/**
 * Tokens of somebody else who runs with our mark (a copied installation, a second stack of our name). A newer one in
 * use beside a delivered, active one shows it; from then on, and where clearing has only led to the next one, every
 * newer one is theirs, so that two owners never chase each other.
 */
export function secondOwners(s: Situation): Stray[] {
  const { current, record } = s;
  if (!current || !record) return [];
  const { number } = current.entry;
  const newer = current.seen === "active" ? s.lost.filter((stray) => stray.number > number) : [];
  const known = s.others.length > 0 || newer.some(({ unused }) => !unused) || record.fence - number >= GIVEN_UP;
  // Another token of a number that is recorded is somebody else's, whatever became of ours: names are unique.
  const twins = s.lost.filter((stray) => !stray.unused && record.revisions.some((entry) => entry.number === stray.number));
  return [...twins, ...(known ? newer : [])];
}
