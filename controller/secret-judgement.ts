// What a Secret is to one token object: ours or somebody's, whether the recorded value stands in it, and how it looks.
// Pure: from the metadata in the cache, and what the last read of this very version said.
import { createHash } from "node:crypto";
import type { Copy } from "../core/observed.ts";
import { MANAGER, type TokenObject } from "./kinds.ts";
import { fingerprint, render, STAND_IN } from "./rendering.ts";
import { MANAGED_LABEL, nameOf, type SecretRecord } from "./secret-record.ts";
import { findValue } from "./standing-value.ts";

/** What a read of one version said, so that it is read once. */
export interface ReadMemory {
  readonly resourceVersion: string;
  readonly value: "intact" | "changed" | "missing";
  /** The value stands there, and something else of the data is not as it was written. */
  readonly drifted: boolean;
}

export interface Judged {
  readonly object: TokenObject;
  readonly mark: string;
  /** The uid of an earlier object of this name, of which nothing is left but its Secret; null: there is none. */
  readonly predecessor: string | null;
}

/** Why a Secret is not ours to write; null: it is. */
export function foreignness(record: SecretRecord, { object, mark, predecessor }: Judged): string | null {
  const { owner, ours, deleting } = record;
  const name = nameOf(record);
  const inherited = owner?.uid === predecessor && ours?.record?.mark === mark;
  if (owner?.uid === object.uid || inherited) return deleting ? `The Secret ${name} is being deleted.` : null;
  if (owner) return `The Secret ${name} belongs to the ${owner.kind} ${owner.name}: set secret.name to another name.`;
  if (ours?.record?.mark === mark) return null;
  // What was to be taken over, and was not yet, is still somebody else's when the object goes.
  if (object.spec.secret.adopt && !object.deleting) return null;
  return `A Secret ${name} exists and is not ours: set secret.name to another name, or secret.adopt: true to take it over.`;
}

/** Whether the recorded value stands there; unread: metadata alone cannot tell. */
export function valueOf({ ours, resourceVersion }: SecretRecord, read: ReadMemory | undefined): Copy["value"] {
  if (ours?.record?.current === null || !ours?.record) return "missing";
  if (read?.resourceVersion === resourceVersion) return read.value;
  const { note, ownKeys } = ours;
  return note?.keys.every((key) => ownKeys.includes(key)) ? "intact" : "unread";
}

/** How it looks, to be compared with lookOf(). */
export function looksLike({ owner, ours, resourceVersion }: SecretRecord, read: ReadMemory | undefined, { object }: Judged): string | null {
  if (!ours?.note) return null;
  // Of one that was orphaned, or inherited, the owner is to be written.
  if (owner?.uid !== object.uid) return "drifted";
  if (read?.resourceVersion === resourceVersion && read.drifted) return "drifted";
  const { labels = {}, annotations = {} } = object.spec.secret;
  const holds = (wanted: { readonly [name: string]: string }, there: { readonly [name: string]: string }): boolean =>
    Object.entries(wanted).every(([name, value]) => there[name] === value);
  return holds({ ...labels, [MANAGED_LABEL]: MANAGER }, ours.labels) && holds(annotations, ours.annotations) ? ours.note.look : "drifted";
}

/** Compares the data that was read with what is recorded of it. */
export function compare(data: { readonly [key: string]: string }, { ours, resourceVersion }: SecretRecord, { object }: Judged): ReadMemory {
  const { note = null, record = null } = ours ?? {};
  const sha256 = record?.revisions.find(({ number }) => number === record.current)?.sha256 ?? null;
  const written = new Map(Object.entries(data).filter(([key]) => note?.keys.includes(key)));
  const untouched = note !== null && written.size === note.keys.length && fingerprint(written) === note.sha256;
  // The note could have been edited together with the data: where the value can be found, it has to be found.
  const there = findValue(data, sha256) !== null || (untouched && !isFindable(object.spec.secret.template));
  const value = there ? "intact" : Object.keys(data).length === 0 ? "missing" : "changed";
  return { resourceVersion, value, drifted: there && !untouched };
}

const words = { token: STAND_IN, url: "", name: "", expires: null, user: "" };

/** Whether a value written by this template could be found again. */
function isFindable(template: { readonly [key: string]: string }): boolean {
  try {
    const data = [...render(template, words)].map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")] as const);
    return findValue(Object.fromEntries(data), createHash("sha256").update(STAND_IN.reveal()).digest("hex")) !== null;
  } catch {
    return true;
  }
}
