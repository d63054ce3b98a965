// What of a list of tokens is shown, and in which order. Decides filters and sorts; must
// not know how a row looks.
import { type Token, expiresSoon, stateOf } from "./token.ts";

export const filters = ["All", "Active", "Expiring soon", "Revoked", "Expired"] as const;
export type Filter = (typeof filters)[number];

export const sorts = ["name", "user", "created", "expiration", "last_used"] as const;
export type SortKey = (typeof sorts)[number];

export interface Order {
  readonly key: SortKey;
  readonly descending: boolean;
}

export function passes(token: Token, filter: Filter, now: number): boolean {
  if (filter === "All") return true;
  return filter === "Expiring soon" ? expiresSoon(token, now) : stateOf(token, now) === filter;
}

/** Every word of the search has to occur in the names of the token or its owner. */
export function matches(token: Token, search: string): boolean {
  const text = folded(`${token.name} ${token.user.name} ${token.user.user_id}`);
  return folded(search).split(/\s+/).every((word) => text.includes(word));
}

const folded = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
/** What has no date stands at the far end: it never expires, it was never used. */
const time = (text: string | null, without: number): number => (text === null ? without : Date.parse(text));

const comparisons: Readonly<Record<SortKey, (a: Token, b: Token) => number>> = {
  name: (a, b) => names.compare(a.name, b.name),
  user: (a, b) => names.compare(a.user.name, b.user.name),
  created: (a, b) => time(a.created, 0) - time(b.created, 0),
  expiration: (a, b) => time(a.expiration, Number.MAX_SAFE_INTEGER) - time(b.expiration, Number.MAX_SAFE_INTEGER),
  last_used: (a, b) => time(a.last_used, 0) - time(b.last_used, 0),
};

export function ordered(tokens: readonly Token[], { key, descending }: Order): Token[] {
  const sign = descending ? -1 : 1;
  return tokens.toSorted((a, b) => sign * (comparisons[key](a, b) || a.id - b.id));
}
