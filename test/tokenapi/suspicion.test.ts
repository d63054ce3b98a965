// A list that suddenly lacks most tokens: when it is suspected, whose turn it is, and how it is settled.
import { beforeEach, describe, expect, it } from "vitest";
import type { Remote } from "../../core/observed.ts";
import { Suspicion } from "../../tokenapi/suspicion.ts";

const token = (id: number): Remote => ({ id, name: `t${id}`, created: 1_000, active: true, expires: null, lastUsed: null, owner: 1 });
const list = (...ids: number[]) => (id: number): Remote | undefined => (ids.includes(id) ? token(id) : undefined);

describe("a suspicion", () => {
  let now = 0;
  let suspicion: Suspicion;
  let told: string[] = [];

  const deliver = (count: number): void => {
    const ids = Array.from({ length: count }, (_, i) => i + 1);
    for (const id of ids) suspicion.expect(`m${id}`, token(id), list(...ids));
  };

  beforeEach(() => {
    now = 0;
    told = [];
    suspicion = new Suspicion(() => now, (next) => told.push(next));
  });

  it.each<[string, number, number[], boolean]>([
    ["all of four", 4, [], true],
    ["three of five", 5, [1, 2], true],
    ["half", 6, [1, 2, 3], false],
    ["two of two: few may go by hand", 2, [], false],
    ["three of three", 3, [], true],
    ["one of many", 9, [1, 2, 3, 4, 5, 6, 7, 8], false],
  ])("%s", (_what, count, left, suspected) => {
    deliver(count);
    suspicion.take(list(...left));
    expect(suspicion.problem !== null).toBe(suspected);
    expect(suspicion.claim("m3")).toBe(suspected && !left.includes(3));
  });

  it("counts an id that was given out again as missing", () => {
    deliver(4);
    suspicion.take((id) => ({ ...token(id), created: 999_000 }));
    expect(suspicion.problem).toMatch(/lacks most/);
  });

  it("counts what was delivered before this process began", () => {
    for (const id of [1, 2, 3]) suspicion.expect(`m${id}`, token(id), list());
    expect(suspicion.problem).not.toBeNull();
  });

  it("gives one turn at a time, and passes it on", () => {
    deliver(4);
    suspicion.take(list());
    expect([suspicion.claim("m1"), suspicion.claim("m2"), suspicion.claim("m1")]).toEqual([true, false, true]);
    now += 30_000;
    expect([suspicion.claim("m2"), suspicion.claim("m1")]).toEqual([true, false]);
    suspicion.pass("m2");
    expect([suspicion.claim("m2"), suspicion.claim("m1")]).toEqual([false, true]);
  });

  it("gives no turn to whom nothing is missing", () => {
    deliver(4);
    suspicion.take(list(4));
    expect([suspicion.claim("m4"), suspicion.claim("other")]).toEqual([false, false]);
  });

  it("is over when the tokens are gone indeed, and for the next lists too", () => {
    deliver(4);
    suspicion.take(list());
    expect(suspicion.claim("m1")).toBe(true);
    suspicion.settle("m1", true);
    // A revoked one is refused as well: another has to be tried.
    expect([suspicion.problem === null, suspicion.claim("m1"), suspicion.claim("m2")]).toEqual([false, false, true]);
    suspicion.settle("m2", true);
    expect(suspicion.problem).toBeNull();
    suspicion.take(list());
    expect(suspicion.problem).toBeNull();
    // One has a new token, and only two others are expected besides: too few to say that much is missing.
    suspicion.expect("m1", token(11), list());
    expect(suspicion.problem).toBeNull();
    // All have what they need again: the next loss is a new suspicion.
    for (const id of [1, 2, 3, 4]) suspicion.expect(`m${id}`, token(10 + id), list(11, 12, 13, 14));
    suspicion.take(list());
    expect(suspicion.problem).not.toBeNull();
  });

  it("stays where one of them authenticates, until a list says otherwise", () => {
    deliver(4);
    suspicion.take(list());
    suspicion.settle("m1", false);
    expect(suspicion.problem).toMatch(/still authenticates/);
    expect([suspicion.lies, suspicion.claim("m1")]).toEqual([true, false]);
    suspicion.take(list());
    expect([suspicion.lies, suspicion.claim("m1")]).toEqual([false, true]);
    suspicion.take(list(1, 2, 3, 4));
    expect(suspicion.problem).toBeNull();
  });

  it("does not count one token twice, whose first trial took so long that its turn passed on", () => {
    deliver(4);
    suspicion.take(list());
    expect(suspicion.claim("m1")).toBe(true);
    now += 30_000;
    expect(suspicion.claim("m2")).toBe(true);
    suspicion.settle("m1", true);
    expect([suspicion.claim("m1"), suspicion.claim("m2")]).toEqual([false, true]);
    suspicion.settle("m1", true);
    expect(suspicion.problem).not.toBeNull();
    suspicion.settle("m2", false);
    // What still authenticates weighs more than what is refused.
    suspicion.settle("m3", true);
    suspicion.settle("m4", true);
    expect([suspicion.lies, suspicion.problem === null]).toEqual([true, false]);
  });

  it("tells after each trial who is next, one alone, and all once it is settled", () => {
    deliver(4);
    suspicion.take(list());
    expect(told).toEqual([]);
    suspicion.claim("m1");
    suspicion.pass("m1");
    suspicion.claim("m2");
    suspicion.settle("m2", true);
    suspicion.claim("m3");
    suspicion.settle("m3", true);
    expect(told).toEqual(["m2", "m3", "all"]);
  });

  it("tells nobody where one authenticates, nor when all have passed: only another list can say more", () => {
    deliver(3);
    suspicion.take(list());
    suspicion.claim("m1");
    suspicion.settle("m1", false);
    expect(told).toEqual([]);
    suspicion.take(list());
    for (const mark of ["m1", "m2", "m3"]) {
      suspicion.claim(mark);
      suspicion.pass(mark);
    }
    expect(told).toEqual(["m2", "m3"]);
  });

  it("forgets a resource that is gone", () => {
    deliver(4);
    suspicion.take(list());
    for (const id of [1, 2]) suspicion.expect(`m${id}`, null, list());
    expect(suspicion.problem).toBeNull();
  });
});
