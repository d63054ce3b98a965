// Reads and applies objects over one connection that stays open. A test that waits for something looks many times, and a
// kubectl for each look would take the processor from what it waits for. What people type is typed in tests about that.
import { defineResource, isNotFound, loadCredentials, RestClient, secrets, type KubeObject, type Resource } from "../../controller/runtime/index.ts";

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

  private constructor(client: RestClient) {
    this.#client = client;
  }

  static async of(kubeconfig: string): Promise<Reader> {
    return new Reader(new RestClient({ credentials: await loadCredentials({ kubeconfig }) }));
  }

  /** "servicetoken/ingest" or "servicetoken/ingest -n data", as for kubectl. */
  async read<T>(object: string): Promise<T | null> {
    const [path = "", , namespace = "default"] = object.split(" ");
    const { resource, name } = this.#named(path);
    try {
      return (await this.#client.get(resource, resource.namespaced ? { namespace, name } : { name })) as T;
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

  #named(path: string): { resource: Resource; name: string } {
    const [kind = "", name = ""] = path.split("/");
    const resource = resources[kind];
    if (resource === undefined) throw new Error(`the reader does not know ${kind}`);
    return { resource, name };
  }
}
