// Where a kind lives on the apiserver. Decides paths and query strings; must not
// know how a request is sent.

export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Its values are secret: the server's error texts, which may echo them, are not kept. */
  readonly sensitive: boolean;
}

export interface ResourceOptions {
  namespaced?: boolean;
  sensitive?: boolean;
}

export function defineResource(apiVersion: string, kind: string, plural: string, options: ResourceOptions = {}): Resource {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  return {
    group,
    version: slash < 0 ? apiVersion : apiVersion.slice(slash + 1),
    kind,
    plural,
    namespaced: options.namespaced ?? true,
    sensitive: options.sensitive ?? (group === "" && plural === "secrets"),
  };
}

export const secrets = defineResource("v1", "Secret", "secrets");
export const leases = defineResource("coordination.k8s.io/v1", "Lease", "leases");
export const events = defineResource("events.k8s.io/v1", "Event", "events");

export function apiVersionOf(resource: Resource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** One object, or, without a name, a collection; without a namespace, of the whole cluster. */
export interface ObjectRef {
  namespace?: string | undefined;
  name?: string;
}

export function resourcePath(resource: Resource, ref: ObjectRef, subresource?: string): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && ref.namespace !== undefined && ref.namespace !== "" ? `/namespaces/${encodeURIComponent(ref.namespace)}` : "";
  const name = ref.name === undefined ? "" : `/${encodeURIComponent(ref.name)}`;
  return `${root}${scope}/${resource.plural}${name}${subresource === undefined ? "" : `/${subresource}`}`;
}

export type Query = Record<string, string | number | boolean | undefined>;

export function queryString(query: Query): string {
  let text = "";
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    text += `${text === "" ? "?" : "&"}${name}=${encodeURIComponent(String(value))}`;
  }
  return text;
}
