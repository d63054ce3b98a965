// A Secret on its way from one owner of its token to another: value and record, and an object of nobody's. The mark in
// the record says whose the token is; as long as that is not an object's, no operator takes it, and as long as a record
// is there, none takes the token for forgotten. Each write is one request, conditional on what was seen.
import { encodeRecord, type Record } from "../core/record.ts";
import type { SecretValue } from "../core/secret-value.ts";
import { GROUP, MANAGER } from "./kinds.ts";
import { isNotFound, secrets, type RestClient } from "./runtime/index.ts";
import { DELIVERY_ANNOTATION, MANAGED_LABEL, projectSecret, RECORD_ANNOTATION } from "./secret-record.ts";
import type { SecretObject } from "./secret-writer.ts";
import { findValue } from "./standing-value.ts";

const HANDOVER_ANNOTATION = `${GROUP}/handover`;

/** What the next step has to know once the former owner has forgotten it. */
export interface Itinerary {
  /** The Pulumi resource, and the mark that it has or gets. */
  readonly urn: string;
  readonly mark: string;
  /** The object's spec, as it was or is to be. */
  readonly spec: object;
}

export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

export interface HandedSecret {
  readonly uid: string;
  readonly resourceVersion: string;
  /** The uid of the object that owns it; null: none does. */
  readonly owner: string | null;
  readonly record: Record | null;
  /** The recorded value; null: it does not stand there in a form that can be read back. */
  readonly value: SecretValue | null;
  /** null: it is on no way. */
  readonly itinerary: Itinerary | null;
}

export const currentOf = ({ current, revisions }: Record): Record["revisions"][number] | undefined => revisions.find(({ number }) => number === current);

export async function readHanded(client: RestClient, place: SecretPlace): Promise<HandedSecret | null> {
  let object: SecretObject;
  try {
    object = await client.get<SecretObject>(secrets, place);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
  const { uid, resourceVersion, owner, ours } = projectSecret(object);
  const record = ours?.record ?? null;
  const value = record ? findValue(object.data ?? {}, currentOf(record)?.sha256 ?? null) : null;
  return { uid, resourceVersion, owner: owner?.uid ?? null, record, value, itinerary: itineraryIn(object.metadata?.annotations?.[HANDOVER_ANNOTATION]) };
}

function itineraryIn(text: string | undefined): Itinerary | null {
  try {
    const { urn, mark, spec } = JSON.parse(text ?? "null") as Partial<Itinerary>;
    return typeof urn === "string" && typeof mark === "string" && typeof spec === "object" && spec !== null ? { urn, mark, spec } : null;
  } catch {
    return null;
  }
}

interface Load {
  readonly record: Record;
  readonly value: SecretValue;
  readonly itinerary: Itinerary;
}

const annotations = (record: Record, itinerary: Itinerary | null): object => ({
  [RECORD_ANNOTATION]: encodeRecord(record),
  [HANDOVER_ANNOTATION]: itinerary === null ? null : JSON.stringify(itinerary),
});

const dataOf = (value: SecretValue): object => ({ token: Buffer.from(value.reveal(), "utf8").toString("base64") });

/** Fails where a Secret of that name exists. */
export async function createHanded(client: RestClient, { namespace, name }: SecretPlace, { record, value, itinerary }: Load): Promise<void> {
  const metadata = { name, labels: { [MANAGED_LABEL]: MANAGER }, annotations: annotations(record, itinerary) };
  await client.create(secrets, { namespace }, { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data: dataOf(value) }, { fieldManager: MANAGER, metadataOnly: true });
}

/** Another record, and with it another owner; the value only where it is another one. */
export async function rewriteHanded(client: RestClient, place: SecretPlace, seen: HandedSecret, load: { readonly record: Record; readonly itinerary: Itinerary | null; readonly value?: SecretValue }): Promise<void> {
  const { record, itinerary, value } = load;
  const metadata = {
    uid: seen.uid,
    resourceVersion: seen.resourceVersion,
    // How it was written is said by whoever writes it next.
    annotations: { ...annotations(record, itinerary), ...(value ? { [DELIVERY_ANNOTATION]: null } : {}) },
  };
  await client.patch(secrets, place, { metadata, ...(value ? { data: dataOf(value) } : {}) }, { type: "merge", fieldManager: MANAGER, metadataOnly: true });
}

/** It has arrived. Whatever else was written meanwhile stays. */
export async function arrive(client: RestClient, place: SecretPlace, uid: string): Promise<void> {
  await client.patch(secrets, place, { metadata: { uid, annotations: { [HANDOVER_ANNOTATION]: null } } }, { type: "merge", fieldManager: MANAGER, metadataOnly: true });
}

/** The name of the Secret that a handover of this resource, or of an object of this name, left in the namespace. */
export async function findHanded(client: RestClient, namespace: string, is: (itinerary: Itinerary) => boolean): Promise<string | null> {
  const { items } = await client.list(secrets, { namespace }, { labelSelector: `${MANAGED_LABEL}=${MANAGER}`, metadataOnly: true });
  const found = items.find(({ metadata }) => {
    const itinerary = itineraryIn(metadata?.annotations?.[HANDOVER_ANNOTATION]);
    return itinerary !== null && is(itinerary);
  });
  return found?.metadata?.name ?? null;
}
