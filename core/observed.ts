// What was seen, and when. Every fact is three-valued, and nothing destructive follows from unknown.
// The engine never learns where a fact came from: Secret or Pulumi state, cache or read.
import type { Record, RecordedIssuer } from "./record.ts";
import type { Reason } from "./reason.ts";

/** unknown: not read, forbidden, failed, or contradicted; `message` says which, for people. */
export type Fact<T> =
  | { readonly is: "present"; readonly value: T }
  | { readonly is: "absent"; readonly message: string }
  | { readonly is: "unknown"; readonly reason: Reason; readonly message: string };

export const present = <T>(value: T): Fact<T> => ({ is: "present", value });
export const absent = (message: string): Fact<never> => ({ is: "absent", message });
export const unknown = (reason: Reason, message: string): Fact<never> => ({ is: "unknown", reason, message });

/** One Qualytics instance as one credential sees it. */
export interface Issuer {
  readonly url: string;
  /** The id of the credential's own user. */
  readonly userId: number;
  /** The API's clock minus ours, in milliseconds. */
  readonly clockOffset: number;
  readonly resyncInterval: number;
  readonly policy: Policy;
}

export interface Policy {
  readonly maxDays: number | null;
  readonly allowNever: boolean;
  readonly minOverlap: number;
  /** Patterns with * of the service users that may be issued to; null: all. */
  readonly serviceUsers: readonly string[] | null;
  /** Why this namespace may not use the issuer; null: it may. */
  readonly refusal: string | null;
  /** Its credential serves many who do not trust each other: a record is believed of tokens with our own mark alone. */
  readonly shared?: boolean;
}

export interface Owner {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
}

/** A token as the list shows it. Times are milliseconds since 1970, by the API's clock. */
export interface Remote {
  readonly id: number;
  readonly name: string;
  readonly created: number;
  readonly active: boolean;
  readonly expires: number | null;
  readonly lastUsed: number | null;
  readonly owner: number;
}

/** The tokens of a complete list that bear this resource's mark or stand in its record. */
export interface Tokens {
  /** When the list was asked for; monotonic milliseconds of this process. */
  readonly sentAt: number;
  /** When its answer was complete; monotonic. */
  readonly doneAt: number;
  /** When it was asked for, by our clock. */
  readonly at: number;
  readonly tokens: readonly Remote[];
  /** The complete list before that one: when it was sent, and which of the recorded ids it held. */
  readonly earlier: { readonly sentAt: number; readonly ids: readonly number[] } | null;
  /** Ids that our own DELETE was told are deleted, since the list. */
  readonly deleted: readonly number[];
}

/** The delivered copy: the Secret, or what Pulumi's state holds. */
export interface Copy {
  /** When the read was sent, monotonic: it shows everything written before. 0 for a cache, which may lag. */
  readonly readAt: number;
  /**
   * When this record was here first, monotonic: nothing in it was written later. Reading the same again does not
   * move it (tokenapi/converge.ts sees to that). Default: readAt.
   */
  readonly doneAt?: number;
  /** none: nothing is there. foreign: something is, and it is not ours; `foreign` says whose. */
  readonly place: "none" | "ours" | "foreign";
  readonly foreign?: string;
  readonly record: Record | null;
  /** Whether the recorded value stands there. unread: has to be read to know. */
  readonly value: "intact" | "changed" | "missing" | "unread";
  /** Fingerprint of how it looks (see Desired.look); null where that has no meaning. */
  readonly look: string | null;
  /** What the last dry run said: true, or why it cannot be written; null: not tried. */
  readonly writable: true | string | null;
  /** When a write that was refused is worth another try, by our clock; left out: after a while. */
  readonly writeAgainAt?: number;
  /** The current revision stands there only once this run is over (Pulumi's state): until then consumers do not have it. */
  readonly unsaved?: boolean;
  /** Nobody else can write it while we hold it (Pulumi's state lock): no fence is needed. */
  readonly exclusive: boolean;
}

/** The workloads that the spec restarts for a new revision, as one look saw those of them that exist. */
export interface Rollout {
  /** When the look was sent; monotonic. */
  readonly readAt: number;
  /** For which revision it was looked, and when that was created: where everything was lost numbers come again, times do not. */
  readonly revision: number;
  readonly created: number;
  /** All of them were asked to restart for it. */
  readonly asked: boolean;
  /** All of their pods came after that, and are available. */
  readonly complete: boolean;
  /** Which is not complete, and why; for people. */
  readonly waits: string | null;
  /** Which of them do not exist, in words. */
  readonly missing: readonly string[];
}

/** A token whose value is in this process's memory and nowhere else. */
export interface Hand {
  readonly number: number;
  readonly id: number;
  readonly name: string;
  readonly created: number;
  readonly expires: number | null;
  readonly sha256: string;
  /** Where it was issued. */
  readonly issuer?: RecordedIssuer;
  readonly inputs: Record["revisions"][number]["inputs"];
  readonly verified: boolean;
  /** Uses later than this are a consumer's. */
  readonly usedAfter: number;
  /** How often its verification failed, and how the last one did. */
  readonly failures: number;
  readonly failure: string | null;
}

/** An issuer beside the one that the resource is at home at. */
export interface Elsewhere {
  readonly issuer: Fact<Issuer>;
  readonly tokens: Fact<Tokens>;
}

export interface Observed {
  /** These three: where the resource is at home (home.ts). */
  readonly issuer: Fact<Issuer>;
  readonly owner: Fact<Owner>;
  readonly tokens: Fact<Tokens>;
  /** The issuer that the resource moved away from; left out: none. */
  readonly former?: Elsewhere & { readonly uncertainAt: number | null };
  /** The issuer that the spec names, where the resource is not at home there yet; left out: it is. */
  readonly next?: Elsewhere & { readonly owner: Fact<Owner> };
  readonly copy: Fact<Copy>;
  readonly hand: Hand | null;
  /** What this process issued last and gave up: nobody else's, whoever else runs with our mark. Left out: nothing. */
  readonly dropped?: Pick<Hand, "id" | "name" | "created"> | null;
  /** The declaring object cannot vanish before we let it (finalizer, or Pulumi). */
  readonly held: boolean;
  /** The largest revision number that the API refused to issue because the name exists; 0: none. */
  readonly taken: number;
  /** When a write of ours got no clear answer; monotonic; null: all are settled. */
  readonly uncertainAt: number | null;
  /** Tokens of the present spec were issued and failed verification: another would burn too. */
  readonly refused: string | null;
  /** The look (see Desired.look) that the value which stands there cannot be written in; null or left out: none known. */
  readonly unrenderable?: string | null;
  /** Most of the issuer's tokens are suddenly missing, and it is this resource's turn to try its delivered value. */
  readonly trial?: boolean;
  /** What was said of the delivered revision when a list was last here; null or left out: nothing, or nothing bad. */
  readonly said?: { readonly revision: number; readonly reason: Reason; readonly message: string } | null;
  /** absent: none of the workloads exist. Left out: not looked at since it last mattered. */
  readonly rollout?: Fact<Rollout>;
  /** No second process may act on this resource (leader election, or Pulumi's lock). */
  readonly alone: boolean;
  /** Monotonic milliseconds of this process, now. */
  readonly monotonic: number;
}
