// What the cache keeps of a Secret: metadata alone. Who wrote its data, as the apiserver notes it, says whether
// our value still stands there; only when somebody else wrote is the Secret itself ever read.
import { formatInstant, parseInstant } from "../core/instant.ts";
import { decodeRecord, type Record } from "../core/record.ts";
import { GROUP, MANAGER } from "./kinds.ts";
import { identify, type KubeObject, type OwnerReference, type Stored } from "./runtime/index.ts";

export const RECORD_ANNOTATION = `${GROUP}/record`;
export const DELIVERY_ANNOTATION = `${GROUP}/delivery`;
/** On a Secret that another one took over from, because secret.name changed. */
export const LEFT_ANNOTATION = `${GROUP}/left`;
export const MANAGED_LABEL = "app.kubernetes.io/managed-by";

/** How the data was written last: which keys, their fingerprint, and the look they were rendered in. */
export interface DeliveryNote {
  readonly look: string;
  readonly keys: readonly string[];
  /** sha256 over all keys and values. */
  readonly sha256: string;
  /** When this Secret took over from one of another name, RFC 3339; left out: never. */
  readonly moved?: string;
}

/** Where the value went, and when, milliseconds since 1970. */
export interface Left {
  readonly to: string;
  readonly at: number;
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
    readonly left: Left | null;
    /** The keys of its data that our field manager alone owns: nobody else wrote them since. */
    readonly ownKeys: readonly string[];
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
  const { [RECORD_ANNOTATION]: _, [DELIVERY_ANNOTATION]: noteText, [LEFT_ANNOTATION]: leftText, ...rest } = annotations;
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
          left: leftText === undefined ? null : decodeLeft(leftText),
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
    return { look: value.look, keys: value.keys.map(String), sha256: value.sha256, ...(typeof value.moved === "string" ? { moved: value.moved } : {}) };
  } catch {
    return null;
  }
}

export const encodeLeft = ({ to, at }: Left): string => JSON.stringify({ to, at: formatInstant(at) });

/** One that cannot be read was left all the same. */
function decodeLeft(text: string): Left {
  try {
    const { to, at } = JSON.parse(text) as { to?: unknown; at?: unknown };
    return { to: typeof to === "string" ? to : "", at: parseInstant(typeof at === "string" ? at : "") ?? 0 };
  } catch {
    return { to: "", at: 0 };
  }
}

function ownKeys(managers: readonly ManagedFields[]): string[] {
  const ours = new Set<string>();
  const theirs = new Set<string>();
  for (const { manager, fieldsV1 } of managers) {
    const data = fieldsV1?.["f:data"];
    if (typeof data !== "object" || data === null) continue;
    for (const field of Object.keys(data)) if (field.startsWith("f:")) (manager === MANAGER ? ours : theirs).add(field.slice(2));
  }
  return [...ours].filter((key) => !theirs.has(key)).sort();
}

/** The name of a Secret by its key in the cache. */
export const nameOf = ({ key }: Pick<SecretRecord, "key">): string => key.slice(key.indexOf("/") + 1);
