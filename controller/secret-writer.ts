// One request that writes a Secret of ours, and the one that reads back the value that stands there.
import { LifecycleError } from "../core/error.ts";
import { encodeRecord, type Record } from "../core/record.ts";
import type { SecretValue } from "../core/secret-value.ts";
import { API_VERSION, MANAGER, type TokenObject } from "./kinds.ts";
import { fingerprint, lookOf } from "./rendering.ts";
import { secrets, type KubeObject, type RestClient } from "./runtime/index.ts";
import { DELIVERY_ANNOTATION, LEFT_ANNOTATION, MANAGED_LABEL, nameOf, RECORD_ANNOTATION, type SecretRecord } from "./secret-record.ts";
import { findValue } from "./standing-value.ts";

export interface SecretObject extends KubeObject {
  readonly type?: string;
  readonly data?: { readonly [key: string]: string };
}

interface Sending {
  readonly object: TokenObject;
  /** Under which one is created. */
  readonly name: string;
  readonly record: Record;
  /** Plain, by key; null: what stands there stays. */
  readonly data: ReadonlyMap<string, string> | null;
  /** The version that is written over; undefined: there is none. */
  readonly to: SecretRecord | undefined;
  readonly dryRun: boolean;
  /** When it took over from a Secret of another name, RFC 3339; null: it did not. */
  readonly moved: string | null;
}

export function sendSecret(client: RestClient, sending: Sending): Promise<KubeObject> {
  const { object, name, data, to, dryRun } = sending;
  const { namespace } = object;
  const { type } = object.spec.secret;
  const encoded = data === null ? null : new Map([...data].map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")]));
  const metadata = metadataOf(sending, encoded);
  const options = { fieldManager: MANAGER, dryRun, metadataOnly: true };
  if (!to) {
    const body = { apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name }, type, data: Object.fromEntries(encoded ?? []) };
    return wiped(body, (buffer) => client.create(secrets, { namespace }, buffer, options));
  }
  const body = {
    metadata: { ...metadata, uid: to.uid, resourceVersion: to.resourceVersion },
    // A type cannot be changed: sent along, one that was taken over and has another is refused and not overlooked.
    ...(encoded === null ? {} : { type, data: { ...stale(to, encoded), ...Object.fromEntries(encoded) } }),
  };
  return wiped(body, (buffer) => client.patch(secrets, { namespace, name: nameOf(to) }, buffer, { ...options, type: "merge" }));
}

/** Keys that we wrote before and that nothing asks for any more. */
function stale({ ours }: SecretRecord, encoded: ReadonlyMap<string, string>): { readonly [key: string]: null } {
  return Object.fromEntries((ours?.note?.keys ?? []).filter((key) => !encoded.has(key)).map((key) => [key, null]));
}

function metadataOf({ object, record, to, moved }: Sending, encoded: ReadonlyMap<string, string> | null): object {
  const { secret } = object.spec;
  // Written alone, the record leaves everything else as it stands there.
  const whole = encoded !== null || !to;
  const note = encoded === null ? (to?.ours?.note ?? null) : { look: lookOf(secret), keys: [...encoded.keys()], sha256: fingerprint(encoded), ...(moved === null ? {} : { moved }) };
  return {
    annotations: {
      ...(whole ? secret.annotations : {}),
      [RECORD_ANNOTATION]: encodeRecord(record),
      ...(note ? { [DELIVERY_ANNOTATION]: JSON.stringify(note) } : {}),
      ...(to?.ours?.left && encoded ? { [LEFT_ANNOTATION]: null } : {}),
    },
    labels: { ...(whole ? secret.labels : {}), [MANAGED_LABEL]: MANAGER },
    ownerReferences: [ownerReference(object)],
  };
}

function ownerReference({ kind, name, uid }: TokenObject): object {
  return { apiVersion: API_VERSION, kind, name, uid, controller: true };
}

interface Standing {
  /** null: none of that fingerprint stands there in a form that can be read back. */
  readonly value: SecretValue | null;
  readonly resourceVersion: string | undefined;
}

/** The plain value of a fingerprint (sha256, hex) that stands in a Secret. */
export async function readValue(client: RestClient, ref: { readonly namespace: string; readonly name: string }, sha256: string | null): Promise<Standing> {
  const { data = {}, metadata } = await client.get<SecretObject>(secrets, ref);
  return { value: findValue(data, sha256), resourceVersion: metadata?.resourceVersion };
}

/** The recorded value, in the very version that was looked at. */
export async function readStanding(client: RestClient, ref: { readonly namespace: string; readonly name: string }, { current, revisions }: Record, seen: SecretRecord | undefined): Promise<SecretValue> {
  const { value, resourceVersion } = await readValue(client, ref, revisions.find(({ number }) => number === current)?.sha256 ?? null);
  if (resourceVersion !== seen?.resourceVersion) throw new LifecycleError("conflict", "OVERTAKEN", `Secret ${ref.name} was changed by somebody else.`);
  if (value) return value;
  const message = "The Secret holds the token only in a form that it cannot be read back from, so it cannot be written in another one: ask for a rotation, or change the template back.";
  throw new LifecycleError("invalid", "NOT_RENDERABLE", message);
}

/** Sends a body and wipes the buffer it went out in. */
async function wiped<T>(body: object, send: (buffer: Buffer) => Promise<T>): Promise<T> {
  const buffer = Buffer.from(JSON.stringify(body), "utf8");
  try {
    return await send(buffer);
  } finally {
    buffer.fill(0);
  }
}
