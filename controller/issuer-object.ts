// The two kinds of issuer as the caches keep them: a TokenIssuer serves its own namespace, a ClusterTokenIssuer those
// that its policy selects.
import { declared, API_VERSION, type Declared, type IssuerRef, type TokenStatus } from "./kinds.ts";
import { defineResource, Store, type KubeObject, type Logger, type Resource } from "./runtime/index.ts";
import type { OrphanPolicy } from "../core/orphan.ts";
import { examineIssuer } from "./issuer-validity.ts";
import type { Selector } from "./selector.ts";

export type IssuerKind = "TokenIssuer" | "ClusterTokenIssuer";

export const tokenIssuers = defineResource(API_VERSION, "TokenIssuer", "tokenissuers");
export const clusterTokenIssuers = defineResource(API_VERSION, "ClusterTokenIssuer", "clustertokenissuers", { namespaced: false });
export const issuerResources: { readonly [kind in IssuerKind]: Resource } = { TokenIssuer: tokenIssuers, ClusterTokenIssuer: clusterTokenIssuers };

export interface IssuerPolicySpec {
  readonly maxExpiresInDays?: number;
  readonly allowNever?: boolean;
  readonly minOverlap?: string;
  readonly serviceUsers?: readonly string[];
  readonly roles?: readonly string[];
  readonly personalTokens?: boolean;
  readonly namespaceSelector?: Selector;
}

export interface IssuerSpec {
  readonly url: string;
  /** The namespace only of a ClusterTokenIssuer; a TokenIssuer reads nowhere but in its own. */
  readonly credentialsSecretRef: { readonly name: string; readonly key?: string; readonly namespace?: string };
  readonly caBundle?: string;
  readonly policy?: IssuerPolicySpec;
  readonly limits?: { readonly requestsPerSecond?: number; readonly maxInFlight?: number };
  readonly resyncInterval?: string;
  readonly orphans?: OrphanPolicy;
}

export interface IssuerObject extends Declared {
  readonly kind: IssuerKind;
  readonly spec: IssuerSpec;
  /** What is wrong with it; see issuer-validity.ts. */
  readonly complaint: string | null;
  readonly status: TokenStatus | null;
}

export const projectIssuer =
  (kind: IssuerKind) =>
  (object: KubeObject): IssuerObject => ({
    ...declared(object),
    kind,
    ...examineIssuer(object.spec, kind),
    status: (object.status as TokenStatus | undefined) ?? null,
  });

/** Where the credential stands: a TokenIssuer cannot point out of its namespace, whatever it says. */
export function credentialPlace({ kind, namespace, spec }: IssuerObject): { namespace: string; name: string } {
  const { name, namespace: named = "" } = spec.credentialsSecretRef;
  return { namespace: kind === "TokenIssuer" ? namespace : named, name };
}

/** The key of the issuer that an object names: "namespace/name", or "name" alone for one of the whole cluster. */
export function issuerKey({ namespace, spec }: { readonly namespace: string; readonly spec: { readonly issuerRef: IssuerRef } }): string {
  const { kind, name } = spec.issuerRef;
  return kind === "ClusterTokenIssuer" ? name : `${namespace}/${name}`;
}

/** How a record names an issuer: as the spec does, in one word. */
export const refOf = ({ kind = "TokenIssuer", name }: IssuerRef): string => `${kind}/${name}`;

export function readRef(ref: string): IssuerRef {
  const [kind = "", name = ""] = ref.split("/");
  return { kind, name };
}

/** The key of the issuer that a record in this namespace names. */
export const keyOfRef = (ref: string, namespace: string): string => issuerKey({ namespace, spec: { issuerRef: readRef(ref) } });

const byCredential = (issuer: IssuerObject): string => {
  const { namespace, name } = credentialPlace(issuer);
  return `${namespace}/${name}`;
};

/** Both kinds together, by their keys, which never meet: only one of them has a slash. */
export class IssuerObjects {
  readonly namespaced: Store<IssuerObject>;
  readonly cluster: Store<IssuerObject>;

  constructor(log: Logger) {
    this.namespaced = new Store<IssuerObject>({ credential: byCredential }, log);
    this.cluster = new Store<IssuerObject>({ credential: byCredential }, log);
  }

  get(key: string): IssuerObject | undefined {
    return (key.includes("/") ? this.namespaced : this.cluster).get(key);
  }

  /** Those whose credential stands in this Secret. */
  withCredential(secretKey: string): IssuerObject[] {
    return [...this.namespaced.byIndex("credential", secretKey), ...this.cluster.byIndex("credential", secretKey)];
  }

  observeWrite(object: IssuerObject): void {
    (object.kind === "TokenIssuer" ? this.namespaced : this.cluster).observeWrite(object);
  }
}
