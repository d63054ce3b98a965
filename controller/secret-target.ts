// The delivered copy as a Kubernetes Secret: one write holds value and record. The first one creates and never
// takes over; each later one is conditional on the version that was looked at. Decides nothing about tokens.
import { createHash } from "node:crypto";
import { LifecycleError } from "../core/error.ts";
import type { Copy } from "../core/observed.ts";
import { encodeRecord, type Record } from "../core/record.ts";
import { SecretValue } from "../core/secret-value.ts";
import type { Target, Writing } from "../tokenapi/target.ts";
import { API_VERSION, FINALIZER, MANAGER, projectToken, tokenResources, type TokenObject } from "./kinds.ts";
import { fingerprint, lookOf, render } from "./rendering.ts";
import { refusal } from "./refusal.ts";
import { isNotFound, secrets, type KubeObject, type RestClient, type Store } from "./runtime/index.ts";
import { DELIVERY_ANNOTATION, MANAGED_LABEL, projectSecret, RECORD_ANNOTATION, type SecretRecord } from "./secret-record.ts";

export interface Cluster {
  readonly client: RestClient;
  readonly tokens: Store<TokenObject>;
  readonly secrets: Store<SecretRecord>;
}

/** What is remembered of reads of one Secret, so that an unchanged version is read once. */
export interface ReadMemory {
  resourceVersion: string;
  intact: boolean;
}

interface SecretObject extends KubeObject {
  readonly type?: string;
  readonly data?: { readonly [key: string]: string };
}

export class SecretTarget implements Target {
  readonly #cluster: Cluster;
  readonly #object: TokenObject;
  readonly #mark: string;
  readonly #url: string;
  readonly #user: string;
  readonly #reads: Map<string, ReadMemory>;
  readonly #monotonic: () => number;
  readonly #name: string;
  #record: SecretRecord | undefined;
  #copy: Copy;

  constructor(options: { cluster: Cluster; object: TokenObject; mark: string; url: string; user: string; reads: Map<string, ReadMemory>; monotonic: () => number }) {
    this.#cluster = options.cluster;
    this.#object = options.object;
    this.#mark = options.mark;
    this.#url = options.url;
    this.#user = options.user;
    this.#reads = options.reads;
    this.#monotonic = options.monotonic;
    this.#name = options.object.spec.secret.name ?? options.object.name;
    this.#record = this.#cluster.secrets.get(`${options.object.namespace}/${this.#name}`);
    // The cache may lag by what the watch has not brought yet: a look that has to be sure reads the Secret.
    this.#copy = this.#judge(this.#record, 0);
  }

  known(): Copy {
    return this.#copy;
  }

  async read(): Promise<Copy> {
    const readAt = this.#monotonic();
    try {
      const object = await this.#cluster.client.get<SecretObject>(secrets, this.#ref());
      this.#record = projectSecret(object);
      this.#remember(object, this.#record);
    } catch (error) {
      if (!isNotFound(error)) throw refusal(error, `Secret ${this.#name}`);
      this.#record = undefined;
    }
    this.#copy = this.#judge(this.#record, readAt);
    return this.#copy;
  }

  async value(sha256: string): Promise<SecretValue | null> {
    try {
      return await this.#standing(sha256);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw refusal(error, `Secret ${this.#name}`);
    }
  }

  async hold(): Promise<void> {
    await this.#finalizers([...this.#object.finalizers, FINALIZER]);
  }

  async release(): Promise<void> {
    const latest = this.#cluster.tokens.get(this.#object.key) ?? this.#object;
    if (latest.uid !== this.#object.uid || !latest.finalizers.includes(FINALIZER)) return;
    await this.#finalizers(latest.finalizers.filter((name) => name !== FINALIZER));
  }

  async #finalizers(finalizers: readonly string[]): Promise<void> {
    const latest = this.#cluster.tokens.get(this.#object.key) ?? this.#object;
    const { kind, namespace, name, uid } = this.#object;
    const body = { metadata: { uid, resourceVersion: latest.resourceVersion, finalizers } };
    try {
      const written = await this.#cluster.client.patch(tokenResources[kind], { namespace, name }, body, { type: "merge", fieldManager: MANAGER });
      if (written.metadata?.deletionTimestamp === undefined || (written.metadata.finalizers ?? []).length > 0) this.#cluster.tokens.observeWrite(projectToken(kind)(written));
    } catch (error) {
      if (isNotFound(error)) return;
      throw refusal(error, `${kind} ${name}`);
    }
  }

