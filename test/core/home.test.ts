// Where a resource is at home, and what tells for whom to issue there.
import { expect, it } from "vitest";
import { telling } from "../../core/home.ts";
import { entry, record } from "./situations.ts";

const away = entry(1, { former: true });

it.each([
  ["the delivered one", record([entry(1), entry(2), entry(3)], { current: 2 }), 2],
  ["the newest one there, where the delivered one is at the issuer before it", record([away, entry(2), entry(3)], { current: 1 }), 3],
  ["nothing, where nothing was issued there", record([away]), null],
  ["nothing, without a record", null, null],
] as const)("%s tells the service user", (_why, of, number) => {
  expect(telling(of)?.number ?? null).toBe(number);
});
