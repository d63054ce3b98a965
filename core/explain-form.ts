// The form of the file that `servicetokens explain` reads, as types; explain-schema.ts says the same to ajv.
import type { Desired } from "./desired.ts";
import { parseInstant } from "./instant.ts";
import type { Reason } from "./reason.ts";
import type { RevokedWhy } from "./record.ts";
import type { TokenSpec } from "./spec.ts";

export interface CaseForm {
  readonly desired: DesiredForm;
  readonly observed?: ObservedForm;
  readonly now: string;
}

export interface DesiredForm {
  readonly kind?: Desired["kind"];
  readonly resource?: string;
  readonly issuerRef?: string;
  readonly mark?: string;
  readonly scope?: string;
  readonly since?: string;
  readonly deleting?: boolean;
  readonly annotations?: { readonly rotate?: string; readonly compromised?: number; readonly rollback?: number; readonly paused?: boolean; readonly abandon?: boolean };
  readonly spec?: TokenSpec;
}

/** A fact that is not there, or not known. */
export type Unseen = { readonly is: "absent"; readonly message?: string } | { readonly is: "unknown"; readonly reason?: Reason; readonly message?: string };
/** A fact that is there says so, or leaves it out. */
type Seen = { readonly is?: "present" };

/** An issuer beside the one at home. */
export interface ElsewhereForm {
  readonly issuer?: IssuerForm | Unseen;
  readonly tokens?: ObservedForm["tokens"];
}

export interface ObservedForm {
  readonly issuer?: IssuerForm | Unseen;
  readonly former?: ElsewhereForm & { readonly uncertainAt?: string };
  readonly next?: ElsewhereForm & { readonly owner?: OwnerForm | Unseen };
  readonly owner?: OwnerForm | Unseen;
  readonly tokens?: TokensForm | readonly ListedForm[] | Extract<Unseen, { is: "unknown" }>;
  readonly copy?: CopyForm | Unseen;
  readonly hand?: HandForm;
  readonly rollout?: RolloutForm | Unseen;
  readonly held?: boolean;
  readonly taken?: number;
  readonly uncertainAt?: string;
  readonly refused?: string;
  readonly unrenderable?: boolean;
  readonly trial?: boolean;
  readonly said?: { readonly revision: number; readonly reason: Reason; readonly message?: string };
  readonly alone?: boolean;
}

export interface RolloutForm extends Seen {
  readonly revision?: number;
  readonly asked?: boolean;
  readonly complete?: boolean;
  readonly waits?: string;
  readonly missing?: readonly string[];
  readonly readAt?: string;
}

export interface IssuerForm extends Seen {
  readonly url?: string;
  readonly userId?: number;
  readonly clockOffset?: string;
  readonly resyncInterval?: string;
  readonly policy?: { readonly maxExpiresInDays?: number; readonly allowNever?: boolean; readonly minOverlap?: string; readonly serviceUsers?: readonly string[]; readonly refusal?: string };
}

export interface OwnerForm extends Seen {
  readonly id?: number;
  readonly name?: string;
  readonly active?: boolean;
}

interface TokenForm {
  readonly id?: number;
  readonly name?: string;
  readonly created?: string;
  readonly expires?: string | null;
}

export interface ListedForm extends TokenForm {
  readonly revision?: number;
  readonly active?: boolean;
  readonly lastUsed?: string | null;
  readonly owner?: number;
}

export interface TokensForm extends Seen {
  readonly sentAt?: string;
  readonly list?: readonly ListedForm[];
  readonly earlier?: { readonly sentAt: string; readonly revisions?: readonly number[] };
  readonly deleted?: readonly number[];
}

export interface InputsForm {
  readonly owner?: number;
  readonly base?: string;
  readonly days?: number | null;
  readonly scim?: boolean;
  readonly rotate?: string;
}

export interface RevisionForm extends TokenForm {
  readonly number: number;
  readonly created: string;
  readonly deliveredAt?: string | null;
  readonly usedAfter?: string;
  readonly sha256?: string | null;
  readonly inputs?: InputsForm;
  readonly revoked?: { readonly at: string; readonly why: RevokedWhy; readonly done?: boolean };
  /** "due", or when its consumers were asked to restart. */
  readonly restart?: string;
  readonly retiringSince?: string;
  readonly kept?: boolean;
  readonly former?: boolean;
}

export interface RecordForm {
  readonly mark?: string;
  readonly issuer?: { readonly url?: string; readonly userId?: number; readonly ref?: string };
  readonly former?: { readonly url: string; readonly userId: number; readonly ref: string; readonly since: string; readonly onward?: boolean; readonly others?: readonly number[] };
  readonly current?: number | null;
  readonly fence?: number;
  readonly revisions?: readonly RevisionForm[];
  readonly others?: readonly number[];
}

export interface CopyForm extends Seen {
  readonly place?: "ours" | "foreign";
  readonly foreign?: string;
  readonly record?: RecordForm;
  readonly value?: "intact" | "changed" | "missing" | "unread";
  readonly looks?: "right" | "different";
  readonly writable?: boolean;
  readonly unwritable?: string;
  readonly exclusive?: boolean;
  readonly unsaved?: boolean;
  readonly readAt?: string;
  readonly knownSince?: string;
}

export interface HandForm extends TokenForm {
  readonly number: number;
  readonly sha256?: string;
  readonly inputs?: InputsForm;
  readonly verified?: boolean;
  readonly usedAfter?: string;
  readonly failures?: number;
  readonly failure?: string;
}

/** A date that the schema has accepted. */
export function instant(text: string): number {
  const value = parseInstant(text);
  if (value === null) throw new RangeError(`not an RFC 3339 date: ${JSON.stringify(text)}`);
  return value;
}

export const isArray = <T>(value: object | readonly T[]): value is readonly T[] => Array.isArray(value);

/** The record in a copy that is there. */
export const recordForm = (copy: ObservedForm["copy"]): RecordForm | undefined => (copy === undefined || copy.is === "absent" || copy.is === "unknown" ? undefined : copy.record);