  async probe(): Promise<true | string> {
    const record: Record = this.#copy.record ?? { mark: this.#mark, issuer: { url: this.#url, userId: 0 }, current: null, fence: 0, revisions: [] };
    try {
      await this.#send(record, new Map(Object.keys(this.#object.spec.secret.template).map((key) => [key, "probe"])), true);
      return true;
    } catch (error) {
      const refused = refusal(error, `Secret ${this.#name}`);
      // Somebody writing at the same time says nothing about whether we may.
      if (!["denied", "invalid"].includes(refused.kind)) throw refused;
      return refused.message;
    }
  }

  async write(writing: Writing): Promise<Copy> {
    try {
      const data = await this.#data(writing);
      const written = await this.#send(writing.record, data, false);
      this.#record = projectSecret(written);
      this.#cluster.secrets.observeWrite(this.#record);
    } catch (error) {
      throw refusal(error, `Secret ${this.#name}`);
    }
    this.#reads.delete(this.#object.key);
    this.#copy = this.#judge(this.#record, this.#monotonic());
    return this.#copy;
  }

  async remove(): Promise<Copy> {
    if (this.#record) {
      try {
        await this.#cluster.client.delete(secrets, this.#ref(), { uid: this.#record.uid });
      } catch (error) {
        if (!isNotFound(error)) throw refusal(error, `Secret ${this.#name}`);
      }
    }
    this.#record = undefined;
    this.#copy = this.#judge(undefined, this.#monotonic());
    return this.#copy;
  }

