// The credential of an issuer, read whenever its lists are: it is kept nowhere, and a new one counts from the next look
// on. Decides what is wrong with it in words that say what to do; whether it works is seen at the API.
import { LifecycleError } from "../core/error.ts";
import { credentialPlace, type IssuerObject } from "./issuer-object.ts";
import { isForbidden, isNotFound, secrets, type KubeObject, type RestClient } from "./runtime/index.ts";

interface Holding extends KubeObject {
  readonly data?: { readonly [key: string]: string };
}

/** Throws LifecycleError: `denied`, CREDENTIAL_MISSING; `retryable`, CREDENTIAL_UNREAD, where the apiserver does not give it. */
export async function readCredential(client: RestClient, issuer: IssuerObject): Promise<string> {
  const { key = "token" } = issuer.spec.credentialsSecretRef;
  const { namespace, name } = credentialPlace(issuer);
  let secret: Holding;
  try {
    secret = await client.get<Holding>(secrets, { namespace, name });
  } catch (error) {
    if (!isNotFound(error)) throw unread(error, `${namespace}/${name}`);
    throw new LifecycleError("denied", "CREDENTIAL_MISSING", `There is no Secret ${name} in the namespace ${namespace}: create it with an administrator token under ${JSON.stringify(key)}.`);
  }
  const value = Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8").trim();
  if (value !== "") return value;
  throw new LifecycleError("denied", "CREDENTIAL_MISSING", `The Secret ${name} has no key ${JSON.stringify(key)}: put an administrator token there.`);
}

/** The token API has no part in it, and nobody is to look there. */
function unread(error: unknown, secret: string): LifecycleError {
  const what = `The Secret ${secret} could not be read from the cluster's apiserver: ${error instanceof Error ? error.message : "the request failed"}.`;
  const advice = isForbidden(error) ? " Grant the operator's account get on Secrets in that namespace." : "";
  return new LifecycleError("retryable", "CREDENTIAL_UNREAD", what + advice, { cause: error });
}
