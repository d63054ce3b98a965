// What a person wants of one token resource, with every default filled in and every duration in milliseconds.
// Both fronts build this from their own form of the spec (spec.ts); the engine reads nothing else of it.

export type OnExternalChange = "Reissue" | "Restore" | "Report";
export type DeletionPolicy = "Delete" | "Revoke" | "Orphan";

export interface Retirement {
  readonly when: "Unused" | "Deadline";
  readonly minOverlap: number;
  readonly idleFor: number;
  readonly maxOverlap: number;
}

/** A time in which a rotation may begin: it opens by a cron expression on the zone's wall clock. windows.ts reads it. */
export interface Window {
  readonly cron: string;
  readonly duration: number;
  readonly timeZone: string;
}

/** What is wrong with a spec, beyond what admission can see. */
export interface Complaint {
  /** What to change. */
  readonly message: string;
  /** Nothing can be issued for such a spec; false: it is only said. */
  readonly blocks: boolean;
}

export interface Desired {
  readonly kind: "ServiceToken" | "PersonalToken";
  /** How people name it: "data/ingest" or the Pulumi name. Only for sentences. */
  readonly resource: string;
  readonly mark: string;
  /** How the spec names the issuer; left out where a front has no names for issuers. */
  readonly issuerRef?: string;
  /** A person's consent to go on at the second issuer without reaching the first, each as home.ts writes it. */
  readonly issuerChange?: { readonly from: string; readonly to: string };
  readonly base: string;
  /** When the declaring object came into being; tokens made before it belong to an earlier life. */
  readonly since: number;
  /** The service user as the spec names it, for sentences; null: the issuer's own user. */
  readonly ownerName: string | null;
  readonly days: number | null;
  readonly scim: boolean;
  readonly state: "Active" | "Revoked";
  readonly renewBefore: number;
  readonly every: number | null;
  readonly verify: boolean;
  readonly retire: Retirement;
  readonly keepRevokedFor: number;
  /** When a rotation may begin; none given: at any time. */
  readonly windows?: readonly Window[];
  readonly onExternalChange: OnExternalChange;
  readonly deletionPolicy: DeletionPolicy;
  /** Any new value rotates. */
  readonly rotate: string;
  readonly compromised: number | null;
  readonly rollback: number | null;
  readonly paused: boolean;
  /** The resource is being deleted. */
  readonly deleting: boolean;
  /** A deletion that cannot reach the API lets go. */
  readonly abandon: boolean;
  /** Fingerprint of how the delivered copy is to look: type, template, labels, annotations. */
  readonly look: string;
  /** The workloads that are restarted once a new revision is delivered, in words: "Deployment ingest". */
  readonly restart?: readonly string[];
  readonly complaint?: Complaint | null;
}
