// The verbs of the Kubernetes API over transport.ts. Decides paths, media types and
// what each verb promises (which may be repeated, what is kept from its answer); must
// not know caches or controllers.
import type { Incoming } from "./link.ts";
import type { KubeObject, ObjectMeta } from "./object.ts";
import { queryString, resourcePath } from "./resource.ts";
import type { ObjectRef, Query, Resource } from "./resource.ts";
import { Transport } from "./transport.ts";
import type { ApiRequest, TransportOptions } from "./transport.ts";

/** An object that certainly exists: it has a name. */
export interface NamedRef {
  namespace?: string | undefined;
  name: string;
}

export interface RequestOptions {
  /** Answer with metadata alone: no values cross the wire or enter memory. Works for every verb. */
  metadataOnly?: boolean;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Goes out at once even while the server wants fewer requests. */
  urgent?: boolean;
}

export interface ListOptions extends RequestOptions {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  limit?: number;
  continue?: string | undefined;
  resourceVersion?: string | undefined;
  resourceVersionMatch?: "Exact" | "NotOlderThan";
}

export interface WatchOptions extends Omit<ListOptions, "limit" | "continue"> {
  timeoutSeconds?: number;
  allowWatchBookmarks?: boolean;
  sendInitialEvents?: boolean;
}

export interface WriteOptions extends RequestOptions {
  dryRun?: boolean;
  fieldManager?: string;
  /** For example "status". */
  subresource?: string;
}

export interface ApplyOptions extends WriteOptions {
  fieldManager: string;
  /** Take over fields of other managers. Default true, as the Kubernetes documentation asks of controllers. */
  force?: boolean;
}

export interface PatchOptions extends WriteOptions {
  type: "merge" | "json";
}

export interface DeleteOptions extends Omit<WriteOptions, "fieldManager"> {
  uid?: string;
  resourceVersion?: string;
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  gracePeriodSeconds?: number;
}

export interface ObjectList<T> {
  metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

/** A Buffer is sent as it is, and can be wiped by the caller when the call has returned. */
export type Body = object | Buffer;

const json = "application/json";
const partial = (kind: string): string => `application/json;as=${kind};v=v1;g=meta.k8s.io`;
const patchTypes = { merge: "application/merge-patch+json", json: "application/json-patch+json" };

interface Call {
  verb: string;
  method: ApiRequest["method"];
  idempotent: boolean;
  query?: Query;
  contentType?: string;
  body?: Body;
  accept?: string;
  watch?: boolean;
}

export class RestClient {
  readonly #transport: Transport;

  constructor(options: TransportOptions | Transport) {
    this.#transport = options instanceof Transport ? options : new Transport(options);
  }

  get<T extends KubeObject = KubeObject>(resource: Resource, ref: NamedRef, options: RequestOptions & { resourceVersion?: string; subresource?: string } = {}): Promise<T> {
    return this.#object(resource, ref, options, { verb: "GET", method: "GET", idempotent: true, query: { resourceVersion: options.resourceVersion } });
  }

