// What was seen of a service user. As for tokens, every fact is three-valued, and nothing follows from unknown.
import type { Fact } from "../observed.ts";

/** A service user as the API lists it. */
export interface Account {
  readonly id: number;
  readonly name: string;
  /** Null: the API does not say. */
  readonly role: string | null;
  readonly teams: readonly string[];
  /** False once deactivated. */
  readonly active: boolean;
}

/** What one listing of the service users says about this resource. */
export interface Accounts {
  /** When it was asked for; monotonic milliseconds. */
  readonly sentAt: number;
  /** The user of the name that is asked for. */
  readonly named: Account | null;
  /** The user that this resource stood for before, by its id. */
  readonly bound: Account | null;
}

/** Whether the issuer may be used for this. */
export interface UserPolicy {
  /** Why this namespace may not use the issuer at all; null: it may. */
  readonly refusal: string | null;
  /** Patterns with * of the service users that may be managed; null: all. */
  readonly serviceUsers: readonly string[] | null;
  /** The roles that may be given; null: all. */
  readonly roles: readonly string[] | null;
}

export interface ObservedUser {
  readonly issuer: Fact<UserPolicy>;
  readonly accounts: Fact<Accounts>;
  /**
   * The id of the user that this resource stood for last: Pulumi's id, or what the status says. It may keep a second
   * user from being made where the first was renamed; nothing else follows from it.
   */
  readonly bound: number | null;
  /** How many tokens of the user are active. Asked for only when the resource is deleted. */
  readonly activeTokens: Fact<number>;
  /** The declaring object cannot vanish before we let it. */
  readonly held: boolean;
  /** Who manages the same user already, as far as may be said here; null: nobody. */
  readonly claimed: string | null;
  /** The API refused what was asked last, for good, and for this very spec: its words. */
  readonly refused: string | null;
  /** The API refused to create the user because the name is taken; monotonic; null: it did not. */
  readonly takenAt: number | null;
  /** The API refused to deactivate the user because of tokens that no list shows; monotonic; null: it did not. */
  readonly inUseAt: number | null;
  /** When a write got no clear answer; monotonic; null: all are settled. */
  readonly uncertainAt: number | null;
}
