// What all of our kinds have in common, and the two kinds of token, as the caches keep them: the spec as written, and
// the little of metadata and status that is read again. Issuers: issuer-object.ts; service users: user-object.ts.
import type { Complaint } from "../core/desired.ts";
import { parseInstant } from "../core/instant.ts";
import type { TokenSpec } from "../core/spec.ts";
import { defineResource, identify, type KubeObject, type Resource, type Stored } from "./runtime/index.ts";
import { examine } from "./validity.ts";

export const GROUP = "tokens.qualytics.io";
export const API_VERSION = `${GROUP}/v1alpha1`;
/** On every token object before its first POST: it cannot vanish before its tokens are taken care of. */
export const FINALIZER = `${GROUP}/tokens`;
export const MANAGER = "servicetokens";

export const serviceTokens = defineResource(API_VERSION, "ServiceToken", "servicetokens");
export const personalTokens = defineResource(API_VERSION, "PersonalToken", "personaltokens");

export type TokenKind = "ServiceToken" | "PersonalToken";
export const tokenResources: { readonly [kind in TokenKind]: Resource } = { ServiceToken: serviceTokens, PersonalToken: personalTokens };

/** Annotations that a person may set on a token object. */
export const ANNOTATION = {
  rotate: `${GROUP}/rotate`,
  compromised: `${GROUP}/compromised`,
  rollback: `${GROUP}/rollback`,
  paused: `${GROUP}/paused`,
  abandon: `${GROUP}/abandon`,
} as const;

export interface SecretSpec {
  readonly name?: string;
  readonly type: string;
  readonly template: { readonly [key: string]: string };
  readonly labels?: { readonly [name: string]: string };
  readonly annotations?: { readonly [name: string]: string };
  readonly adopt?: boolean;
}

export interface IssuerRef {
  readonly kind?: string;
  readonly name: string;
}

/** Of both kinds: a PersonalToken has no service user. */
export interface TokenObjectSpec extends Omit<TokenSpec, "serviceUser"> {
  readonly issuerRef: IssuerRef;
  readonly serviceUser?: { readonly name?: string; readonly id?: number; readonly ref?: string };
  readonly secret: SecretSpec;
}

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

export interface TokenStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly token?: { readonly lastUsedAt?: string | null; readonly [field: string]: unknown } | null;
  readonly history?: readonly { readonly revision: number; readonly id: number; readonly [field: string]: unknown }[];
  readonly [field: string]: unknown;
}

export interface Declared extends Stored {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
  /** Ours alone, by their full names. */
  readonly annotations: { readonly [name: string]: string };
}

export interface TokenObject extends Declared {
  readonly kind: TokenKind;
  readonly spec: TokenObjectSpec;
  /** What is wrong with it; see validity.ts. */
  readonly complaint: Complaint | null;
  readonly unreadable: boolean;
  readonly status: TokenStatus | null;
}

export function declared(object: KubeObject): Declared {
  const meta = object.metadata ?? {};
  const annotations: Record<string, string> = {};
  for (const name of Object.values(ANNOTATION)) {
    const value = meta.annotations?.[name];
    if (value !== undefined) annotations[name] = value;
  }
  return {
    ...identify(object),
    namespace: meta.namespace ?? "",
    name: meta.name ?? "",
    generation: meta.generation ?? 0,
    createdAt: parseInstant(meta.creationTimestamp ?? "") ?? 0,
    deleting: meta.deletionTimestamp !== undefined,
    finalizers: meta.finalizers ?? [],
    annotations,
  };
}

export const projectToken =
  (kind: TokenKind) =>
  (object: KubeObject): TokenObject => {
    const common = declared(object);
    return { ...common, kind, ...examine(kind, object.spec, common.annotations), status: (object.status as TokenStatus | undefined) ?? null };
  };

/**
 * What an object is after our own write of its metadata or its status, from the metadata that came back. Null: somebody
 * else changed what it asks for meanwhile, and the watch brings that.
 */
export function afterWrite<T extends Declared>(before: T, written: KubeObject, change: Partial<T> = {}): T | null {
  const now = declared(written);
  return before.uid === now.uid && !isNews(before, now) ? { ...before, ...now, ...change } : null;
}

/** How an object is spoken of in an event. */
export function reference({ namespace, name, uid }: Declared, kind: string): { apiVersion: string; kind: string; namespace?: string; name: string; uid: string } {
  return { apiVersion: API_VERSION, kind, ...(namespace === "" ? {} : { namespace }), name, uid };
}

/** Whether a person, or somebody else, changed what an object asks for. */
export function isNews(before: Declared, after: Declared): boolean {
  return (
    before.generation !== after.generation ||
    before.deleting !== after.deleting ||
    Object.values(ANNOTATION).some((name) => before.annotations[name] !== after.annotations[name])
  );
}

/** Whether somebody else took away what we had written: the finalizer, or the status. */
export function isTampered(before: Held, after: Held): boolean {
  const held = before.finalizers.includes(FINALIZER) && !after.finalizers.includes(FINALIZER);
  const told = before.status?.observedGeneration === before.generation && after.status?.observedGeneration !== after.generation;
  return held || told;
}

type Held = Declared & { readonly status: TokenStatus | null };
