// Everything the engine can ask for: one closed union. The executor switches over it exhaustively;
// after each one the world is looked at again, so an action carries all it needs and no more.
import type { IssueInputs, Record } from "./record.ts";

/** Which remote token: all three have to match before anything is sent (ids are reused after a restore). */
export interface TokenRef {
  readonly id: number;
  readonly name: string;
  readonly created: number;
}

/** At which issuer: the one at home, or the former one. */
export interface At {
  readonly former?: boolean;
}

export type Action =
  /** Read again: the token list (a new one, sent not before `after`, monotonic ms), the copy itself, the service users, or the workloads. */
  | ({ readonly do: "Look"; readonly at: "tokens" | "copy" | "owner" | "rollout"; readonly after: number } & At)
  /** Make sure that the declaring object cannot vanish unseen (finalizer). */
  | { readonly do: "Hold" }
  /** Let the declaring object go. */
  | { readonly do: "Release" }
  /** Try, without effect, whether the copy can be written. */
  | { readonly do: "Probe" }
  /** Write the record's new fence: no process may deliver a value made before it. Creates an empty copy where none is. */
  | { readonly do: "Fence"; readonly record: Record }
  /** POST one token. Its value stays in memory until it is delivered. */
  | { readonly do: "Issue"; readonly number: number; readonly name: string; readonly inputs: IssueInputs }
  /** Authenticate with the value in memory. */
  | { readonly do: "Verify"; readonly number: number }
  /** Authenticate with the delivered value, to settle whether a list that lacks most tokens tells the truth; not later than so many milliseconds. */
  | ({ readonly do: "Try"; readonly sha256: string; readonly scim: boolean; readonly within: number } & At)
  /** Write value (from memory) and record in one write. */
  | { readonly do: "Deliver"; readonly record: Record }
  /** Write the copy again from the value it holds: it looks other than it should. */
  | { readonly do: "Redeliver"; readonly record: Record }
  /** Forget the value in memory: it may not be delivered any more. */
  | { readonly do: "Drop"; readonly refused: string | null }
  /** Write the record alone. */
  | { readonly do: "Record"; readonly record: Record }
  /** Restart the workloads that were not restarted for this revision yet. */
  | { readonly do: "Restart"; readonly revision: number; readonly created: number }
  | ({ readonly do: "Revoke"; readonly token: TokenRef } & At)
  | ({ readonly do: "Restore"; readonly token: TokenRef } & At)
  | ({ readonly do: "Delete"; readonly token: TokenRef } & At)
  /** Remove the copy. */
  | { readonly do: "Remove" }
  /** Leave the copy to whoever reads it: it no longer goes with the declaring object. */
  | { readonly do: "Disown" };

/** What `status.nextAction` and the previews call the next thing that comes by itself. */
export interface NextAction {
  readonly type: "Issue" | "Rotate" | "Retire" | "Delete" | "Expire" | "None";
  /** Milliseconds since 1970; null: as soon as something outside changes. */
  readonly at: number | null;
  readonly reason: string;
}
