// Whether each mutant of make mutants can still be made: its text stands in the source exactly once, and what comes out
// of it is a program.
import { stripTypeScriptTypes } from "node:module";
import { describe, expect, it } from "vitest";
import { applied, MUTATIONS } from "./mutations.ts";

describe("the mutants", () => {
  it.each(MUTATIONS)("$name", (mutation) => {
    expect(() => stripTypeScriptTypes(applied(mutation))).not.toThrow();
  });

  it("have names of their own", () => {
    const names = MUTATIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(100);
  });
});
