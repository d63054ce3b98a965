// Tokens that bear the mark of a resource that is new: an earlier life's, or another stack's. Said in the preview already,
// where the token API answers; what becomes of them is decided by whoever acts.
import type { Desired } from "../core/desired.ts";
import { isOver } from "../core/situation.ts";
import type { Inputs } from "./inputs.ts";
import { journal } from "./journal.ts";
import { seeing } from "./owner-check.ts";

/** The ids of those that this process has named: whoever acts afterwards names the others alone. */
const named = new Set<number>();
export const isNamed = (id: number): boolean => named.has(id);

/** The marks of resources that the stack had before: one that is replaced is asked about again as if it were new. */
const had = new Set<string>();

export interface Newcomer {
  readonly kind: Desired["kind"];
  readonly mark: string;
  /** The inputs of last time; empty for a new resource. */
  readonly olds: Inputs;
  readonly self: unknown;
}

export async function warnOfStrangers({ kind, mark, olds, self }: Newcomer): Promise<void> {
  if (Object.keys(olds).length > 0) had.add(mark);
  if (had.has(mark)) return;
  const strangers = await seeing(async ({ issuer }) => {
    const list = issuer.tokens(kind === "ServiceToken" ? "service" : "personal");
    await list.refresh(0);
    const seen = list.view(mark, []);
    return seen.is === "present" ? seen.value.tokens.filter((token) => token.active && !isOver(token, issuer.apiNow)) : [];
  });
  for (const { name, id } of strangers ?? []) {
    named.add(id);
    await journal(self).warn(`The token ${name} (id ${id}) bears the mark of this resource, and no resource of this stack knows it: unused and younger than a day it is cleared, otherwise left alone; revoke it then if nobody needs it. The new token gets the next number.`);
  }
}