  async list<T extends KubeObject = KubeObject>(resource: Resource, scope: { namespace?: string | undefined }, options: ListOptions = {}): Promise<ObjectList<T>> {
    const accept = options.metadataOnly === true ? partial("PartialObjectMetadataList") : json;
    const call: Call = { verb: "LIST", method: "GET", idempotent: true, accept, query: { ...selection(options), limit: options.limit, continue: options.continue } };
    const list = JSON.parse(await this.#transport.text(this.#request(resource, scope, options, call))) as ObjectList<T> & { items: T[] | null };
    return { ...list, items: list.items ?? [] };
  }

  create<T extends KubeObject = KubeObject>(resource: Resource, ref: ObjectRef, body: Body, options: WriteOptions = {}): Promise<T> {
    // The name of a new object is in its body; only a subresource (token, binding) has one in the path.
    const target = options.subresource === undefined ? { namespace: ref.namespace } : ref;
    return this.#object<T>(resource, target, options, { verb: "POST", method: "POST", idempotent: false, contentType: json, body, query: writing(options) });
  }

  update<T extends KubeObject = KubeObject>(resource: Resource, ref: NamedRef, body: Body, options: WriteOptions = {}): Promise<T> {
    return this.#object<T>(resource, ref, options, { verb: "PUT", method: "PUT", idempotent: true, contentType: json, body, query: writing(options) });
  }

  /** Server-side apply. */
  apply<T extends KubeObject = KubeObject>(resource: Resource, ref: NamedRef, body: Body, options: ApplyOptions): Promise<T> {
    const query = { ...writing(options), force: options.force ?? true };
    return this.#object<T>(resource, ref, options, { verb: "APPLY", method: "PATCH", idempotent: true, contentType: "application/apply-patch+yaml", body, query });
  }

  patch<T extends KubeObject = KubeObject>(resource: Resource, ref: NamedRef, body: Body, options: PatchOptions): Promise<T> {
    // A merge patch may be repeated; a JSON patch may add to a list.
    const call: Call = { verb: "PATCH", method: "PATCH", idempotent: options.type === "merge", contentType: patchTypes[options.type], body, query: writing(options) };
    return this.#object<T>(resource, ref, options, call);
  }

  /** The object as it was last, or still is while finalizers hold it. */
  delete(resource: Resource, ref: NamedRef, options: DeleteOptions = {}): Promise<{ metadata?: ObjectMeta }> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions, propagationPolicy, gracePeriodSeconds, ...(options.dryRun === true ? { dryRun: ["All"] } : {}) };
    return this.#object(resource, ref, options, { verb: "DELETE", method: "DELETE", idempotent: true, contentType: json, body });
  }

  /** The open stream of a watch; watch-stream.ts reads it. */
  watch(resource: Resource, scope: ObjectRef, options: WatchOptions = {}): Promise<Incoming> {
    const { timeoutSeconds, allowWatchBookmarks, sendInitialEvents } = options;
    const query = { watch: true, ...selection(options), timeoutSeconds, allowWatchBookmarks, sendInitialEvents };
    return this.#transport.stream(this.#request(resource, scope, options, { verb: "WATCH", method: "GET", idempotent: true, watch: true, query }));
  }

  /** See Transport. */
  watchesArePinged(signal?: AbortSignal): boolean | Promise<boolean> {
    return this.#transport.watchesArePinged(signal);
  }

  /** How many requests may be under way just now. */
  get limit(): number {
    return this.#transport.limit;
  }

  /** A GET of any path, as text: /version, /readyz and the like. */
  raw(path: string, options: RequestOptions = {}): Promise<string> {
    const { timeoutMs, signal } = options;
    return this.#transport.text({ verb: "GET", resource: "", target: path, method: "GET", path, accept: "*/*", idempotent: true, sensitive: false, timeoutMs, signal });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #object<T extends KubeObject>(resource: Resource, ref: ObjectRef, options: WriteOptions, call: Call): Promise<T> {
    return JSON.parse(await this.#transport.text(this.#request(resource, ref, options, call))) as T;
  }

  #request(resource: Resource, ref: ObjectRef, options: RequestOptions & { subresource?: string }, call: Call): ApiRequest {
    const { body } = call;
    const name = [ref.namespace, ref.name].filter((part) => part !== undefined && part !== "").join("/");
    return {
      verb: call.verb,
      resource: resource.plural,
      target: name === "" ? resource.plural : `${resource.plural} ${name}`,
      method: call.method,
      path: resourcePath(resource, ref, options.subresource) + queryString(call.query ?? {}),
      accept: call.accept ?? (options.metadataOnly === true ? partial("PartialObjectMetadata") : json),
      idempotent: call.idempotent,
      sensitive: resource.sensitive,
      ...(call.contentType === undefined ? {} : { contentType: call.contentType }),
      ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
      ...(call.watch === true ? { watch: true } : {}),
      urgent: options.urgent,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
    };
  }
}

function selection(options: ListOptions | WatchOptions): Query {
  const { labelSelector, fieldSelector, resourceVersion, resourceVersionMatch } = options;
  return { labelSelector, fieldSelector, resourceVersion, resourceVersionMatch };
}

function writing(options: WriteOptions): Query {
  return { fieldManager: options.fieldManager, dryRun: options.dryRun === true ? "All" : undefined };
}
