// The record as it stands in Pulumi's state: one short line. The state holds it with every resource and is written
// anew at every step, and inside the state's file each line of an object costs its indentation as well. What the
// resource tells anyhow (its mark, and in its token's name the base of it) and what follows from the rest (a token's name,
// a date from another) is left out.
// Knows the form and decides nothing; core/record.ts says what a record is.
import { formatInstant } from "../core/instant.ts";
import { tokenName } from "../core/name.ts";
import { decodeRecord, type Entry, type Record, type RevokedWhy } from "../core/record.ts";

const VERSION = "2";
/** With a former issuer, which an older version of this package must not overlook. */
const VERSION_MOVED = "3";
const NOTHING = "-";
/** In the place of an owner: owner, base and lifetime are those of the line before. To an older version of this package it is no owner: it refuses. */
const SAME = "=";
/** In the place of a base: the one in the output tokenName. To an older version of this package it is no text: it refuses. */
const SHOWN = "%=";
/** Where the owner stands in a line, counted from 0. */
const OWNER = 7;
const SECOND = 1_000;
/** So much of a value's SHA-256 is kept: 48 bits. It tells that somebody edited the state; nobody tries to be found equal. */
const PRINT_DIGITS = 12;

/** Texts are free: what separates them is written in another way. */
const escaped = (text: string): string => (text === "" || text === NOTHING ? `%${text}` : text.replace(/[%\s|]/g, (sign) => encodeURIComponent(sign)));
const unescaped = (text: string): string => (text === "%" || text === `%${NOTHING}` ? text.slice(1) : decodeURIComponent(text));

const isNothing = (word: string | undefined): word is typeof NOTHING | undefined => word === undefined || word === NOTHING;

const short = (whole: number): string => whole.toString(36);

/** Whole seconds, as the API's dates are. */
const second = (at: number): number => Math.floor(at / SECOND);

/** An instant as its distance from another: half the digits. */
const since = (at: number | null, from: number): string => (at === null ? NOTHING : short(Math.floor(at) - from));

const WHYS: readonly RevokedWhy[] = ["retired", "state", "compromised", "early", "elsewhere", "expired"];

function isAsBefore({ inputs }: Entry, before: Entry | undefined): boolean {
  return before !== undefined && inputs.owner === before.inputs.owner && inputs.base === before.inputs.base && inputs.days === before.inputs.days;
}

/** The base in a name that bears this mark and number; null: it is another's name. */
function baseIn(name: unknown, mark: string, number: number | null): string | null {
  const end = `-${mark}-r${number}`;
  return typeof name === "string" && name.endsWith(end) ? name.slice(0, -end.length) : null;
}

const shownBase = ({ mark, current, revisions }: Record): string | null => baseIn(revisions.find(({ number }) => number === current)?.name, mark, current);

function line(entry: Entry, record: Record, before: Entry | undefined): string {
  const { mark, current } = record;
  const { number, id, name, created, expires, deliveredAt, usedAfter, sha256, inputs, revoked, kept, former } = entry;
  const begun = second(created);
  const words = [
    String(number),
    String(id),
    short(begun),
    since(expires === null ? null : second(expires), begun),
    since(deliveredAt, begun * SECOND),
    since(second(usedAfter), begun),
    // Compared with what stands in the state: there stands the current one alone.
    sha256 === null || number !== current ? NOTHING : Buffer.from(sha256.slice(0, PRINT_DIGITS), "hex").toString("base64url"),
    ...(isAsBefore(entry, before) ? [SAME] : [String(inputs.owner), inputs.base === shownBase(record) ? SHOWN : escaped(inputs.base), inputs.days === null ? NOTHING : String(inputs.days)]),
    `${inputs.scim ? "s" : ""}${kept ? "k" : ""}${former ? "f" : ""}` || NOTHING,
    inputs.rotate === "" ? NOTHING : escaped(inputs.rotate),
    revoked ? `${revoked.why}${revoked.done ? "." : ","}${since(revoked.at, begun * SECOND)}` : NOTHING,
    name === tokenName(inputs.base, mark, number) ? NOTHING : escaped(name),
  ];
  // What is nothing at the end is left out.
  while (words.at(-1) === NOTHING) words.pop();
  return words.join(" ");
}

