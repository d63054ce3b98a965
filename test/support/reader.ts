// Reads and applies objects over one connection that stays open. A test that waits for something looks many times, and a
// kubectl for each look would take the processor from what it waits for. What people type is typed in tests about that.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { defineResource, isNotFound, loadCredentials, RestClient, secrets, type Credentials, type KubeObject, type Resource } from "../../controller/runtime/index.ts";

const GROUP = "tokens.qualytics.io/v1alpha1";

const resources: Readonly<Record<string, Resource>> = {
  secret: secrets,
  servicetoken: defineResource(GROUP, "ServiceToken", "servicetokens"),
  personaltoken: defineResource(GROUP, "PersonalToken", "personaltokens"),
  serviceuser: defineResource(GROUP, "ServiceUser", "serviceusers"),
  tokenissuer: defineResource(GROUP, "TokenIssuer", "tokenissuers"),
  clustertokenissuer: defineResource(GROUP, "ClusterTokenIssuer", "clustertokenissuers", { namespaced: false }),
  deployment: defineResource("apps/v1", "Deployment", "deployments"),
  statefulset: defineResource("apps/v1", "StatefulSet", "statefulsets"),
  daemonset: defineResource("apps/v1", "DaemonSet", "daemonsets"),
  namespace: defineResource("v1", "Namespace", "namespaces", { namespaced: false }),
  node: defineResource("v1", "Node", "nodes", { namespaced: false }),
  event: defineResource("events.k8s.io/v1", "Event", "events"),
};

export class Reader {
  readonly #client: RestClient;
  readonly #credentials: Credentials;

  private constructor(credentials: Credentials) {
    this.#credentials = credentials;
    this.#client = new RestClient({ credentials });
  }

  static async of(kubeconfig: string): Promise<Reader> {
    return new Reader(await loadCredentials({ kubeconfig }));
  }

  /** "servicetoken/ingest" or "servicetoken/ingest -n data", as for kubectl. */
  async read<T>(object: string): Promise<T | null> {
    const { resource, ref } = this.#placed(object);
    try {
      return (await this.#client.get(resource, ref)) as T;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /** All of a kind in a namespace. */
  async all<T>(kind: string, namespace = "default"): Promise<readonly T[]> {
    const { resource } = this.#named(`${kind}/`);
    return (await this.#client.list(resource, resource.namespaced ? { namespace } : {})).items as unknown as T[];
  }

  /** As `kubectl apply --server-side`: what was applied before and is left out now goes. */
  async apply(objects: readonly object[], namespace: string): Promise<void> {
    for (const body of objects as readonly KubeObject[]) {
      const { resource } = this.#named(`${body.kind?.toLowerCase() ?? ""}/`);
      const { name = "", namespace: own = namespace } = body.metadata ?? {};
      await this.#client.apply(resource, resource.namespaced ? { namespace: own, name } : { name }, body, { fieldManager: "person" });
    }
  }

  /** As `kubectl annotate --overwrite`. */
  async annotate(object: string, annotations: Readonly<Record<string, string>>): Promise<void> {
    const { resource, ref } = this.#placed(object);
    await this.#client.patch(resource, ref, { metadata: { annotations } }, { type: "merge", fieldManager: "person" });
  }

  /** As `kubectl delete --wait=false`. */
  async remove(object: string): Promise<void> {
    const { resource, ref } = this.#placed(object);
    await this.#client.delete(resource, ref);
  }

  /** What the apiserver says against a new object, whole, as kubectl shows it; empty: nothing, and nothing was stored. */
  async refusal(object: KubeObject): Promise<string> {
    const { resource } = this.#named(`${object.kind?.toLowerCase() ?? ""}/`);
    const scope = resource.namespaced ? `/namespaces/${object.metadata?.namespace ?? "default"}` : "";
    const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
    const url = new URL(`${root}${scope}/${resource.plural}?dryRun=All&fieldValidation=Strict`, this.#credentials.server);
    const headers = { "content-type": "application/json", authorization: (await this.#credentials.authorization()) ?? "" };
    const sent = request(url, { method: "POST", headers, ...(await this.#credentials.tls()) }).end(JSON.stringify(object));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const body = JSON.parse(await text(answer)) as { message?: string };
    return answer.statusCode === 201 ? "" : (body.message ?? "");
  }

  /** What stands at a path of the API, as it comes; empty: there is nothing. */
  async text(path: string): Promise<string> {
    try {
      return await this.#client.raw(path);
    } catch (error) {
      if (isNotFound(error)) return "";
      throw error;
    }
  }

  /** The paths of all objects of our kinds, as the apiserver knows them. */
  async ours(): Promise<string[]> {
    const found = await this.text(`/apis/${GROUP}`);
    const { resources: kinds = [] } = (found === "" ? {} : JSON.parse(found)) as { resources?: { name: string }[] };
    return kinds.filter(({ name }) => !name.includes("/")).map(({ name }) => `/apis/${GROUP}/${name}`);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #placed(object: string): { resource: Resource; ref: { namespace?: string; name: string } } {
    const [path = "", , namespace = "default"] = object.split(" ");
    const { resource, name } = this.#named(path);
    return { resource, ref: resource.namespaced ? { namespace, name } : { name } };
  }

  #named(path: string): { resource: Resource; name: string } {
    const [kind = "", name = ""] = path.split("/");
    const resource = resources[kind];
    if (resource === undefined) throw new Error(`the reader does not know ${kind}`);
    return { resource, name };
  }
}
