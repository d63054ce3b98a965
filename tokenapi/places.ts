// Which session serves which part of a resource that is between two issuers: where it is at home, where it came from,
// and where the spec wants it. core/home.ts says which those are; here they are found.
import { issuerId, rolesOf } from "../core/home.ts";
import type { Desired } from "../core/desired.ts";
import { absent, unknown, type Fact, type Policy, type Tokens } from "../core/observed.ts";
import type { IssuerSession } from "./issuer.ts";
import type { Memory } from "./memory.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Target } from "./target.ts";

/** An issuer as a front reaches it. */
export interface Reach {
  readonly issuer: IssuerSession | null;
  /** Why there is no session, where there is none. */
  readonly problem: Fact<never> | null;
  /** What it allows this resource; null: what the session says. */
  readonly policy: Policy | null;
}

export interface Reaching {
  readonly desired: Desired;
  readonly issuer: IssuerSession | null;
  readonly issuerProblem?: Fact<never> | null;
  readonly policy?: Policy | null;
  /** The issuers that a record names, by its names for them; left out: there is no other one. */
  readonly elsewhere?: (ref: string) => Reach;
  readonly target: Target;
}

export interface Places {
  readonly home: Reach;
  /** The record's name for the one at home. */
  readonly ref: string | undefined;
  /** Null: it moved away from none. */
  readonly former: Reach | null;
  /** Null: it is at home where the spec says. */
  readonly ahead: Reach | null;
}

const UNKNOWN: Reach = { issuer: null, problem: absent("It is not known here."), policy: null };

export function placesOf({ desired, issuer, issuerProblem = null, policy = null, elsewhere = () => UNKNOWN, target }: Reaching): Places {
  const roles = rolesOf(desired, target.known()?.record ?? null);
  const own: Reach = { issuer, problem: issuerProblem, policy };
  return {
    home: roles.home === null ? own : elsewhere(roles.home),
    ref: roles.home ?? desired.issuerRef,
    former: roles.former === null ? null : elsewhere(roles.former),
    ahead: roles.home === null ? null : own,
  };
}

/** The list at an issuer in which this kind of token stands. */
export const listOf = (session: IssuerSession, { kind }: Pick<Desired, "kind">): Snapshot => session.tokens(kind === "ServiceToken" ? "service" : "personal");

/** When a write there got no clear answer that no list has settled since; null: all are settled. */
export function uncertainAt({ uncertain }: Memory, session: IssuerSession | null): number | null {
  if (!session) return null;
  return uncertain.get(issuerId(session)) ?? null;
}

/** What an issuer's list shows of a resource. */
export function tokensAt({ issuer }: Reach, desired: Desired, ids: readonly number[]): Fact<Tokens> {
  return issuer ? listOf(issuer, desired).view(desired.mark, ids) : unknown("TokensUnknown", "Without an issuer there is no token list.");
}
