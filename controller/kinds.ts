// Our kinds as the caches keep them: the spec as written, and the little of metadata and status that is read again.
import { parseInstant } from "../core/instant.ts";
import type { TokenSpec } from "../core/spec.ts";
import { defineResource, identify, type KubeObject, type Stored } from "./runtime/index.ts";

export const GROUP = "tokens.qualytics.io";
export const API_VERSION = `${GROUP}/v1alpha1`;
/** On every token object before its first POST: it cannot vanish before its tokens are taken care of. */
export const FINALIZER = `${GROUP}/tokens`;
export const MANAGER = "servicetokens";

export const serviceTokens = defineResource(API_VERSION, "ServiceToken", "servicetokens");
export const tokenIssuers = defineResource(API_VERSION, "TokenIssuer", "tokenissuers");

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

export interface ServiceTokenSpec extends TokenSpec {
  readonly issuerRef: { readonly kind?: string; readonly name: string };
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

interface Common extends Stored {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly createdAt: number;
  readonly deleting: boolean;
}

export interface TokenObject extends Common {
  readonly finalizers: readonly string[];
  /** Ours alone, by their full names. */
  readonly annotations: { readonly [name: string]: string };
  readonly spec: ServiceTokenSpec;
  readonly status: TokenStatus | null;
}

export interface IssuerSpec {
  readonly url: string;
  readonly credentialsSecretRef: { readonly name: string; readonly key?: string };
  readonly caBundle?: string;
  readonly policy?: { readonly maxExpiresInDays?: number; readonly allowNever?: boolean; readonly minOverlap?: string; readonly serviceUsers?: readonly string[] };
  readonly limits?: { readonly requestsPerSecond?: number; readonly maxInFlight?: number };
  readonly resyncInterval?: string;
}

export interface IssuerObject extends Common {
  readonly spec: IssuerSpec;
  readonly status: TokenStatus | null;
}

function common(object: KubeObject): Common {
  const meta = object.metadata ?? {};
  return {
    ...identify(object),
    namespace: meta.namespace ?? "",
    name: meta.name ?? "",
    generation: meta.generation ?? 0,
    createdAt: parseInstant(meta.creationTimestamp ?? "") ?? 0,
    deleting: meta.deletionTimestamp !== undefined,
  };
}

export function projectToken(object: KubeObject): TokenObject {
  const meta = object.metadata ?? {};
  const annotations: Record<string, string> = {};
  for (const name of Object.values(ANNOTATION)) {
    const value = meta.annotations?.[name];
    if (value !== undefined) annotations[name] = value;
  }
  return {
    ...common(object),
    finalizers: meta.finalizers ?? [],
    annotations,
    spec: object.spec as ServiceTokenSpec,
    status: (object.status as TokenStatus | undefined) ?? null,
  };
}

export function projectIssuer(object: KubeObject): IssuerObject {
  return { ...common(object), spec: object.spec as IssuerSpec, status: (object.status as TokenStatus | undefined) ?? null };
}

/** Whether a person, or somebody else, changed what a token object asks for. */
export function isNews(before: TokenObject, after: TokenObject): boolean {
  return (
    before.generation !== after.generation ||
    before.deleting !== after.deleting ||
    Object.values(ANNOTATION).some((name) => before.annotations[name] !== after.annotations[name])
  );
}

/** Whether somebody else took away what we had written: the finalizer, or the status. */
export function isTampered(before: TokenObject, after: TokenObject): boolean {
  const held = before.finalizers.includes(FINALIZER) && !after.finalizers.includes(FINALIZER);
  const told = before.status?.observedGeneration === before.generation && after.status?.observedGeneration !== after.generation;
  return held || told;
}