/** The record for the outputs. */
export function encodeState(record: Record): string {
  const { former } = record;
  const head = [former ? VERSION_MOVED : VERSION, escaped(record.issuer.url), String(record.issuer.userId), record.current === null ? NOTHING : String(record.current), String(record.fence)];
  if (record.others?.length || former) head.push(record.others?.join(",") || NOTHING);
  if (former) head.push(escaped(former.url), String(former.userId), short(former.since), ...(former.others?.length ? [former.others.join(",")] : []));
  return [head.join(" "), ...record.revisions.map((entry, index) => line(entry, record, record.revisions[index - 1]))].join("|");
}

/** What the outputs hold, written by this version or by an older one; null: it cannot be read. */
export function decodeState({ record: value, tokenName: shown }: { readonly record?: unknown; readonly tokenName?: unknown }, mark: string): Record | null {
  if (typeof value !== "string") return decodeRecord(JSON.stringify(value));
  try {
    const [head = "", ...lines] = value.split("|");
    const [version, url = "", userId, current = "", fence, others, ...moved] = head.split(" ");
    if (version !== VERSION && version !== VERSION_MOVED) return null;
    const number = current === NOTHING ? null : whole(current);
    const named: Named = { mark, base: baseIn(shown, mark, number) };
    // Read by the one reader there is: it refuses whatever is no record.
    return decodeRecord(
      JSON.stringify({
        version: 1,
        mark,
        issuer: { url: unescaped(url), userId: whole(userId) },
        current: number,
        fence: whole(fence),
        ...(version === VERSION_MOVED ? { former: formerOf(moved) } : {}),
        ...othersOf(others),
        revisions: writtenOut(lines).map((words) => entryOf(words, named)),
      }),
    );
  } catch {
    return null;
  }
}

const othersOf = (text: string | undefined): object => (text === undefined || text === NOTHING ? {} : { others: text.split(",").map(whole) });

/** Pulumi has no names for issuers: the url is the name. */
function formerOf([written = "", userId, since, others]: readonly string[]): object {
  const url = unescaped(written);
  return { url, userId: whole(userId), ref: url, since: exact(distance(since) ?? Number.NaN), ...othersOf(others) };
}

const whole = (text: string | undefined): number => (text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : Number.NaN);

function distance(text: string | undefined): number | null {
  if (text === undefined || text === NOTHING) return null;
  return /^-?[0-9a-z]+$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
}

const seconds = (from: number, after: number | null): string | null => (after === null ? null : formatInstant((from + after) * SECOND));
const exact = (at: number): string => new Date(at).toISOString();

/** The words of each line, with those that SAME stands for. */
function writtenOut(lines: readonly string[]): string[][] {
  let before: string[] = [];
  return lines.map((text) => {
    const words = text.split(" ");
    const all = words[OWNER] === SAME ? words.toSpliced(OWNER, 1, ...before) : words;
    before = [all[OWNER] ?? "", all[OWNER + 1] ?? "", all[OWNER + 2] ?? NOTHING];
    return all;
  });
}

/** What the resource tells anyhow. */
interface Named {
  readonly mark: string;
  readonly base: string | null;
}

function entryOf(words: readonly string[], named: Named): object {
  const [number, id, begun, expires, delivered, used, sha256, owner, base = "", days, flags = "", rotate, ended, name] = words;
  const created = distance(begun) ?? Number.NaN;
  const at = distance(delivered);
  // A base that stands nowhere is no text: the record is refused.
  const written = base === SHOWN && named.base !== null ? named.base : unescaped(base);
  return {
    number: whole(number),
    id: whole(id),
    name: isNothing(name) ? tokenName(written, named.mark, whole(number)) : unescaped(name),
    created: seconds(created, 0),
    expires: seconds(created, distance(expires)),
    deliveredAt: at === null ? null : exact(created * SECOND + at),
    usedAfter: seconds(created, distance(used)),
    sha256: isNothing(sha256) ? null : Buffer.from(sha256, "base64url").toString("hex"),
    inputs: {
      owner: whole(owner),
      base: written,
      days: isNothing(days) ? null : whole(days),
      scim: flags.includes("s"),
      rotate: isNothing(rotate) ? "" : unescaped(rotate),
    },
    ...(isNothing(ended) ? {} : { revoked: revokedOf(ended, created * SECOND) }),
    ...(flags.includes("k") ? { kept: true } : {}),
    ...(flags.includes("f") ? { former: true } : {}),
  };
}

function revokedOf(text: string, created: number): object {
  const why = WHYS.find((word) => text.startsWith(word)) ?? "";
  const done = text.charAt(why.length) === ".";
  return { at: exact(created + (distance(text.slice(why.length + 1)) ?? Number.NaN)), why, done };
}
