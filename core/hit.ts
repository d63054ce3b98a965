// What a check answers when it applies: one action at most, and the words that go with it.
import type { Action, At, NextAction, TokenRef } from "./action.ts";
import type { Reason } from "./reason.ts";
import type { Situation } from "./situation.ts";

export interface EventText {
  readonly type: "Normal" | "Warning";
  readonly reason: Reason;
  readonly message: string;
}

export interface Hit {
  /**
   * act: do `action`, then look again. wait: nothing to do before `due` or an outside change.
   * stall: nothing will change before a person acts. rest: the goal is reached.
   */
  readonly outcome: "act" | "wait" | "stall" | "rest";
  readonly action: Action | null;
  readonly reason: Reason;
  /** A sentence for people: stable for the same problem, no dates, no secrets. */
  readonly message: string;
  /** When to plan again though nothing changed; our clock, milliseconds; null: no date. */
  readonly due: number | null;
  /** Said once, when the action has taken effect. */
  readonly event: EventText | null;
  readonly next: NextAction | null;
}

/** One behaviour. `name` is what `explain` and the coverage report call it. */
export interface Check {
  readonly name: string;
  /** What it is for, in one line. */
  readonly why: string;
  readonly ask: (s: Situation) => Hit | null;
}

export function act(action: Action, reason: Reason, message: string, event: EventText | null = null): Hit {
  return { outcome: "act", action, reason, message, due: null, event, next: null };
}

export function wait(reason: Reason, message: string, due: number | null = null): Hit {
  return { outcome: "wait", action: null, reason, message, due, event: null, next: null };
}

export function stall(reason: Reason, message: string, due: number | null = null): Hit {
  return { outcome: "stall", action: null, reason, message, due, event: null, next: null };
}

/** The next step of clearing a token that is no good any more: one that merely expired is revoked before it is deleted. */
export const finish = (token: TokenRef & { readonly active: boolean }, at: At = {}): Action => ({ do: token.active ? "Revoke" : "Delete", token, ...where(at) });

/** At which issuer something is, as an action says it. */
export const where = ({ former }: At): At => (former ? { former } : {});

export const normal = (reason: Reason, message: string): EventText => ({ type: "Normal", reason, message });
export const warning = (reason: Reason, message: string): EventText => ({ type: "Warning", reason, message });
