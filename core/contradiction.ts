// Facts that cannot all be true at once: said, so that whoever asks why sees what the engine was given.
// Decides nothing: every such case has a check that answers it.
import { MINUTE } from "./duration.ts";
import { parseName } from "./name.ts";
import type { Remote } from "./observed.ts";
import type { Entry } from "./record.ts";
import { everyRevision, isSame, type Situation } from "./situation.ts";

/** Two clocks that are not ours may be so far apart. */
const DOUBT = MINUTE;

export function contradictions(s: Situation): string[] {
  const remotes = s.tokens?.tokens.filter((remote) => belongs(s, remote)) ?? [];
  return [
    ...(s.record?.revisions ?? []).flatMap((entry) => ofEntry(entry, s.apiNow)),
    ...remotes.flatMap((remote) => ofRemote(remote, s.apiNow)),
    ...ofRecord(s),
    ...ofList(s, remotes),
  ];
}

const belongs = (s: Situation, remote: Remote): boolean =>
  parseName(remote.name)?.mark === s.desired.mark || (s.record?.revisions.some((entry) => entry.id === remote.id) ?? false);

function ofEntry(entry: Entry, now: number): string[] {
  const { number, created, expires, deliveredAt, revoked } = entry;
  const found: string[] = [];
  if (expires !== null && expires <= created) found.push(`Revision ${number} is recorded to expire before it was created.`);
  if (created > now + DOUBT) found.push(`Revision ${number} is recorded as created in the future.`);
  if (deliveredAt !== null && deliveredAt > now + DOUBT) found.push(`Revision ${number} is recorded as delivered in the future.`);
  if (deliveredAt !== null && deliveredAt < created - DOUBT) found.push(`Revision ${number} is recorded as delivered before it was created.`);
  if (revoked && revoked.at < created - DOUBT) found.push(`Revision ${number} is recorded as revoked before it was created.`);
  if (revoked && revoked.at > now + DOUBT) found.push(`Revision ${number} is recorded as revoked in the future.`);
  return found;
}

function ofRemote({ name, created, expires, lastUsed }: Remote, now: number): string[] {
  const found: string[] = [];
  if (lastUsed !== null && lastUsed > now + DOUBT) found.push(`The list shows ${name} as last used in the future.`);
  if (lastUsed !== null && lastUsed < created - DOUBT) found.push(`The list shows ${name} as last used before it was created.`);
  if (expires !== null && expires <= created) found.push(`The list shows ${name} as expiring before it was created.`);
  if (created > now + DOUBT) found.push(`The list shows ${name} as created in the future.`);
  return found;
}

function ofRecord(s: Situation): string[] {
  const { record, current } = s;
  if (!record) return [];
  const found: string[] = [];
  const numbers = record.revisions.map(({ number }) => number);
  for (const number of repeated(numbers)) found.push(`The record holds revision ${number} twice.`);
  for (const id of repeated(record.revisions.map((entry) => entry.id))) found.push(`The record names the token ${id} for two revisions.`);
  if (record.current !== null && !current) found.push(`The record calls revision ${record.current} current, and does not hold it.`);
  const { hand } = s.observed;
  if (hand && numbers.includes(hand.number)) found.push(`Revision ${hand.number} is in memory to be delivered, and recorded as delivered.`);
  for (const { entry } of s.retiring) {
    if (current && entry.number > current.entry.number) found.push(`Revision ${entry.number} is newer than the current revision ${current.entry.number}, and both are delivered.`);
  }
  return found;
}

function ofList(s: Situation, remotes: readonly Remote[]): string[] {
  const found: string[] = [];
  for (const id of repeated(remotes.map((remote) => remote.id))) found.push(`The list shows the id ${id} twice.`);
  for (const name of repeated(remotes.map((remote) => remote.name))) found.push(`The list shows two tokens of the name ${name}.`);
  for (const { entry, seen } of everyRevision(s)) {
    const reused = remotes.find((remote) => remote.id === entry.id && !isSame(remote, entry));
    if (reused) found.push(`The list shows another token under the id ${entry.id} of revision ${entry.number}: ${reused.name}.`);
    else if (seen === "missing" || (seen === "gone" && !entry.revoked)) found.push(`Revision ${entry.number} is recorded, and the list does not show it.`);
  }
  return found;
}

function repeated<T>(values: readonly T[]): T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
