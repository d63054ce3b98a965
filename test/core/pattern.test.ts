// Patterns of an issuer's policy: * stands for any text, and a pattern made to be slow is not.
import fc from "fast-check";
import { expect, it } from "vitest";
import { matches } from "../../core/pattern.ts";

it.each([
  ["ingest-*", "ingest-1", true],
  ["ingest-*", "ingest-", true],
  ["ingest-*", "my ingest-1", false],
  ["*", "", true],
  ["a*b*c", "axxbxxc", true],
  ["a*b*c", "axxcxxb", false],
  ["ab*ba", "aba", false],
  ["a.c", "abc", false],
  ["a*", "a\nb", true],
  ["#12", "#12", true],
])("%s and %s: %s", (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});

it("says what a regular expression would say", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  const plain = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
  fc.assert(
    fc.property(text, plain, (pattern, name) => {
      expect(matches(pattern, name)).toBe(new RegExp(`^${pattern.split("*").join(".*")}$`, "s").test(name));
    }),
  );
});

it("takes no longer for a pattern of many stars", () => {
  expect(matches("a*".repeat(120), `${"a".repeat(250)}b!`)).toBe(true);
  expect(matches(`${"a*".repeat(120)}c`, `${"a".repeat(250)}b`)).toBe(false);
});