  async disown(): Promise<void> {
    if (!this.#record) return;
    const { uid, resourceVersion } = this.#record;
    const body = { metadata: { uid, resourceVersion, ownerReferences: [] } };
    try {
      await this.#cluster.client.patch(secrets, this.#ref(), body, { type: "merge", fieldManager: MANAGER, metadataOnly: true });
    } catch (error) {
      if (!isNotFound(error)) throw refusal(error, `Secret ${this.#name}`);
    }
    this.#copy = { ...this.#copy, place: "none", record: null };
  }

  #ref(): { namespace: string; name: string } {
    return { namespace: this.#object.namespace, name: this.#name };
  }

  /** The data to be written; null: it stays as it is. */
  async #data({ record, value }: Writing): Promise<Map<string, string> | null> {
    if (value === "keep") return null;
    const entry = record.revisions.find(({ number }) => number === record.current);
    const words = { url: this.#url, name: entry?.name ?? "", expires: entry?.expires ?? null, user: this.#user };
    const token = value === "again" ? await this.#standing(entry?.sha256 ?? null) : value;
    if (!token) throw new LifecycleError("invalid", "NOT_RENDERABLE", "The Secret holds the token only inside other text, so it cannot be written in another form: ask for a rotation, or change the template back.");
    return render(this.#object.spec.secret.template, { ...words, token });
  }

  /** The value that stands in the Secret plainly, found by its recorded fingerprint; null: none does. */
  async #standing(sha256: string | null): Promise<SecretValue | null> {
    const object = await this.#cluster.client.get<SecretObject>(secrets, this.#ref());
    this.#record = projectSecret(object);
    for (const encoded of Object.values(object.data ?? {})) {
      const value = Buffer.from(encoded, "base64").toString("utf8");
      if (createHash("sha256").update(value).digest("hex") === sha256) return new SecretValue(value);
    }
    return null;
  }

  async #send(record: Record, data: Map<string, string> | null, dryRun: boolean): Promise<SecretObject> {
    const { client } = this.#cluster;
    const { spec } = this.#object;
    const encoded = data === null ? null : new Map([...data].map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")]));
    const existing = this.#record;
    const note = encoded === null ? (existing?.ours?.note ?? null) : { look: lookOf(spec.secret), keys: [...encoded.keys()], sha256: fingerprint(encoded) };
    const metadata = {
      annotations: {
        ...(encoded || !existing ? spec.secret.annotations : {}),
        [RECORD_ANNOTATION]: encodeRecord(record),
        ...(note ? { [DELIVERY_ANNOTATION]: JSON.stringify(note) } : {}),
      },
      labels: { ...(encoded || !existing ? spec.secret.labels : {}), [MANAGED_LABEL]: MANAGER },
      ownerReferences: [this.#owner()],
    };
    const options = { fieldManager: MANAGER, dryRun, metadataOnly: true };
    if (!existing) {
      const body = { apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name: this.#name }, type: spec.secret.type, data: Object.fromEntries(encoded ?? []) };
      return wiped(body, (buffer) => client.create<SecretObject>(secrets, { namespace: this.#object.namespace }, buffer, options));
    }
    const stale = encoded === null ? [] : (existing.ours?.note?.keys ?? []).filter((key) => !encoded.has(key));
    const body = {
      metadata: { ...metadata, uid: existing.uid, resourceVersion: existing.resourceVersion },
      ...(encoded === null ? {} : { data: { ...Object.fromEntries(encoded), ...Object.fromEntries(stale.map((key) => [key, null])) } }),
    };
    return wiped(body, (buffer) => client.patch<SecretObject>(secrets, this.#ref(), buffer, { ...options, type: "merge" }));
  }

  #owner(): object {
    return { apiVersion: API_VERSION, kind: this.#object.kind, name: this.#object.name, uid: this.#object.uid, controller: true };
  }

  #judge(record: SecretRecord | undefined, readAt: number): Copy {
    const base = { readAt, doneAt: record?.receivedAt ?? this.#monotonic(), record: null, look: null, writable: null, exclusive: false } as const;
    if (!record) return { ...base, place: "none", value: "missing" };
    const foreign = this.#foreign(record);
    if (foreign !== null) return { ...base, place: "foreign", foreign, value: "missing" };
    const known = record.ours?.record ?? null;
    return { ...base, place: "ours", record: known, value: known === null || known.current === null ? "missing" : this.#value(record), look: this.#look(record) };
  }

  #foreign({ owner, ours, deleting }: SecretRecord): string | null {
    const { uid, spec } = this.#object;
    if (owner?.uid === uid) return deleting ? `The Secret ${this.#name} is being deleted.` : null;
    if (owner) return `The Secret ${this.#name} belongs to the ${owner.kind} ${owner.name}: set secret.name to another name.`;
    if (ours?.record?.mark === this.#mark) return null;
    // What was to be taken over, and was not yet, is still somebody else's when the object goes.
    if (spec.secret.adopt && !this.#object.deleting) return null;
    return `A Secret ${this.#name} exists and is not ours: set secret.name to another name, or secret.adopt: true to take it over.`;
  }

  #value({ ours, resourceVersion }: SecretRecord): Copy["value"] {
    const read = this.#reads.get(this.#object.key);
    if (read?.resourceVersion === resourceVersion) return read.intact ? "intact" : "changed";
    const note = ours?.note;
    if (!note || !ours.ownKeys) return "unread";
    return note.keys.every((key) => ours.ownKeys?.includes(key)) ? "intact" : "unread";
  }

  #look({ ours }: SecretRecord): string | null {
    if (!ours?.note) return null;
    const { labels = {}, annotations = {} } = this.#object.spec.secret;
    const holds = (wanted: { readonly [name: string]: string }, there: { readonly [name: string]: string }): boolean =>
      Object.entries(wanted).every(([name, value]) => there[name] === value);
    return holds({ ...labels, [MANAGED_LABEL]: MANAGER }, ours.labels) && holds(annotations, ours.annotations) ? ours.note.look : "drifted";
  }

  #remember(object: SecretObject, { ours, resourceVersion }: SecretRecord): void {
    const note = ours?.note;
    const data = new Map(Object.entries(object.data ?? {}).filter(([key]) => note?.keys.includes(key)));
    const intact = note !== null && note !== undefined && data.size === note.keys.length && fingerprint(data) === note.sha256 && this.#holdsRecorded(data, ours?.record ?? null);
    this.#reads.set(this.#object.key, { resourceVersion, intact });
  }

  /** The note could have been edited together with the data; the record is compared where the token stands alone. */
  #holdsRecorded(data: ReadonlyMap<string, string>, record: Record | null): boolean {
    const sha256 = record?.revisions.find(({ number }) => number === record.current)?.sha256;
    const { template } = this.#object.spec.secret;
    return [...data].every(([key, encoded]) => {
      if (!/^\{\{-?\s*\.token\s*-?\}\}$/.test(template[key] ?? "")) return true;
      return createHash("sha256").update(Buffer.from(encoded, "base64")).digest("hex") === sha256;
    });
  }
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
