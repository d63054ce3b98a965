// One service user in front of the engine: what is wanted, what was seen, what this process remembers of its refusals.
import type { DesiredUser } from "../core/user/desired.ts";
import { absent, present, unknown, type Fact } from "../core/observed.ts";
import type { Account, Accounts, ObservedUser, UserPolicy } from "../core/user/observed.ts";
import type { User } from "./api.ts";
import type { IssuerSession } from "./issuer.ts";

/** What a process remembers of one service user between two looks; nothing in it is needed for safety. */
export interface UserMemory {
  uncertainAt: number | null;
  takenAt: number | null;
  inUseAt: number | null;
  refused: { readonly message: string; readonly spec: string; readonly at: number } | null;
}

export const blankUserMemory = (): UserMemory => ({ uncertainAt: null, takenAt: null, inUseAt: null, refused: null });

export interface UserScene {
  readonly desired: DesiredUser;
  readonly issuer: IssuerSession | null;
  /** Why there is no issuer session, where there is none. */
  readonly issuerProblem: Fact<never> | null;
  readonly policy: UserPolicy;
  readonly bound: number | null;
  readonly claimed: string | null;
  readonly memory: UserMemory;
  readonly held: () => boolean;
  readonly hold: () => Promise<void>;
  readonly release: () => Promise<void>;
  /** Throws where this process may not write any more. */
  readonly guard?: () => void;
  readonly clock: { now(): number; monotonic(): number };
}

export const OPEN_USER_POLICY: UserPolicy = { refusal: null, serviceUsers: null, roles: null };

/** A refusal is tried again after so long: a little less than the plan waits. */
const FORGET = 290_000;
const RECOUNT = 55_000;

const accountOf = ({ id, name, role, teams, active }: User): Account => ({ id, name, role, teams, active });

/** Gathers every fact that the engine may ask for. */
export async function observeUser(at: UserScene): Promise<ObservedUser> {
  const { issuer, memory, desired } = at;
  forget(at);
  return {
    issuer: issuer ? present(at.policy) : (at.issuerProblem ?? absent("There is no such issuer.")),
    accounts: issuer ? await accountsOf(at, issuer) : unknown("ServiceUserUnknown", "Without an issuer the service users are not known."),
    bound: at.bound,
    activeTokens: desired.deleting && issuer ? await activeTokens(at, issuer) : unknown("TokensUnknown", "The tokens have not been counted."),
    held: at.held(),
    claimed: at.claimed,
    refused: memory.refused?.spec === specOf(desired) ? memory.refused.message : null,
    takenAt: memory.takenAt,
    inUseAt: memory.inUseAt,
    uncertainAt: memory.uncertainAt,
  };
}

function forget({ memory, clock }: UserScene): void {
  const old = clock.monotonic() - FORGET;
  if (memory.refused && memory.refused.at < old) memory.refused = null;
  if (memory.takenAt !== null && memory.takenAt < old) memory.takenAt = null;
  if (memory.inUseAt !== null && memory.inUseAt < clock.monotonic() - RECOUNT) memory.inUseAt = null;
}

async function accountsOf({ desired, bound }: UserScene, issuer: IssuerSession): Promise<Fact<Accounts>> {
  const { users } = issuer;
  if (users.sentAt === null) {
    try {
      await users.refresh(0);
    } catch (error) {
      return unknown("ServiceUserUnknown", error instanceof Error ? error.message : "The service users could not be listed.");
    }
  }
  const named = users.user({ name: desired.name });
  const known = bound === null ? null : users.user({ id: bound });
  return present({ sentAt: users.sentAt ?? 0, named: named ? accountOf(named) : null, bound: known ? accountOf(known) : null });
}

async function activeTokens({ desired }: UserScene, issuer: IssuerSession): Promise<Fact<number>> {
  const account = issuer.users.user({ name: desired.name });
  if (!account) return present(0);
  const list = issuer.tokens("service");
  try {
    if (list.sentAt === null) await list.refresh(0);
  } catch (error) {
    return unknown("TokensUnknown", error instanceof Error ? error.message : "The tokens could not be listed.");
  }
  return present(list.activeOf(account.id, issuer.clock.now() + issuer.api.clockOffset));
}

/** What decides whether the API would refuse the next request as well. */
export const specOf = ({ name, role, teams }: DesiredUser): string => JSON.stringify([name, role, teams]);
