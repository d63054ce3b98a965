import { expect, test } from "vitest";
import { ListChanges } from "../../../controller/list-changes.ts";
import type { Remote } from "../../../core/observed.ts";

const token = (id: number, more: Partial<Remote> = {}): { mark: string; token: Remote } => ({
  mark: `mark-${id}`,
  token: { id, name: `n-${id}`, created: 0, active: true, expires: null, lastUsed: null, owner: 1, ...more },
});

test("the first list concerns everybody, the same list again nobody", () => {
  const changes = new ListChanges();
  expect(changes.take([token(1), token(2)])).toEqual(new Set(["mark-1", "mark-2"]));
  expect(changes.take([token(1), token(2)])).toEqual(new Set());
});

test.each([
  ["is revoked", { active: false }],
  ["gets another expiry", { expires: 5 }],
  ["is used for the first time", { lastUsed: 7 }],
  ["is another one under an old id", { name: "reused" }],
])("a token that %s concerns its resource", (_, more) => {
  const changes = new ListChanges();
  changes.take([token(1), token(2)]);
  expect(changes.take([token(1, more), token(2)])).toEqual(new Set(["mark-1"]));
});

test("a token that vanished concerns its resource", () => {
  const changes = new ListChanges();
  changes.take([token(1), token(2)]);
  expect(changes.take([token(2)])).toEqual(new Set(["mark-1"]));
});

test("a later use concerns only those who watch for it", () => {
  const changes = new ListChanges();
  changes.take([token(1, { lastUsed: 1 }), token(2, { lastUsed: 1 })]);
  changes.watch("mark-2", true);
  expect(changes.take([token(1, { lastUsed: 2 }), token(2, { lastUsed: 2 })])).toEqual(new Set(["mark-2"]));
  changes.watch("mark-2", false);
  expect(changes.take([token(1, { lastUsed: 3 }), token(2, { lastUsed: 3 })])).toEqual(new Set());
});
