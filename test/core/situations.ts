// Builders for observations: a healthy resource, and how each row of a table departs from it.
import type { Desired } from "../../core/desired.ts";
import { DAY, HOUR } from "../../core/duration.ts";
import { markOf, tokenName } from "../../core/name.ts";
import { present, type Copy, type Fact, type Hand, type Issuer, type Observed, type Owner, type Remote, type Tokens } from "../../core/observed.ts";
import type { Entry, Record } from "../../core/record.ts";

export const NOW = 1_767_225_600_000;
export const MARK = markOf("test", "ServiceToken/data/ingest");

export const name = (number: number): string => tokenName("data-ingest", MARK, number);

export function desired(change: Partial<Desired> = {}): Desired {
  return {
    kind: "ServiceToken",
    resource: "data/ingest",
    mark: MARK,
    base: "data-ingest",
    since: NOW - 100 * DAY,
    ownerName: "Data Ingest",
    days: 90,
    scim: false,
    state: "Active",
    renewBefore: 30 * DAY,
    every: null,
    verify: true,
    retire: { when: "Unused", minOverlap: HOUR, idleFor: DAY, maxOverlap: 7 * DAY },
    keepRevokedFor: 7 * DAY,
    onExternalChange: "Reissue",
    deletionPolicy: "Delete",
    rotate: "",
    compromised: null,
    rollback: null,
    paused: false,
    deleting: false,
    abandon: false,
    look: "look",
    ...change,
  };
}

/** Revision `number`, issued ten days ago and delivered at once. */
export function entry(number: number, change: Partial<Entry> = {}): Entry {
  const created = change.created ?? NOW - 10 * DAY;
  return {
    number,
    id: 100 + number,
    name: name(number),
    created,
    expires: created + 90 * DAY,
    deliveredAt: created,
    usedAfter: created + 2_000,
    sha256: `sha-${number}`,
    inputs: { owner: 11, base: "data-ingest", days: 90, scim: false, rotate: "" },
    ...change,
  };
}

export function remote(number: number, change: Partial<Remote> = {}): Remote {
  const { id, created, expires } = entry(number);
  return { id, name: name(number), created, active: true, expires, lastUsed: null, owner: 11, ...change };
}

export function record(entries: readonly Entry[], change: Partial<Record> = {}): Record {
  const numbers = entries.map(({ number }) => number);
  return { mark: MARK, issuer: { url: "https://q", userId: 1 }, current: numbers.at(-1) ?? null, fence: Math.max(0, ...numbers), revisions: entries, ...change };
}

export function copy(change: Partial<Copy> = {}): Copy {
  return { readAt: 2_000, doneAt: 500, place: "ours", record: null, value: "intact", look: "look", writable: true, exclusive: false, ...change };
}

export const NO_COPY = copy({ place: "none", value: "missing", look: null, writable: null });

export function tokens(list: readonly Remote[], change: Partial<Tokens> = {}): Tokens {
  return { sentAt: 1_000, doneAt: 1_100, at: NOW, tokens: list, earlier: null, deleted: [], ...change };
}

export function hand(number: number, change: Partial<Hand> = {}): Hand {
  const { id, created, expires, inputs, usedAfter } = entry(number, { created: NOW });
  return { number, id, name: name(number), created, expires, sha256: `sha-${number}`, inputs, verified: true, usedAfter, failures: 0, failure: null, ...change };
}

export const issuer = (change: Partial<Issuer> = {}): Issuer => ({
  url: "https://q",
  userId: 1,
  clockOffset: 0,
  resyncInterval: 60_000,
  policy: { maxDays: null, allowNever: true, minOverlap: 0, serviceUsers: null, refusal: null },
  ...change,
});

export interface Facts {
  readonly issuer?: Fact<Issuer>;
  readonly owner?: Fact<Owner>;
  readonly copy?: Copy;
  readonly list?: readonly Remote[];
  readonly tokens?: Fact<Tokens>;
  readonly more?: Partial<Observed>;
}

/** A healthy observation: revision 1 delivered, active and listed. */
export function observed(facts: Facts = {}): Observed {
  return {
    issuer: facts.issuer ?? present(issuer()),
    owner: facts.owner ?? present({ id: 11, name: "Data Ingest", active: true }),
    tokens: facts.tokens ?? present(tokens(facts.list ?? [remote(1)])),
    copy: present(facts.copy ?? copy({ record: record([entry(1)]) })),
    hand: null,
    held: true,
    taken: 0,
    uncertainAt: null,
    refused: null,
    alone: true,
    monotonic: 3_000,
    ...facts.more,
  };
}
