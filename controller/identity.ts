// Which installation this is: the scope in the names of all its tokens. Written once, into the operator's own
// namespace, together with the cluster it was written for. A copy of it in another cluster is refused: two
// installations of one scope would take each other's tokens for lost.
import { randomBytes } from "node:crypto";
import { LifecycleError } from "../core/error.ts";
import { MANAGER } from "./kinds.ts";
import { defineResource, isAlreadyExists, isForbidden, isNotFound, type KubeObject, type RestClient } from "./runtime/index.ts";

const configMaps = defineResource("v1", "ConfigMap", "configmaps");
const namespaces = defineResource("v1", "Namespace", "namespaces", { namespaced: false });
export const IDENTITY = "servicetokens-identity";

interface Identity extends KubeObject {
  readonly data?: { readonly scope?: string; readonly cluster?: string };
}

/** The scope of this installation. Throws LifecycleError `terminal` where it belongs to another cluster. */
export async function loadScope(client: RestClient, namespace: string, adopt: boolean): Promise<string> {
  const cluster = await clusterId(client);
  for (;;) {
    const found = await read(client, namespace);
    if (found) return accept(client, namespace, { found, cluster, adopt });
    try {
      const scope = randomBytes(16).toString("hex");
      await client.create(configMaps, { namespace }, document(scope, cluster), { fieldManager: MANAGER });
      return scope;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

async function read(client: RestClient, namespace: string): Promise<Identity | null> {
  try {
    return await client.get<Identity>(configMaps, { namespace, name: IDENTITY });
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function accept(client: RestClient, namespace: string, at: { found: Identity; cluster: string; adopt: boolean }): Promise<string> {
  const { scope, cluster: written } = at.found.data ?? {};
  if (scope === undefined || !/^[0-9a-f]{32}$/.test(scope)) {
    throw new LifecycleError("terminal", "IDENTITY_BROKEN", `The ConfigMap ${namespace}/${IDENTITY} holds no scope: restore it from a backup, since the names of all issued tokens depend on it.`);
  }
  if (!written || !at.cluster || written === at.cluster) return scope;
  if (!at.adopt) {
    throw new LifecycleError(
      "terminal",
      "IDENTITY_OF_ANOTHER_CLUSTER",
      `The ConfigMap ${namespace}/${IDENTITY} was written for another cluster. If that one is gone and this one takes its place, start once with --adopt-identity; if both live, delete the ConfigMap here.`,
    );
  }
  await client.update(configMaps, { namespace, name: IDENTITY }, { ...document(scope, at.cluster), metadata: { name: IDENTITY, resourceVersion: at.found.metadata?.resourceVersion } });
  return scope;
}

const document = (scope: string, cluster: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: IDENTITY, labels: { "app.kubernetes.io/managed-by": MANAGER } },
  data: { scope, cluster },
});

/** The uid of kube-system, as everybody does; empty where we may not see it. */
async function clusterId(client: RestClient): Promise<string> {
  try {
    const namespace = await client.get(namespaces, { name: "kube-system" });
    return namespace.metadata?.uid ?? "";
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return "";
    throw error;
  }
}
