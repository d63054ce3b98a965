// How the record changes when a resource moves from one issuer to another: the next record, nothing decided.
import { MINUTE } from "./duration.ts";
import type { Entry, Former, Record, RecordedIssuer } from "./record.ts";

/** A request that was given up may still take effect so long after it: until then the issuer that it was sent to is looked at. */
export const LATE = 10 * MINUTE;

const away = (entry: Entry): Entry => ({ ...entry, former: true });
const home = ({ former: _, ...entry }: Entry): Entry => entry;

function leaving({ issuer, others }: Record, since: number): Former {
  const { url, userId, ref = url } = issuer;
  return { url, userId, ref, since, ...(others?.length ? { others } : {}) };
}

/** All that was issued until now is the former issuer's. */
export function moved(record: Record, to: RecordedIssuer, since: number): Record {
  const { others: _, ...rest } = record;
  return { ...rest, issuer: to, former: leaving(record, since), revisions: record.revisions.map(away) };
}

/** From now on nothing is asked for at the second issuer: the spec names a third. */
export const onward = (record: Record, former: Former, since: number): Record => ({ ...record, former: { ...former, since, onward: true } });

/** Something is asked for at the second issuer after all. */
export function resumed(record: Record, { onward: _, ...former }: Former): Record {
  return { ...record, former };
}

/** On to a third issuer, before anything was issued at the second: what was asked for there may come as late as after any move. */
export const turned = (record: Record, former: Former, to: RecordedIssuer, since: number): Record => ({ ...resumed(record, { ...former, since }), issuer: to });

/** Back to where it came from: what is at home now becomes the former one. */
export function back(record: Record, former: Former, since: number): Record {
  const { others: _, ...rest } = record;
  const { url, userId, ref, others } = former;
  const revisions = record.revisions.map((entry) => (entry.former ? home(entry) : away(entry)));
  return { ...rest, issuer: { url, userId, ref }, former: leaving(record, since), revisions, ...(others?.length ? { others } : {}) };
}

/** The same tokens at an issuer of another name, url or identity. */
export const settledAt = (record: Record, issuer: RecordedIssuer): Record => ({ ...record, issuer });

/** Nothing is left at the former one, or nothing of it is looked for any more. */
export function through({ former: _, ...record }: Record): Record {
  return keeping(record, (entry) => !entry.former);
}

/** At home somewhere else, without what was at home until now. */
export function without(record: Record, issuer: RecordedIssuer, isKept: (entry: Entry) => boolean): Record {
  const { others: _, ...rest } = record;
  return keeping({ ...rest, issuer }, isKept);
}

function keeping(record: Record, isKept: (entry: Entry) => boolean): Record {
  const revisions = record.revisions.filter(isKept);
  return { ...record, revisions, current: revisions.some(({ number }) => number === record.current) ? record.current : null };
}
