import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markOf, parseName, scopeOf, tokenName } from "../../core/name.ts";

const MARK = markOf("cluster", "ServiceToken/data/ingest");
const text = fc.string({ unit: "binary", maxLength: 300 });

describe("names", () => {
  it("carries mark and revision for any base", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 999_999_999 }), (base, revision) => {
        const name = tokenName(base, MARK, revision);
        expect(Buffer.byteLength(name, "utf8")).toBeLessThanOrEqual(255);
        expect(parseName(name)).toEqual({ mark: MARK, revision });
        expect(tokenName(base, MARK, revision)).toBe(name);
      }),
    );
  });

  it("does not depend on how a base is composed", () => {
    expect(tokenName("e\u0301", MARK, 1)).toBe(tokenName("\u00e9", MARK, 1));
  });

  it("cuts at a code point", () => {
    const name = tokenName("\u{1f680}".repeat(100), MARK, 7);
    expect(name.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(name, "utf8")).toBeGreaterThan(250);
  });

  it.each([
    ["a person's own", "my token"],
    ["no revision", `x-${MARK}`],
    ["revision 0", `x-${MARK}-r0`],
    ["leading zero", `x-${MARK}-r01`],
    ["ten digits are a joke", `x-${MARK}-r1234567890`],
    ["something after it", `x-${MARK}-r1 copy`],
    ["a letter outside the alphabet", `x-${MARK.replace(/.$/, "o")}-r1`],
  ])("reads no mark from %s", (_, name) => {
    expect(parseName(name)).toBeNull();
  });

  it("tells scopes and resources apart, at 75 bits", () => {
    const marks = new Set<string>();
    for (let i = 0; i < 20_000; i++) marks.add(markOf(`scope-${i % 10}`, `ServiceToken/data/name-${i}`));
    expect(marks.size).toBe(20_000);
    expect(scopeOf(markOf("a", "x"))).toBe(scopeOf(markOf("a", "y")));
    expect(scopeOf(markOf("a", "x"))).not.toBe(scopeOf(markOf("b", "x")));
    expect(MARK.replaceAll("-", "").length * 5).toBeGreaterThanOrEqual(60);
  });
});
