// What the operator watches, and how it is found again. Decides nothing.
import { issuerKey, keyOfRef, clusterTokenIssuers, IssuerObjects, projectIssuer, tokenIssuers, type IssuerObject } from "./issuer-object.ts";
import { FINALIZER, personalTokens, projectToken, serviceTokens, type TokenKind, type TokenObject } from "./kinds.ts";
import { defineResource, identify, Reflector, secrets, Store, type KubeObject, type Logger, type Resource, type RestClient, type Stored } from "./runtime/index.ts";
import { projectSecret, type SecretRecord } from "./secret-record.ts";
import { secretNameOf } from "./secret-target.ts";
import type { Labels } from "./selector.ts";
import type { Uses } from "./issuers.ts";
import { projectUser, serviceUsers, type UserObject } from "./user-object.ts";

const namespaces = defineResource("v1", "Namespace", "namespaces", { namespaced: false });

export interface NamespaceRecord extends Stored {
  readonly labels: Labels;
}

const projectNamespace = (object: KubeObject): NamespaceRecord => ({ ...identify(object), labels: object.metadata?.labels ?? {} });

/** The keys of the issuers that a record names. */
export function issuersOf({ key, ours }: SecretRecord): { readonly home: string | undefined; readonly former: string | undefined } {
  const named = (ref: string | undefined): string | undefined => (ref === undefined ? undefined : keyOfRef(ref, key.slice(0, key.indexOf("/"))));
  return { home: named(ours?.record?.issuer.ref), former: named(ours?.record?.former?.ref) };
}

export const TOKEN_KINDS: readonly TokenKind[] = ["ServiceToken", "PersonalToken"];

export class Caches {
  readonly tokens: { readonly [kind in TokenKind]: Store<TokenObject> };
  readonly users: Store<UserObject>;
  readonly issuers: IssuerObjects;
  readonly secrets: Store<SecretRecord>;
  readonly namespaces: Store<NamespaceRecord>;
  readonly reach: "cluster" | "namespace";
  #complete: () => boolean = () => false;

  constructor(reach: "cluster" | "namespace", log: Logger) {
    const tokens = (): Store<TokenObject> =>
      new Store<TokenObject>(
        {
          issuer: issuerKey,
          secret: (object) => `${object.namespace}/${secretNameOf(object)}`,
          ref: ({ namespace, spec }) => (spec.serviceUser?.ref === undefined ? undefined : `${namespace}/${spec.serviceUser.ref}`),
        },
        log,
      );
    this.reach = reach;
    this.tokens = { ServiceToken: tokens(), PersonalToken: tokens() };
    this.users = new Store<UserObject>({ issuer: issuerKey, name: ({ spec }) => spec.name }, log);
    this.issuers = new IssuerObjects(log);
    this.secrets = new Store<SecretRecord>({ owner: ({ owner }) => owner?.uid, home: (secret) => issuersOf(secret).home, former: (secret) => issuersOf(secret).former }, log);
    this.namespaces = new Store<NamespaceRecord>({}, log);
  }

  /** Every kind has been seen as it is. False where one is only taken for empty: nothing may be concluded from that. */
  complete(): boolean {
    return this.#complete();
  }

  /** Null: the namespace is not seen from here. */
  labelsOf(namespace: string): Labels | null {
    return this.namespaces.get(namespace)?.labels ?? null;
  }

  *tokensOf(issuer: string): Generator<TokenObject> {
    for (const kind of TOKEN_KINDS) yield* this.tokens[kind].eachOf("issuer", issuer);
  }

  /** Those that name this Secret, by its key. */
  namesakes(secret: string): TokenObject[] {
    return TOKEN_KINDS.flatMap((kind) => this.tokens[kind].byIndex("secret", secret));
  }

  /** Tokens whose record names this issuer, though their spec names another one by now; of one kind or of both. */
  *movingFrom(issuer: string, kinds = TOKEN_KINDS): Generator<TokenObject> {
    for (const object of this.searchMoving(issuer, kinds)) if (object) yield object;
  }

  /** The search for them, Secret by Secret: undefined is one that is none, and as much work. */
  *searchMoving(issuer: string, kinds = TOKEN_KINDS): Generator<TokenObject | undefined> {
    for (const index of ["home", "former"] as const) {
      for (const { key, owner } of this.secrets.eachOf(index, issuer)) {
        const kind = kinds.find((each) => each === owner?.kind);
        const object = kind && owner ? this.tokens[kind].get(`${key.slice(0, key.indexOf("/"))}/${owner.name}`) : undefined;
        yield object && object.uid === owner?.uid && issuerKey(object) !== issuer ? object : undefined;
      }
    }
  }

