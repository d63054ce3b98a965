// The record: the memory that is written together with the value, in one write.
// It lives in an annotation of the delivered Secret, or in Pulumi's state. It never holds a value.
// What it says beats what a name says; a record of another mark is no record of ours.
import { formatInstant, parseInstant } from "./instant.ts";

export type RevokedWhy =
  | "retired" // its successor took over
  | "state" // the spec says state: Revoked
  | "compromised" // a person said so; never restored
  | "early" // a newer revision could not wait for it
  | "elsewhere" // somebody else revoked or deleted it
  | "expired"; // it ran out by itself

/** One issued revision. Times are milliseconds since 1970, all by the API's clock. */
export interface Entry {
  readonly number: number;
  readonly id: number;
  readonly name: string;
  readonly created: number;
  readonly expires: number | null;
  /** When its value was delivered; null: found at the API, its value is held by somebody. */
  readonly deliveredAt: number | null;
  /** Uses later than this are a consumer's, not our own verification. */
  readonly usedAfter: number;
  /** sha256 of the value, hex; null where we never had it. */
  readonly sha256: string | null;
  /** What no answer of the API repeats. */
  readonly inputs: IssueInputs;
  readonly revoked?: { readonly at: number; readonly why: RevokedWhy; readonly done: boolean };
  /** Its consumers: due to be restarted for it, or when they were asked to. Left out: nothing is owed. */
  readonly restart?: "due" | number;
  /** Found at the API: since when a delivered revision takes over from it, which may have been replaced as well by now. */
  readonly retiringSince?: number;
  /** Restored by somebody after we revoked it: kept, never retired by us. */
  readonly kept?: boolean;
  /** Issued at Record.former. */
  readonly former?: boolean;
}

export interface RecordedIssuer {
  readonly url: string;
  readonly userId: number;
  /** How the spec named it; left out in records of before, and where a front has no names for issuers. */
  readonly ref?: string;
}

/** The issuer that the resource moved away from: at most one, until nothing is left there. */
export interface Former extends RecordedIssuer {
  readonly ref: string;
  /** When it was left. */
  readonly since: number;
  /** The spec names a third issuer: since then nothing has been asked for at Record.issuer, where nothing is. */
  readonly onward?: boolean;
  /** See Record.others. */
  readonly others?: readonly number[];
}

export interface IssueInputs {
  readonly owner: number;
  readonly base: string;
  readonly days: number | null;
  readonly scim: boolean;
  /** The rotate annotation or trigger value that this revision answers. */
  readonly rotate: string;
}

export interface Record {
  readonly mark: string;
  /** Where new revisions are issued. */
  readonly issuer: RecordedIssuer;
  readonly former?: Former;
  /** The revision whose value stands in the delivered copy; null: none does. */
  readonly current: number | null;
  /** No revision up to this number may be delivered any more, unless it is recorded here. */
  readonly fence: number;
  readonly revisions: readonly Entry[];
  /** Ids of tokens that a second owner of our mark was seen to use: never ours to end, however far our numbers run. */
  readonly others?: readonly number[];
}

/** The record as text for an annotation or state: stable key order, dates for people. */
export function encodeRecord(record: Record): string {
  return JSON.stringify({
    version: 1,
    mark: record.mark,
    issuer: { url: record.issuer.url, userId: record.issuer.userId, ...(record.issuer.ref === undefined ? {} : { ref: record.issuer.ref }) },
    ...(record.former ? { former: encodeFormer(record.former) } : {}),
    current: record.current,
    fence: record.fence,
    revisions: record.revisions.map((entry) => ({
      number: entry.number,
      id: entry.id,
      name: entry.name,
      created: formatInstant(entry.created),
      expires: entry.expires === null ? null : formatInstant(entry.expires),
      deliveredAt: entry.deliveredAt === null ? null : new Date(entry.deliveredAt).toISOString(),
      usedAfter: formatInstant(entry.usedAfter),
      sha256: entry.sha256,
      inputs: { owner: entry.inputs.owner, base: entry.inputs.base, days: entry.inputs.days, scim: entry.inputs.scim, rotate: entry.inputs.rotate },
      ...(entry.revoked ? { revoked: { at: new Date(entry.revoked.at).toISOString(), why: entry.revoked.why, done: entry.revoked.done } } : {}),
      ...(entry.restart === undefined ? {} : { restart: entry.restart === "due" ? "due" : new Date(entry.restart).toISOString() }),
      ...(entry.retiringSince === undefined ? {} : { retiringSince: new Date(entry.retiringSince).toISOString() }),
      ...(entry.kept ? { kept: true } : {}),
      ...(entry.former ? { former: true } : {}),
    })),
    ...(record.others?.length ? { others: record.others } : {}),
  });
}

