// At which issuers the tokens of a resource are: where it is at home, which one it moved away from, and which one the
// spec names. Decides nothing about tokens: that is checks/moving.ts.
import type { Desired } from "./desired.ts";
import type { Fact, Elsewhere, Issuer, Tokens } from "./observed.ts";
import type { Entry, Record, RecordedIssuer } from "./record.ts";

/** One issuer as one credential sees it, in a word that a person can write: url#userId. */
export const issuerId = ({ url, userId }: Pick<RecordedIssuer, "url" | "userId">): string => `${url}#${userId}`;

export interface Roles {
  /** Where new revisions are issued, by the record's name for it; null: at the issuer that the spec names. */
  readonly home: string | null;
  /** The one it moved away from; null: none. */
  readonly former: string | null;
}

/** Which issuers have to be looked at. Once a resource is at home where the spec says, that one is not looked for by a recorded name. */
export function rolesOf({ issuerRef, mark }: Pick<Desired, "issuerRef" | "mark">, record: Record | null): Roles {
  if (!record || record.mark !== mark) return { home: null, former: null };
  const { ref } = record.issuer;
  const away = issuerRef !== undefined && ref !== undefined && ref !== issuerRef;
  return { home: away ? ref : null, former: record.former?.ref ?? null };
}

/** The revision that tells for whom to issue where the resource is at home: the delivered one, or else the newest of those that were issued there. */
export function telling(record: Record | null): Entry | null {
  const here = record?.revisions.filter(({ former }) => !former) ?? [];
  return here.find(({ number }) => number === record?.current) ?? here.at(-1) ?? null;
}

/** An issuer beside the one at home, as far as it could be seen. */
export interface Place {
  readonly issuer: Issuer | null;
  readonly tokens: Tokens | null;
  /** Why nothing is known of it; null: it was seen. */
  readonly problem: string | null;
}

const messageOf = (fact: Fact<unknown>): string | null => (fact.is === "present" ? null : fact.message);

/** What was seen of it; of one that is another than the record says, nothing. */
export function placeOf(seen: Elsewhere | undefined, recorded: RecordedIssuer | null): Place {
  if (!seen) return { issuer: null, tokens: null, problem: "It has not been looked at yet." };
  if (seen.issuer.is !== "present") return { issuer: null, tokens: null, problem: messageOf(seen.issuer) };
  const issuer = seen.issuer.value;
  if (recorded && issuerId(issuer) !== issuerId(recorded)) return { issuer: null, tokens: null, problem: `It is ${issuerId(issuer)} now.` };
  return { issuer, tokens: seen.tokens.is === "present" ? seen.tokens.value : null, problem: messageOf(seen.tokens) };
}

/** Whether a person consents to go on at the second one without reaching the first. */
export function accepts({ issuerChange }: Pick<Desired, "issuerChange">, from: RecordedIssuer, to: Pick<RecordedIssuer, "url" | "userId">): boolean {
  return issuerChange?.from === issuerId(from) && issuerChange.to === issuerId(to);
}

/** What a person writes to consent. */
export const consent = (from: RecordedIssuer, to: Pick<RecordedIssuer, "url" | "userId">): string => `issuerChange: {from: "${issuerId(from)}", to: "${issuerId(to)}"}`;
