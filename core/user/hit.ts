// What a check about a service user answers when it applies: one action at most, and the words that go with it.
import type { UserReason } from "./reason.ts";
import type { DesiredUser } from "./desired.ts";
import type { Account, ObservedUser } from "./observed.ts";

/** Everything that can be asked for: one closed union. */
export type UserAction =
  /** List the service users again, not before `after` (monotonic ms); at tokens: the token list. */
  | { readonly do: "Look"; readonly at: "users" | "tokens"; readonly after: number }
  | { readonly do: "Hold" }
  | { readonly do: "Create"; readonly name: string; readonly role: string; readonly teams: readonly string[] }
  | { readonly do: "Reactivate"; readonly id: number }
  | { readonly do: "Change"; readonly id: number; readonly role: string; readonly teams: readonly string[] | null }
  | { readonly do: "Deactivate"; readonly id: number }
  | { readonly do: "Release" };

export interface UserEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: UserReason;
  readonly message: string;
}

export interface UserHit {
  /** As core/hit.ts has it: act, wait, stall, rest. */
  readonly outcome: "act" | "wait" | "stall" | "rest";
  readonly action: UserAction | null;
  readonly reason: UserReason;
  readonly message: string;
  /** When to plan again though nothing changed; our clock, milliseconds. */
  readonly due: number | null;
  readonly event: UserEvent | null;
}

export interface UserSituation {
  readonly desired: DesiredUser;
  readonly observed: ObservedUser;
  readonly now: number;
  /** The user that this resource stands for; null: there is none, or nobody knows. */
  readonly account: Account | null;
}

export interface UserCheck {
  readonly name: string;
  /** What it is for, in one line. */
  readonly why: string;
  readonly ask: (s: UserSituation) => UserHit | null;
}

export function act(action: UserAction, reason: UserReason, message: string, event: UserEvent | null = null): UserHit {
  return { outcome: "act", action, reason, message, due: null, event };
}

export const wait = (reason: UserReason, message: string, due: number | null = null): UserHit => ({ outcome: "wait", action: null, reason, message, due, event: null });
export const stall = (reason: UserReason, message: string, due: number | null = null): UserHit => ({ outcome: "stall", action: null, reason, message, due, event: null });
export const normal = (reason: UserReason, message: string): UserEvent => ({ type: "Normal", reason, message });
export const warning = (reason: UserReason, message: string): UserEvent => ({ type: "Warning", reason, message });
