// The record in the state: whatever a record may hold comes back as it was, and it stays small.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenName } from "../../core/name.ts";
import { encodeRecord, decodeRecord, type Entry, type Record } from "../../core/record.ts";
import { decodeState as decode, encodeState } from "../../provider/state-record.ts";

const MARK = "hsp7jc-sztafdmv9";
const CREATED = Date.UTC(2026, 0, 15, 10, 30);

const entry = (number: number, more: Partial<Entry> = {}): Entry => ({
  number,
  id: 4_000 + number,
  name: tokenName("data-ingest", MARK, number),
  created: CREATED,
  expires: CREATED + 90 * 86_400_000,
  deliveredAt: CREATED + 412,
  usedAfter: CREATED + 2_000,
  sha256: "0f".repeat(32),
  inputs: { owner: 12, base: "data-ingest", days: 90, scim: false, rotate: "" },
  ...more,
});
const record = (...revisions: Entry[]): Record => ({ mark: MARK, issuer: { url: "https://q.example", userId: 7 }, current: revisions.at(-1)?.number ?? null, fence: revisions.length, revisions });

const NAME = tokenName("data-ingest", MARK, 2);
/** Beside what the output tokenName says. */
const decodeState = (value: unknown, mark: string, shown: string | undefined = NAME): Record | null => decode({ record: value, ...(shown === undefined ? {} : { tokenName: shown }) }, mark);
const shownOf = ({ current, revisions }: Record): string | undefined => revisions.find(({ number }) => number === current)?.name;

test("one revision is less than a hundred bytes, however long its name is", () => {
  const text = encodeState(record(entry(1)));
  expect(text).toBe("2 https://q.example 7 1 1|1 4001 t8wii0 4mo00 bg 2 Dw8PDw8P 12 %= 90");
  expect(decodeState(text, MARK, tokenName("data-ingest", MARK, 1))?.revisions[0]?.inputs.base).toBe("data-ingest");
});

test("a base that does not stand in the token's name is written, and one that has gone from there is not guessed", () => {
  const cut = entry(1, { name: tokenName("a".repeat(300), MARK, 1), inputs: { ...entry(1).inputs, base: "a".repeat(300) } });
  for (const given of [record(entry(1, { name: "made by hand" })), record(cut)]) expect(decodeState(encodeState(given), MARK, shownOf(given))?.revisions[0]?.inputs.base).toBe(given.revisions[0]?.inputs.base);
  const text = encodeState(record(entry(1)));
  for (const shown of ["made by hand", tokenName("data-ingest", "hsp7jc-000000000", 1), NAME, undefined]) expect(decode({ record: text, tokenName: shown }, MARK)).toBeNull();
});

test("a second one of the same owner, name and lifetime repeats none of them", () => {
  const both = record(entry(1, { sha256: null }), entry(2, { sha256: null }));
  expect(encodeState(both)).toBe("2 https://q.example 7 2 2|1 4001 t8wii0 4mo00 bg 2 - 12 %= 90|2 4002 t8wii0 4mo00 bg 2 - =");
  expect(decodeState(encodeState(both), MARK)).toEqual(both);
  const other = record(entry(1), entry(2, { inputs: { ...entry(2).inputs, base: "=", rotate: "=" } }), entry(3, { inputs: { ...entry(2).inputs, base: "=", days: null } }));
  expect(decodeState(encodeState(other), MARK, shownOf(other))?.revisions.map(({ inputs }) => inputs)).toEqual(other.revisions.map(({ inputs }) => inputs));
});

test("what was written in full is read as ever", () => {
  const text = "2 https://q.example 7 2 2|1 4001 t8wii0 4mo00 bg 2 - 12 data-ingest 90|2 4002 t8wii0 4mo00 bg 2 - 12 data-ingest 90";
  expect(decodeState(text, MARK)).toEqual(record(entry(1, { sha256: null }), entry(2, { sha256: null })));
});