  uses(issuer: string): Uses | null {
    const ofKind = (kind: TokenKind): boolean => this.tokens[kind].has("issuer", issuer) || this.movingFrom(issuer, [kind]).next().done !== true;
    const service = this.users.has("issuer", issuer) || ofKind("ServiceToken");
    const personal = ofKind("PersonalToken");
    return service || personal ? { service, personal } : null;
  }

  /** What may have tokens, or a user, that only this issuer's credential can end. */
  dependants(issuer: IssuerObject): string[] {
    const others = issuer.deleting ? new Set([...this.movingFrom(issuer.key), ...this.#recorded(issuer)]) : [];
    const held = [...this.tokensOf(issuer.key), ...others].filter(({ finalizers }) => finalizers.includes(FINALIZER));
    const users = this.users.byIndex("issuer", issuer.key).filter(({ finalizers }) => finalizers.includes(FINALIZER));
    return [...held.map(({ kind, key }) => `${kind} ${key}`), ...users.map(({ key }) => `ServiceUser ${key}`)];
  }

  /** The same for records that do not say how the issuer was called. */
  *#recorded(issuer: IssuerObject): Generator<TokenObject> {
    const user = (issuer.status?.["user"] as { readonly id?: number } | undefined)?.id;
    for (const kind of TOKEN_KINDS) {
      for (const object of this.tokens[kind].values()) {
        if (issuerKey(object) === issuer.key || (issuer.kind === "TokenIssuer" && object.namespace !== issuer.namespace)) continue;
        const record = this.secrets.get(`${object.namespace}/${object.spec.secret.name ?? object.name}`)?.ours?.record;
        if (record?.issuer.ref === undefined && record?.issuer.url === issuer.spec.url && record.issuer.userId === user && this.issuers.get(issuerKey(object))?.spec.url !== record.issuer.url) yield object;
      }
    }
  }

  /**
   * A kind that the cluster does not know (`unknown`) has no objects: it is not waited for, so that what is left of a
   * removed installation can be tidied up. It is watched all the same, and comes in when its CRD does.
   */
  reflectors(options: { client: RestClient; namespace: string | undefined; log: Logger; unknown: ReadonlySet<string> }): Watcher[] {
    const { client, namespace, log, unknown } = options;
    const seen: (() => boolean)[] = [];
    this.#complete = () => seen.every((synced) => synced());
    const start = <T extends Stored>(resource: Resource, store: Store<T>, project: (object: KubeObject) => T): Watcher => {
      const metadataOnly = resource.group === "";
      const reflector = new Reflector<T>({ client, resource, store, project, log, namespace: resource.namespaced ? namespace : undefined, ...(metadataOnly ? { metadataOnly } : {}) });
      seen.push(() => reflector.hasSynced());
      const absent = (): boolean => unknown.has(resource.plural);
      return {
        start: () => reflector.start(),
        stop: () => reflector.stop(),
        synced: (timeoutMs) => (absent() ? Promise.resolve(true) : reflector.synced(timeoutMs)),
        hasSynced: () => absent() || reflector.hasSynced(),
      };
    };
    return [
      start(serviceTokens, this.tokens.ServiceToken, projectToken("ServiceToken")),
      start(personalTokens, this.tokens.PersonalToken, projectToken("PersonalToken")),
      start(serviceUsers, this.users, projectUser),
      start(tokenIssuers, this.issuers.namespaced, projectIssuer("TokenIssuer")),
      start(secrets, this.secrets, projectSecret),
      ...(this.reach === "namespace" ? [] : [start(clusterTokenIssuers, this.issuers.cluster, projectIssuer("ClusterTokenIssuer")), start(namespaces, this.namespaces, projectNamespace)]),
    ];
  }
}

/** A reflector, whatever it keeps. */
type Watcher = Pick<Reflector<Stored>, "start" | "stop" | "synced" | "hasSynced">;

/** What has to be listed and watched. */
export function watched(reach: "cluster" | "namespace"): readonly Resource[] {
  return [serviceTokens, personalTokens, serviceUsers, tokenIssuers, secrets, ...(reach === "namespace" ? [] : [clusterTokenIssuers, namespaces])];
}
