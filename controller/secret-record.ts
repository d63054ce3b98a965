// What the cache keeps of a Secret: metadata alone. Who wrote its data, as the apiserver notes it, says whether
// our value still stands there; only when somebody else wrote is the Secret itself ever read.
import { decodeRecord, type Record } from "../core/record.ts";
import { GROUP, MANAGER } from "./kinds.ts";
import { identify, type KubeObject, type OwnerReference, type Stored } from "./runtime/index.ts";

export const RECORD_ANNOTATION = `${GROUP}/record`;
export const DELIVERY_ANNOTATION = `${GROUP}/delivery`;
export const MANAGED_LABEL = "app.kubernetes.io/managed-by";

/** How the data was written last: which keys, their fingerprint, and the look they were rendered in. */
export interface DeliveryNote {
  readonly look: string;
  readonly keys: readonly string[];
  /** sha256 over all keys and values. */
  readonly sha256: string;
}

export interface SecretRecord extends Stored {
  readonly owner: { readonly kind: string; readonly name: string; readonly uid: string } | null;
  readonly deleting: boolean;
  /** When this version came to us, monotonic milliseconds. */
  readonly receivedAt: number;
  /** The rest is null for Secrets that bear nothing of ours. */
  readonly ours: {
    readonly record: Record | null;
    readonly note: DeliveryNote | null;
    /** The keys of its data that our field manager alone owns; null: somebody else wrote data too. */
    readonly ownKeys: readonly string[] | null;
    readonly labels: { readonly [name: string]: string };
    readonly annotations: { readonly [name: string]: string };
  } | null;
}

interface ManagedFields {
  readonly manager?: string;
  readonly fieldsV1?: { readonly [field: string]: unknown };
}

export function projectSecret(object: KubeObject): SecretRecord {
  const meta = object.metadata ?? {};
  const annotations = meta.annotations ?? {};
  const source = annotations[RECORD_ANNOTATION];
  const owner = (meta.ownerReferences ?? []).find((reference) => reference.controller === true);
  const { [RECORD_ANNOTATION]: _, [DELIVERY_ANNOTATION]: noteText, ...rest } = annotations;
  const bears = source !== undefined || noteText !== undefined;
  return {
    ...identify(object),
    owner: owner ? reference(owner) : null,
    deleting: meta.deletionTimestamp !== undefined,
    receivedAt: performance.now(),
    ours: bears
      ? {
          record: source === undefined ? null : decodeRecord(source),
          note: noteText === undefined ? null : decodeNote(noteText),
          ownKeys: ownKeys((meta.managedFields ?? []) as ManagedFields[]),
          labels: meta.labels ?? {},
          annotations: rest,
        }
      : null,
  };
}

const reference = ({ kind, name, uid }: OwnerReference): { kind: string; name: string; uid: string } => ({ kind, name, uid });

function decodeNote(text: string): DeliveryNote | null {
  try {
    const value = JSON.parse(text) as Partial<DeliveryNote>;
    if (typeof value.look !== "string" || typeof value.sha256 !== "string" || !Array.isArray(value.keys)) return null;
    return { look: value.look, keys: value.keys.map(String), sha256: value.sha256 };
  } catch {
    return null;
  }
}

function ownKeys(managers: readonly ManagedFields[]): string[] | null {
  const ours: string[] = [];
  for (const { manager, fieldsV1 } of managers) {
    const data = fieldsV1?.["f:data"];
    if (typeof data !== "object" || data === null) continue;
    if (manager !== MANAGER) return null;
    for (const field of Object.keys(data)) if (field.startsWith("f:")) ours.push(field.slice(2));
  }
  return ours.sort();
}
