// A list of tokens as the text of its answer, some at a time. Decides that an owner's part
// is written once however many tokens they have; the shape is that of answer.ts.
import { stampOfSecond } from "../rules/moment.ts";
import type { TokenColumns, TokenList } from "../storage/token-list.ts";
import { userStub } from "./answer.ts";

const perChunk = 200;

export function* tokenListText({ tokens, owners }: TokenList): Generator<string> {
  const stubs = new Map([...owners].map(([id, owner]) => [id, JSON.stringify(userStub(owner))]));
  const count = tokens.ids.length;
  if (count === 0) yield "[]";
  for (let start = 0; start < count; start += perChunk) {
    const end = Math.min(start + perChunk, count);
    let text = start === 0 ? "[" : ",";
    for (let at = start; at < end; at += 1) text += (at === start ? "" : ",") + textAt(tokens, at, stubs);
    yield end === count ? `${text}]` : text;
  }
}

function textAt({ ids, owners, names, created, expiration, lastUsed, active }: TokenColumns, at: number, stubs: ReadonlyMap<number, string>): string {
  const stub = stubs.get(owners[at] ?? 0);
  if (stub === undefined) throw new Error(`Token ${ids[at]} came without its owner.`);
  return `{"id":${ids[at]},"created":${quoted(created[at])},"name":${JSON.stringify(names[at])},"active":${active[at]},"expiration":${quoted(expiration[at])},"last_used":${quoted(lastUsed[at])},"user":${stub}}`;
}

function quoted(second: number | null | undefined): string {
  return typeof second === "number" ? `"${stampOfSecond(second)}"` : "null";
}