test("what was imported has a name of its own", () => {
  const imported = record(entry(1, { name: "made by hand | 100 %", deliveredAt: null, sha256: null }));
  expect(decodeState(encodeState(imported), MARK)).toEqual(imported);
});

test("a former issuer is kept, in a form that an older version refuses", () => {
  const { revisions } = record(entry(1, { former: true }), entry(2));
  const moved: Record = { ...record(...revisions), former: { url: "https://was.example", userId: 3, ref: "https://was.example", since: CREATED } };
  for (const given of [moved, { ...moved, others: [5], former: { ...moved.former, others: [6, 7] } as Record["former"] & object }]) {
    const text = encodeState(given);
    expect(text).toMatch(/^3 /);
    const kept = { ...given, revisions: given.revisions.map((one) => ({ ...one, sha256: one.number === 2 ? (one.sha256?.slice(0, 12) ?? null) : null })) };
    expect(decodeState(text, MARK)).toEqual(kept);
  }
});

const instant = fc.integer({ min: CREATED - 1e9, max: CREATED + 1e9 });
const whole = instant.map((at) => Math.floor(at / 1_000) * 1_000);
const entries: fc.Arbitrary<Partial<Entry>> = fc.record(
  {
    name: fc.string({ unit: "grapheme", minLength: 1 }),
    created: whole,
    expires: fc.option(whole, { nil: null }),
    deliveredAt: fc.option(instant, { nil: null }),
    usedAfter: whole,
    sha256: fc.option(fc.constantFrom("00".repeat(32), "ff".repeat(32)), { nil: null }),
    inputs: fc.record({
      owner: fc.oneof(fc.nat(), fc.constantFrom(1, 2)),
      base: fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "-", "=", "%", "%-", "a b|c\t%20", "-r1")),
      days: fc.option(fc.integer({ min: 1, max: 365 }), { nil: null }),
      scim: fc.boolean(),
      rotate: fc.oneof(fc.string(), fc.constantFrom("", "-", "=", "%")),
    }),
    revoked: fc.record({ at: instant, why: fc.constantFrom("retired", "state", "compromised", "early", "elsewhere", "expired"), done: fc.boolean() }),
    kept: fc.constant(true),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<Entry>>;

test("any record comes back as the first form would bring it back", () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 4 }), fc.string(), fc.array(fc.nat(), { maxLength: 3 }), (all, url, others) => {
      const given: Record = { ...record(...all.map((more, index) => entry(index + 1, more))), issuer: { url, userId: 3 }, ...(others.length > 0 ? { others } : {}) };
      // Of the fingerprints the current one's is kept, and of it the beginning.
      const kept = { ...given, revisions: given.revisions.map((one) => ({ ...one, sha256: one.number === given.current ? (one.sha256?.slice(0, 12) ?? null) : null })) };
      expect(decodeState(encodeState(given), MARK, shownOf(given))).toEqual(decodeRecord(encodeRecord(kept)));
    }),
    { numRuns: 500 },
  );
});

describe("what is no record is refused", () => {
  const good = encodeState(record(entry(1), entry(2)));
  const rows: [why: string, text: unknown][] = [
    ["a later form", good.replace(/^2/, "4")],
    ["one with a former issuer that does not say which", good.replace(/^2/, "3")],
    ["nothing", ""],
    ["cut in the middle of a revision", good.slice(0, good.lastIndexOf(" t8wii0"))],
    ["a letter for a number", good.replace("4001", "4o01")],
    ["two of one number", good.replace("|2 ", "|1 ")],
    ["a current one that is not there", good.replace(" 7 2 2", " 7 5 2")],
    ["the same as no line", good.replace("12 %= 90", "=")],
    ["a wrong escape", good.replace("%=", "%E0%A4%A")],
    ["a reason that is none", `${good} - - lost.1`],
    ["a number", 3],
    ["an object of another version", { version: 9 }],
  ];
  test.each(rows)("%s", (_, text) => expect(decodeState(text, MARK)).toBeNull());
});
