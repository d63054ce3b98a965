import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeRecord, encodeRecord, withEntry, withoutEntry, type Record } from "../../core/record.ts";
import { entry, NOW, record } from "./situations.ts";

const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1_000);
const millisecond = fc.integer({ min: 0, max: 4_000_000_000_000 });
const anyEntry = (number: number) =>
  fc.record({
    number: fc.constant(number),
    id: fc.nat(),
    name: fc.string(),
    created: second,
    expires: fc.option(second),
    deliveredAt: fc.option(millisecond),
    usedAfter: second,
    sha256: fc.option(fc.string()),
    inputs: fc.record({ owner: fc.nat(), base: fc.string(), days: fc.option(fc.integer({ min: 1, max: 365 })), scim: fc.boolean(), rotate: fc.string() }),
    revoked: fc.record({ at: millisecond, why: fc.constantFrom("retired", "state", "compromised", "early", "elsewhere", "expired"), done: fc.boolean() }),
  });
const anyRecord: fc.Arbitrary<Record> = fc
  .tuple(fc.string(), fc.webUrl(), fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), fc.array(fc.nat(), { minLength: 1, maxLength: 3 }))
  .chain(([mark, url, userId, gaps, others]) =>
    fc.tuple(...gaps.map((_, i) => anyEntry(i + 1))).map((revisions) => ({ mark, issuer: { url, userId }, current: revisions.at(-1)?.number ?? null, fence: userId, revisions: revisions as Record["revisions"], others })),
  );

describe("the record", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(anyRecord, (written) => {
        expect(decodeRecord(encodeRecord(written))).toEqual(written);
      }),
    );
  });

  it("keeps a former issuer, and what was issued there", () => {
    const former = { url: "https://a", userId: 3, ref: "TokenIssuer/a", since: NOW, onward: true, others: [7] };
    const moved = record([entry(1, { former: true }), entry(2)], { issuer: { url: "https://b", userId: 1, ref: "TokenIssuer/b" }, former });
    expect(decodeRecord(encodeRecord(moved))).toEqual(moved);
  });

  it("is written the same each time, and never holds a value", () => {
    const written = record([entry(1), entry(2, { kept: true, revoked: { at: NOW, why: "retired", done: false } })]);
    expect(encodeRecord(decodeRecord(encodeRecord(written)) as Record)).toBe(encodeRecord(written));
    expect(encodeRecord(written)).not.toContain("bearer");
  });

  it("is null for anything else, and never throws", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void expect(decodeRecord(text)).toBeNull()));
  });

  const good = JSON.parse(encodeRecord(record([entry(1)]))) as { [key: string]: unknown };
  const first = (good["revisions"] as { [key: string]: unknown }[])[0] ?? {};
  it.each<[string, object]>([
    ["another version", { version: 2 }],
    ["no issuer", { issuer: null }],
    ["a negative fence", { fence: -1 }],
    ["a former issuer without a name", { former: { url: "https://a", userId: 1, since: first["created"] } }],
    ["a former issuer that was never left", { former: { url: "https://a", userId: 1, ref: "a" } }],
    ["a revision of a former issuer, and none is named", { revisions: [{ ...first, former: true }] }],
    ["others that are no ids", { others: ["a"] }],
    ["others that are no list", { others: 7 }],
    ["a current one that it does not know", { current: 7 }],
    ["two entries of one number", { revisions: [first, first] }],
    ["a date that is none", { revisions: [{ ...first, created: "yesterday" }] }],
    ["a number that is none", { revisions: [{ ...first, number: "1" }] }],
    ["a reason that it does not know", { revisions: [{ ...first, revoked: { at: first["created"], why: "boredom", done: true } }] }],
    ["revisions that are no list", { revisions: {} }],
    ["a mark that is no text", { mark: 7 }],
  ])("is malformed with %s", (_, change) => {
    expect(decodeRecord(JSON.stringify({ ...good, ...change }))).toBeNull();
  });

  it("changes one entry and leaves the rest", () => {
    const written = record([entry(1), entry(2)]);
    expect(withEntry(written, 1, (old) => ({ ...old, id: 7 })).revisions.map(({ id }) => id)).toEqual([7, 102]);
    expect(withoutEntry(written, 1).revisions.map(({ number }) => number)).toEqual([2]);
  });
});
