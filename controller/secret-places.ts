// Which Secrets are a token's: the one that the spec names, the one that holds the value and the record now, and those
// that were left when secret.name changed. While a move is under way these are not the same.
import { nameOf, type SecretRecord } from "./secret-record.ts";

export interface Places {
  /** Under the name of the spec, whosever it is. */
  readonly home: SecretRecord | undefined;
  /** Where the record is kept. Without one anywhere: home. */
  readonly source: SecretRecord | undefined;
  /** Ours under other names. */
  readonly others: readonly SecretRecord[];
}

interface Options {
  readonly name: string;
  readonly mark: string;
  readonly home: SecretRecord | undefined;
  readonly isForeign: (record: SecretRecord) => boolean;
  /** All that have the declaring object as their owner. */
  readonly owned: readonly SecretRecord[];
}

export function placesOf({ name, mark, home, isForeign, owned }: Options): Places {
  const holds = ({ ours }: SecretRecord): boolean => ours?.record?.mark === mark && ours.record.current !== null;
  const others = owned.filter((record) => nameOf(record) !== name && !record.deleting && holds(record));
  // What stands in the way is said before anything is moved.
  if (others.length === 0 || (home && isForeign(home))) return { home, source: home, others };
  const candidates = home && holds(home) ? [home, ...others] : others;
  const source = candidates.find(({ ours }) => ours?.left === null) ?? [...candidates].sort((a, b) => (b.ours?.left?.at ?? 0) - (a.ours?.left?.at ?? 0))[0];
  return { home, source, others };
}
