// The inputs that both kinds of token share. The words are those of the Kubernetes kinds.
import type * as pulumi from "@pulumi/pulumi";

/** When the old revision gives way after a rotation. */
export interface RetireArgs {
  /**
   * `Unused` (default): when the new token is in use and the old one has stood still for `idleFor`, at the latest after
   * `maxOverlap`. `Deadline`: at `minOverlap`.
   */
  readonly when?: pulumi.Input<"Unused" | "Deadline">;
  /** Both stay valid at least this long. A Go duration; default `"1h"`. */
  readonly minOverlap?: pulumi.Input<string>;
  /** With `Unused`: how long the old one must have stood still. A Go duration; default `"24h"`. */
  readonly idleFor?: pulumi.Input<string>;
  /** The old one goes at the latest after this long. A Go duration; default `"168h"`. */
  readonly maxOverlap?: pulumi.Input<string>;
}

/** A time in which a rotation may begin. */
export interface WindowArgs {
  /** When it opens: minute, hour, day of month, month and day of week, as in `"0 2 * * 1-5"`. */
  readonly cron: pulumi.Input<string>;
  /** How long it stays open. A Go duration, as in `"4h"`. */
  readonly duration: pulumi.Input<string>;
  /** Whose wall clock counts: an IANA name, as in `"Europe/Zurich"`; default `"UTC"`. */
  readonly timeZone?: pulumi.Input<string>;
}

/** When and how a token is rotated. Rotation is an update: a new revision beside the old one, never a replacement. */
export interface RotationArgs {
  /** Rotate this long before expiry. A Go duration, at least 5 s shorter than the lifetime; default: a third of the lifetime. */
  readonly renewBefore?: pulumi.Input<string>;
  /** Rotate this long after issue, for tokens that never expire or to rotate early. A Go duration of at least `"5s"`; no default. */
  readonly every?: pulumi.Input<string>;
  /** Authenticate with a new token before it is handed over. Default `true`. */
  readonly verify?: pulumi.Input<boolean>;
  /** When the old revision gives way. */
  readonly retire?: pulumi.Input<RetireArgs>;
  /** How long a retired token is kept revoked, for a restore, before it is deleted. A Go duration; default `"168h"`. */
  readonly keepRevokedFor?: pulumi.Input<string>;
  /** When a rotation may begin, at most ten; default: at any time. What cannot wait is not bound, nor is retirement. */
  readonly windows?: pulumi.Input<pulumi.Input<WindowArgs>[]>;
}

/** What a ServiceToken and a PersonalToken have in common. */
export interface TokenArgs {
  /** Base of the token's name at the API, at most 200 characters; default: the resource's name. A change issues a new revision. */
  readonly tokenName?: pulumi.Input<string>;
  /** Lifetime of each revision in days, 1 to 365; default 90. A change issues a new revision. */
  readonly expiresInDays?: pulumi.Input<number>;
  /** Instead of `expiresInDays`: the token never expires. Default `false`. */
  readonly neverExpires?: pulumi.Input<boolean>;
  /** `Revoked`: revoke now, the retiring revision too. Back to `Active` (default): restore, same secret. */
  readonly state?: pulumi.Input<"Active" | "Revoked">;
  /** When and how the token is rotated. */
  readonly rotation?: pulumi.Input<RotationArgs>;
  /**
   * What to do when somebody else revoked or deleted the token. `Reissue` (default): issue the next revision. `Restore`:
   * take the revocation back. `Report`: say so on every preview and do nothing.
   */
  readonly onExternalChange?: pulumi.Input<"Reissue" | "Restore" | "Report">;
  /** What `destroy` does with the token. `Delete` (default): revoke and delete. `Revoke`: keep it revoked, for audit. `Orphan`: nothing. */
  readonly deletionPolicy?: pulumi.Input<"Delete" | "Revoke" | "Orphan">;
  /**
   * Consent, for this one change, to go on at another issuer: `from` and `to` are each the url, `#` and the id of the
   * credential's own user. What is seen at the new one stays; the rest is given up, and named. The error that asks for it
   * says what to write.
   */
  readonly issuerChange?: pulumi.Input<{ readonly from: pulumi.Input<string>; readonly to: pulumi.Input<string> }>;
  /** Any value; a changed one rotates. */
  readonly trigger?: pulumi.Input<unknown>;
  /** The number of a revision that leaked: it is revoked first, deleted at once and never restored; then a new one is issued. */
  readonly compromised?: pulumi.Input<number>;
  /** The number of a retired revision to restore, for consumers that still hold it. Nothing new is delivered. */
  readonly rollback?: pulumi.Input<number>;
}
