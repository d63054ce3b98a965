// The little that the runtime knows of a Kubernetes object: its metadata, the key
// under which it is queued and stored, and which of two resource versions is newer.

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  spec?: unknown;
  status?: unknown;
  data?: unknown;
}

/** What a store record must carry; a projection adds what its controller needs. */
export interface Stored {
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** `namespace/name`, or `name` alone for cluster-wide objects. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

export function splitKey(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The identity part of a projection: `project: (object) => ({ ...identify(object), … })`. */
export function identify(object: KubeObject): { key: string; uid: string; resourceVersion: string } {
  const meta = object.metadata;
  if (meta?.name === undefined) throw new Error("an object without metadata.name");
  return { key: objectKey(meta.namespace, meta.name), uid: meta.uid ?? "", resourceVersion: meta.resourceVersion ?? "" };
}

const decimal = /^[1-9][0-9]*$/;

/**
 * Negative when `a` is older than `b`, positive when newer, undefined when the two
 * cannot be compared. Kubernetes guarantees since 1.35 that resource versions of one
 * resource are decimal numbers that grow; an aggregated server may still do otherwise.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!decimal.test(a) || !decimal.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}
