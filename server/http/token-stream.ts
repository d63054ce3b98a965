// A list of tokens as the text of its answer, some at a time. Decides that an owner's part
// is written once however many tokens they have; the shape is that of answer.ts.
import { dateOf, stamp } from "../rules/moment.ts";
import type { TokenCells, TokenList } from "../storage/token-list.ts";
import { userStub } from "./answer.ts";

const perChunk = 200;

export function* tokenListText({ tokens, owners }: TokenList): Generator<string> {
  const stubs = new Map([...owners].map(([id, owner]) => [id, JSON.stringify(userStub(owner))]));
  if (tokens.length === 0) yield "[]";
  for (let start = 0; start < tokens.length; start += perChunk) {
    const part = tokens.slice(start, start + perChunk).map((cells) => textOf(cells, stubs.get(cells[1])));
    yield `${start === 0 ? "[" : ","}${part.join(",")}${start + perChunk >= tokens.length ? "]" : ""}`;
  }
}

function textOf([id, , name, created, expiration, lastUsed, active]: TokenCells, stub: string | undefined): string {
  if (stub === undefined) throw new Error(`Token ${id} came without its owner.`);
  return `{"id":${id},"created":${quoted(created)},"name":${JSON.stringify(name)},"active":${active},"expiration":${quoted(expiration)},"last_used":${quoted(lastUsed)},"user":${stub}}`;
}

function quoted(second: number | null): string {
  return second === null ? "null" : `"${stamp(dateOf(second))}"`;
}