function encodeFormer({ url, userId, ref, since, onward, others }: Former): object {
  return { url, userId, ref, since: new Date(since).toISOString(), ...(onward ? { onward } : {}), ...(others?.length ? { others } : {}) };
}

type Json = { readonly [key: string]: unknown };
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const WHYS: ReadonlySet<string> = new Set<RevokedWhy>(["retired", "state", "compromised", "early", "elsewhere", "expired"]);

class Malformed extends Error {}

function integer(value: unknown, least: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) throw new Malformed();
  return value;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new Malformed();
  return value;
}

function instant(value: unknown): number {
  const parsed = parseInstant(text(value));
  if (parsed === null) throw new Malformed();
  return parsed;
}

const optional = <T>(value: unknown, read: (value: unknown) => T): T | null => (value === null || value === undefined ? null : read(value));

function decodeOthers(value: unknown): { others?: number[] } {
  if (value === undefined) return {};
  if (!Array.isArray(value)) throw new Malformed();
  return { others: value.map((id) => integer(id, 0)) };
}

function decodeIssuer(value: Json): RecordedIssuer {
  return { url: text(value["url"]), userId: integer(value["userId"], 0), ...(value["ref"] === undefined ? {} : { ref: text(value["ref"]) }) };
}

function decodeFormer(value: unknown, revisions: readonly Entry[]): { former?: Former } {
  if (value === undefined) {
    if (revisions.some((entry) => entry.former)) throw new Malformed();
    return {};
  }
  if (!isObject(value)) throw new Malformed();
  return { former: { ...decodeIssuer(value), ref: text(value["ref"]), since: instant(value["since"]), ...(value["onward"] === true ? { onward: true } : {}), ...decodeOthers(value["others"]) } };
}

function decodeInputs(value: unknown): IssueInputs {
  if (!isObject(value)) throw new Malformed();
  return {
    owner: integer(value["owner"], 0),
    base: text(value["base"]),
    days: optional(value["days"], (days) => integer(days, 1)),
    scim: value["scim"] === true,
    rotate: text(value["rotate"]),
  };
}

function decodeRevoked(value: unknown): NonNullable<Entry["revoked"]> {
  if (!isObject(value) || !WHYS.has(text(value["why"]))) throw new Malformed();
  return { at: instant(value["at"]), why: text(value["why"]) as RevokedWhy, done: value["done"] === true };
}

function decodeEntry(value: unknown): Entry {
  if (!isObject(value)) throw new Malformed();
  return {
    number: integer(value["number"], 1),
    id: integer(value["id"], 0),
    name: text(value["name"]),
    created: instant(value["created"]),
    expires: optional(value["expires"], instant),
    deliveredAt: optional(value["deliveredAt"], instant),
    usedAfter: instant(value["usedAfter"]),
    sha256: optional(value["sha256"], text),
    inputs: decodeInputs(value["inputs"]),
    ...(value["revoked"] === undefined ? {} : { revoked: decodeRevoked(value["revoked"]) }),
    ...(value["restart"] === undefined ? {} : { restart: value["restart"] === "due" ? "due" : instant(value["restart"]) }),
    ...(value["retiringSince"] === undefined ? {} : { retiringSince: instant(value["retiringSince"]) }),
    ...(value["kept"] === true ? { kept: true } : {}),
    ...(value["former"] === true ? { former: true } : {}),
  };
}

/** The record that a text holds, or null when it is not a record that this version understands. */
export function decodeRecord(source: string): Record | null {
  try {
    const value: unknown = JSON.parse(source);
    if (!isObject(value) || value["version"] !== 1 || !isObject(value["issuer"]) || !Array.isArray(value["revisions"])) return null;
    const revisions = value["revisions"].map(decodeEntry).sort((a, b) => a.number - b.number);
    const current = optional(value["current"], (number) => integer(number, 1));
    if (new Set(revisions.map((entry) => entry.number)).size !== revisions.length) return null;
    if (current !== null && !revisions.some((entry) => entry.number === current)) return null;
    return {
      mark: text(value["mark"]),
      issuer: decodeIssuer(value["issuer"]),
      ...decodeFormer(value["former"], revisions),
      current,
      fence: integer(value["fence"], 0),
      revisions,
      ...decodeOthers(value["others"]),
    };
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The record with one entry replaced. */
export function withEntry(record: Record, number: number, change: (entry: Entry) => Entry): Record {
  return { ...record, revisions: record.revisions.map((entry) => (entry.number === number ? change(entry) : entry)) };
}

/** The record without one entry. */
export function withoutEntry(record: Record, number: number): Record {
  return { ...record, revisions: record.revisions.filter((entry) => entry.number !== number) };
}
