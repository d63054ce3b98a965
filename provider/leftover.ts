// Which tokens of a stack no handler will ever see, and which of them nobody holds. Pure: it is given the token list,
// the state that was read after it, and what is known of a running update; in doubt it says why and leaves the token.
import { MINUTE } from "../core/duration.ts";
import { parseName, scopeOf } from "../core/name.ts";
import type { Remote } from "../core/observed.ts";
import { isSame } from "../core/situation.ts";
import type { Deployment, StackToken } from "./deployment.ts";

export type Verdict =
  /** Nobody holds it, and no resource knows it. */
  | "Leftover"
  /** It was used: somebody holds its value. */
  | "InUse"
  /** Its resource stands in the state: the next `pulumi up` takes care of it. */
  | "NextUp"
  /** An update may be issuing it at this moment. */
  | "Busy"
  /** It bears an earlier name of this stack, which another stack may have by now. */
  | "EarlierName";

export interface Finding {
  readonly token: Remote;
  readonly mark: string;
  readonly revision: number;
  readonly verdict: Verdict;
  readonly why: string;
}

export interface Question {
  /** Listed before the state was read: what was delivered since stands in the state. */
  readonly tokens: readonly Remote[];
  readonly deployment: Deployment;
  /** The scope that the stack's present name has. */
  readonly scope: string;
  /** The marks that the pending operations' resources would have. */
  readonly pendingMarks: readonly string[];
  /** Whether an update of the stack may be running. */
  readonly isIdle: boolean;
}

export interface Answer {
  readonly findings: readonly Finding[];
  /** Tokens of the stack that are revoked and kept, and tokens that bear the mark of somebody else. */
  readonly revoked: number;
  readonly others: number;
}

/** A use so soon after creation is our own verification. */
const isUsed = ({ lastUsed, created }: Remote): boolean => lastUsed !== null && lastUsed > created + MINUTE;

export function leftovers(question: Question): Answer {
  const { deployment, scope } = question;
  const known = deployment.tokens.flatMap(({ record }) => record?.revisions ?? []);
  const earlier = new Set(deployment.tokens.map(({ mark }) => scopeOf(mark)).filter((own) => own !== scope));
  const findings: Finding[] = [];
  let [revoked, others] = [0, 0];
  for (const token of question.tokens) {
    const parsed = parseName(token.name);
    if (!parsed || known.some((entry) => isSame(token, entry))) continue;
    const own = scopeOf(parsed.mark);
    if (own !== scope && !earlier.has(own)) others++;
    else if (!token.active) revoked++;
    else findings.push({ token, ...parsed, ...judge(question, token, parsed.mark) });
  }
  return { findings, revoked, others };
}

function judge(question: Question, token: Remote, mark: string): Pick<Finding, "verdict" | "why"> {
  const { deployment, scope, pendingMarks, isIdle } = question;
  const resources = deployment.tokens.filter((resource) => resource.mark === mark);
  if (resources.some((resource) => willSee(resource, token))) return { verdict: "NextUp", why: `the next pulumi up takes care of it: ${nameOf(resources)} stands in the state` };
  if (pendingMarks.includes(mark) && !isIdle) return { verdict: "Busy", why: "an update may be issuing it just now: its create is pending in the state" };
  if (isUsed(token)) return { verdict: "InUse", why: "it was used after it was issued: somebody holds its value" };
  if (scopeOf(mark) !== scope && resources.length === 0) return { verdict: "EarlierName", why: "it bears an earlier name of this stack, which another stack may have by now" };
  return { verdict: "Leftover", why: resources.length > 0 ? `it is older than what ${nameOf(resources)} knows, and nobody has used it` : "no resource of the stack bears its mark, and nobody has used it" };
}

const nameOf = (resources: readonly StackToken[]): string => resources[0]?.urn.split("::").at(-1) ?? "its resource";

/** The engine takes in and clears what is younger than the oldest revision on record; a record that cannot be read may know it. */
function willSee({ record }: StackToken, token: Remote): boolean {
  return record === null || record.revisions.some((entry) => entry.created <= token.created);
}
