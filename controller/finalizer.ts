// Our finalizer on a token object: set before its first token is issued, taken away when nothing of it is left. Each is
// one patch on the very version that was looked at. Decides nothing about when.
import { afterWrite, FINALIZER, MANAGER, tokenResources, type TokenObject } from "./kinds.ts";
import { refusal } from "./refusal.ts";
import { isNotFound, type RestClient, type Store } from "./runtime/index.ts";

interface Place {
  readonly client: RestClient;
  readonly tokens: Store<TokenObject>;
}

export function addFinalizer(place: Place, object: TokenObject): Promise<void> {
  return write(place, object, [...object.finalizers, FINALIZER]);
}

export async function removeFinalizer(place: Place, object: TokenObject): Promise<void> {
  const latest = place.tokens.get(object.key) ?? object;
  if (latest.uid !== object.uid || !latest.finalizers.includes(FINALIZER)) return;
  await write(place, object, latest.finalizers.filter((name) => name !== FINALIZER));
}

async function write({ client, tokens }: Place, object: TokenObject, finalizers: readonly string[]): Promise<void> {
  const latest = tokens.get(object.key) ?? object;
  const { kind, namespace, name, uid } = object;
  const body = { metadata: { uid, resourceVersion: latest.resourceVersion, finalizers } };
  try {
    const written = await client.patch(tokenResources[kind], { namespace, name }, body, { type: "merge", fieldManager: MANAGER, metadataOnly: true });
    const isThere = written.metadata?.deletionTimestamp === undefined || (written.metadata.finalizers ?? []).length > 0;
    const now = isThere ? afterWrite(latest, written) : null;
    if (now) tokens.observeWrite(now);
  } catch (error) {
    if (!isNotFound(error)) throw refusal(error, `${kind} ${name}`);
  }
}
