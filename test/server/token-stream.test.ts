// A list of tokens as text, some at a time: whole wherever it is cut.
import { expect, it } from "vitest";
import { tokenAnswer } from "../../server/http/answer.ts";
import { tokenListText } from "../../server/http/token-stream.ts";
import type { Owner } from "../../server/storage/account-table.ts";

const day = 86_400;
const start = Date.parse("2026-01-15T10:30:00Z") / 1_000;
const ownerOf = (id: number): Owner => ({ id, userId: `u${id}@service`, name: `User "${id}"`, kind: "Service", role: "Member", email: `u${id}@service`, created: new Date(start * 1_000) });
const owners = new Map([1, 2].map((id) => [id, ownerOf(id)]));

it.each([0, 1, 199, 200, 201, 400, 1_001])("of %i tokens says what each of them alone would", (count) => {
  const places = Array.from({ length: count }, (_, place) => place);
  const tokens = {
    ids: places.map((place) => place + 7),
    owners: places.map((place) => 1 + (place % 2)),
    names: places.map((place) => `name "${place}" \\ \n 😀`),
    created: places.map((place) => start + place * 40_000),
    expiration: places.map((place) => (place % 3 === 0 ? null : start + 90 * day + place)),
    lastUsed: places.map((place) => (place % 5 === 0 ? null : start + place)),
    active: places.map((place) => place % 4 !== 0),
  };
  const date = (second: number | null | undefined): Date | null => (typeof second === "number" ? new Date(second * 1_000) : null);
  const text = [...tokenListText({ tokens, owners })].join("");
  expect(JSON.parse(text)).toEqual(
    places.map((at) =>
      tokenAnswer({
        id: at + 7,
        name: tokens.names[at] ?? "",
        created: date(tokens.created[at]) ?? new Date(0),
        expiration: date(tokens.expiration[at]),
        lastUsed: date(tokens.lastUsed[at]),
        active: tokens.active[at] === true,
        owner: ownerOf(1 + (at % 2)),
      }),
    ),
  );
});
