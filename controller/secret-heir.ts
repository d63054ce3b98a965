// Whether a token object may go on with the Secret of one that stood under its name before: deleted by force and made
// anew, or put back by whoever declares it after the cluster was restored from a backup. The earlier owner is gone for
// certain only where the apiserver itself shows ours under that name; a cache may be the one that lags.
import { tokenResources, type TokenObject } from "./kinds.ts";
import { isNotFound, type RestClient, type Store } from "./runtime/index.ts";
import type { SecretRecord } from "./secret-record.ts";

interface Inheritance {
  readonly client: RestClient;
  readonly object: TokenObject;
  readonly mark: string;
  /** What stands at the place of delivery. */
  readonly home: ReturnType<Store<SecretRecord>["get"]>;
}

/** The uid of the owner that is no more and whose Secret is this object's now; null: there is none. */
export async function predecessorOf({ client, object, mark, home }: Inheritance): Promise<string | null> {
  const { kind, namespace, name, uid } = object;
  const owner = home?.owner;
  if (!owner || owner.uid === uid || owner.kind !== kind || owner.name !== name || home.ours?.record?.mark !== mark) return null;
  try {
    const live = await client.get(tokenResources[kind], { namespace, name }, { metadataOnly: true });
    return live.metadata?.uid === uid ? owner.uid : null;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
