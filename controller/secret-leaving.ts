// The requests by which a Secret of ours is given up: marked as left when another one takes over, removed, or left to
// whoever wants it. Each on the very one that was looked at. Decides nothing about when.
import { MANAGER } from "./kinds.ts";
import { refusal } from "./refusal.ts";
import { isNotFound, secrets, type RestClient } from "./runtime/index.ts";
import { encodeLeft, LEFT_ANNOTATION, nameOf, projectSecret, type SecretRecord } from "./secret-record.ts";

const refOf = ({ key }: SecretRecord): { namespace: string; name: string } => ({ namespace: key.slice(0, key.indexOf("/")), name: nameOf({ key }) });

/** What it is after. */
export async function leaveSecret(client: RestClient, record: SecretRecord, to: string): Promise<SecretRecord> {
  const { uid, resourceVersion } = record;
  const body = { metadata: { uid, resourceVersion, annotations: { [LEFT_ANNOTATION]: encodeLeft({ to, at: Date.now() }) } } };
  return projectSecret(await client.patch(secrets, refOf(record), body, { type: "merge", fieldManager: MANAGER, metadataOnly: true }));
}

export async function removeSecret(client: RestClient, record: SecretRecord): Promise<void> {
  try {
    await client.delete(secrets, refOf(record), { uid: record.uid });
  } catch (error) {
    if (!isNotFound(error)) throw refusal(error, `Secret ${nameOf(record)}`);
  }
}

/** It keeps value and record, and belongs to nobody. */
export async function disownSecret(client: RestClient, record: SecretRecord): Promise<void> {
  const { uid, resourceVersion } = record;
  try {
    await client.patch(secrets, refOf(record), { metadata: { uid, resourceVersion, ownerReferences: [] } }, { type: "merge", fieldManager: MANAGER, metadataOnly: true });
  } catch (error) {
    if (!isNotFound(error)) throw refusal(error, `Secret ${nameOf(record)}`);
  }
}
