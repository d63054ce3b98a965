// The ServiceToken object that takes a token over or lets it go, and what has to be known of the installation for that:
// its scope, and the issuer as its operator sees it.
import { LifecycleError } from "../core/error.ts";
import { markOf } from "../core/name.ts";
import { SecretValue } from "../core/secret-value.ts";
import { createTokenApi } from "../tokenapi/client.ts";
import { API_VERSION, MANAGER, projectToken, serviceTokens, type TokenObject } from "./kinds.ts";
import { IDENTITY } from "./identity.ts";
import { clusterTokenIssuers, tokenIssuers, type IssuerSpec } from "./issuer-object.ts";
import { defineResource, isNotFound, secrets, type KubeObject, type RestClient } from "./runtime/index.ts";

export interface ObjectPlace {
  readonly namespace: string;
  readonly name: string;
}

const refuse = (message: string): LifecycleError => new LifecycleError("invalid", "HANDOVER_REFUSED", message);

export async function readObject(client: RestClient, place: ObjectPlace): Promise<{ readonly object: TokenObject; readonly spec: object } | null> {
  try {
    const found = await client.get(serviceTokens, place);
    return { object: projectToken("ServiceToken")(found), spec: found.spec as object };
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

export const manifestOf = ({ namespace, name }: ObjectPlace, spec: object): object => ({ apiVersion: API_VERSION, kind: "ServiceToken", metadata: { name, namespace }, spec });

/** `dryRun`: only whether the cluster would take it. */
export async function createObject(client: RestClient, place: ObjectPlace, spec: object, dryRun = false): Promise<void> {
  await client.create(serviceTokens, { namespace: place.namespace }, manifestOf(place, spec), { fieldManager: MANAGER, dryRun });
}

/** Asks the operator to let the object go and to leave token and Secret where they are. */
export async function letGo(client: RestClient, { object }: { readonly object: TokenObject }): Promise<void> {
  const { namespace, name, uid, deleting } = object;
  if (deleting && object.spec.deletionPolicy !== "Orphan") throw refuse(`The ServiceToken ${namespace}/${name} is being deleted together with its tokens: it cannot be handed over any more.`);
  if (!deleting) await client.patch(serviceTokens, { namespace, name }, { metadata: { uid }, spec: { deletionPolicy: "Orphan" } }, { type: "merge", fieldManager: MANAGER });
  await client.delete(serviceTokens, { namespace, name }, { uid });
}

const configMaps = defineResource("v1", "ConfigMap", "configmaps");

interface Identity extends KubeObject {
  readonly data?: { readonly scope?: string };
}

/** The mark of an object's tokens. `own`: the operator's namespace; null: looked for in all of them. */
export async function markOfObject(client: RestClient, { namespace, name }: ObjectPlace, own: string | null): Promise<string> {
  const { items } = await client.list<Identity>(configMaps, own === null ? {} : { namespace: own }, { fieldSelector: `metadata.name=${IDENTITY}` });
  const [found, ...more] = items;
  const scope = found?.data?.scope;
  if (more.length > 0) throw refuse(`There is more than one operator, in the namespaces ${items.map(({ metadata }) => metadata?.namespace).join(", ")}: say with --operator-namespace which one serves ${namespace}.`);
  if (scope === undefined) throw refuse(`No operator was ever started ${own === null ? "in this cluster" : `in the namespace ${own}`}: there is no ConfigMap ${IDENTITY}. Start it first.`);
  return markOf(scope, `ServiceToken/${namespace}/${name}`);
}

export interface SeenIssuer {
  readonly url: string;
  /** The user that the operator's credential belongs to. */
  readonly userId: number;
}

/** Who the operator is to the token API, asked with its own credential. */
export async function seeIssuer(client: RestClient, namespace: string, name: string): Promise<SeenIssuer> {
  const { spec } = await client.get<KubeObject>(tokenIssuers, { namespace, name }).catch(async (error: unknown) => {
    if (!isNotFound(error)) throw error;
    const missing = `There is no TokenIssuer ${name} in the namespace ${namespace}.`;
    await found(client.get<KubeObject>(clusterTokenIssuers, { name }), missing);
    // There records are believed of tokens with the object's own mark alone, and one that was handed over bears another's.
    throw refuse(`${missing} An object of the ClusterTokenIssuer ${name} cannot take over a token that was named elsewhere, since others use that issuer too: make a TokenIssuer in the namespace.`);
  });
  const { url, credentialsSecretRef, caBundle } = spec as IssuerSpec;
  const { name: secret, key = "token" } = credentialsSecretRef;
  const { data } = await found(client.get<KubeObject & { data?: { [key: string]: string } }>(secrets, { namespace, name: secret }), `The TokenIssuer ${name} names the Secret ${secret}, which is not there.`);
  const credential = Buffer.from(data?.[key] ?? "", "base64").toString("utf8").trim();
  if (credential === "") throw refuse(`The Secret ${secret} of the TokenIssuer ${name} has no key ${key}.`);
  const api = createTokenApi({ url, token: new SecretValue(credential), ...(caBundle === undefined ? {} : { caBundle }) });
  try {
    return { url, userId: (await api.me()).id };
  } finally {
    await api.close();
  }
}

async function found<T>(asked: Promise<T>, otherwise: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw isNotFound(error) ? refuse(otherwise) : error;
  }
}
