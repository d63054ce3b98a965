// The delivered copy as a Kubernetes Secret: one write holds value and record. The first one creates and never
// takes over; each later one is conditional on the version that was looked at. Where secret.name changed, the value
// moves: the old Secret is marked as left, the new one written, and the old one removed once its overlap is over.
// Decides nothing about tokens.
import type { Copy } from "../core/observed.ts";
import type { Record } from "../core/record.ts";
import type { SecretValue } from "../core/secret-value.ts";
import type { Target, Writing } from "../tokenapi/target.ts";
import { addFinalizer, removeFinalizer } from "./finalizer.ts";
import type { TokenObject } from "./kinds.ts";
import { render, STAND_IN, type Words } from "./rendering.ts";
import { refusal } from "./refusal.ts";
import { isNotFound, secrets, type KubeObject, type RestClient, type Store } from "./runtime/index.ts";
import { compare, foreignness, looksLike, valueOf, type Judged, type ReadMemory } from "./secret-judgement.ts";
import { placesOf, type Places } from "./secret-places.ts";
import { disownSecret, leaveSecret, removeSecret } from "./secret-leaving.ts";
import { nameOf, projectSecret, type SecretRecord } from "./secret-record.ts";
import { secretRefusal } from "./secret-refusal.ts";
import { readStanding, readValue, sendSecret, type SecretObject } from "./secret-writer.ts";
import { formOf, type WriteTrust } from "./write-trust.ts";

export interface Cluster {
  readonly client: RestClient;
  readonly tokens: Store<TokenObject>;
  readonly secrets: Store<SecretRecord>;
}

interface TargetOptions {
  readonly cluster: Cluster;
  readonly object: TokenObject;
  readonly mark: string;
  readonly predecessor: string | null;
  readonly url: string;
  readonly user: string;
  readonly reads: Map<string, ReadMemory>;
  readonly trust: WriteTrust;
  /** Why the Secret is to be another object's; null: it is not. */
  readonly claimed: () => string | null;
  readonly monotonic: () => number;
}

export const homeOf = ({ secrets: store }: Cluster, object: TokenObject): SecretRecord | undefined => store.get(`${object.namespace}/${secretNameOf(object)}`);

/** Whether a value stands there, or stood anywhere when it was said last. */
export const isDelivered = (cluster: Cluster, object: TokenObject): boolean => (object.status?.token ?? homeOf(cluster, object)?.ours?.record?.current ?? null) !== null;

export const secretNameOf = ({ name, spec }: TokenObject): string => spec.secret.name ?? name;

export class SecretTarget implements Target {
  readonly #cluster: Cluster;
  readonly #object: TokenObject;
  readonly #mark: string;
  readonly #url: string;
  readonly #user: string;
  readonly #reads: Map<string, ReadMemory>;
  readonly #monotonic: () => number;
  readonly #name: string;
  readonly #trust: WriteTrust;
  readonly #judged: Judged;
  readonly #claimed: () => string | null;
  #places: Places;
  #copy: Copy;

  constructor(options: TargetOptions) {
    const { cluster, object, mark, predecessor } = options;
    this.#cluster = cluster;
    this.#object = object;
    this.#mark = mark;
    this.#url = options.url;
    this.#user = options.user;
    this.#reads = options.reads;
    this.#trust = options.trust;
    this.#monotonic = options.monotonic;
    this.#judged = { object, mark, predecessor };
    this.#claimed = options.claimed;
    this.#name = secretNameOf(object);
    // The cache may lag by what the watch has not brought yet: a look that has to be sure reads the Secret.
    this.#places = this.#sort(homeOf(cluster, object));
    this.#copy = this.#judge(0);
  }

  /** Changes with whatever may let a write through that was refused before. */
  get version(): string {
    const { home, source } = this.#places;
    return `${this.#object.generation} ${home?.resourceVersion ?? "none"} ${source?.resourceVersion ?? "none"} ${this.#claimed() ?? ""}`;
  }

  known(): Copy {
    return this.#copy;
  }

  async read(): Promise<Copy> {
    const readAt = this.#monotonic();
    const home = await this.#look(this.#name);
    this.#places = this.#sort(home);
    const { source } = this.#places;
    if (source && source !== home) {
      const moving = await this.#look(nameOf(source));
      this.#places = this.#sort(home, moving ?? nameOf(source));
    }
    this.#copy = this.#judge(readAt);
    return this.#copy;
  }

  /** Reads one Secret whole, and remembers what was seen of its value. */
  async #look(name: string): Promise<SecretRecord | undefined> {
    try {
      const object = await this.#cluster.client.get<SecretObject>(secrets, this.#ref(name));
      const record = projectSecret(object);
      if (foreignness(record, this.#judged) === null && record.ours?.record?.mark === this.#mark) this.#reads.set(this.#object.key, compare(object.data ?? {}, record, this.#judged));
      return record;
    } catch (error) {
      if (!isNotFound(error)) throw refusal(error, `Secret ${name}`);
      return undefined;
    }
  }

  #sort(home: SecretRecord | undefined, fresh?: SecretRecord | string): Places {
    const owned = this.#cluster.secrets.byIndex("owner", this.#object.uid);
    const gone = typeof fresh === "string" ? fresh : null;
    const all = owned.filter((record) => nameOf(record) !== gone).map((record) => (typeof fresh === "object" && record.key === fresh.key ? fresh : record));
    return placesOf({ name: this.#name, mark: this.#mark, home, isForeign: (record) => foreignness(record, this.#judged) !== null, owned: all });
  }

  async value(sha256: string): Promise<SecretValue | null> {
    const { source } = this.#places;
    const name = source ? nameOf(source) : this.#name;
    try {
      return (await readValue(this.#cluster.client, this.#ref(name), sha256)).value;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw refusal(error, `Secret ${name}`);
    }
  }

  hold(): Promise<void> {
    return addFinalizer(this.#cluster, this.#object);
  }

  release(): Promise<void> {
    return removeFinalizer(this.#cluster, this.#object);
  }

  async probe(): Promise<true | string> {
    const claim = this.#claimed();
    // One that stands there is whose it is, whoever is older.
    if (claim !== null && !this.#places.home) return claim;
    const record: Record = this.#copy.record ?? { mark: this.#mark, issuer: { url: this.#url, userId: 0 }, current: null, fence: 0, revisions: [] };
    const { home } = this.#places;
    try {
      const data = render(this.#object.spec.secret.template, this.#words(record, STAND_IN));
      await this.#send(record, data, { to: home, dryRun: true, moved: null });
      return true;
    } catch (error) {
      const refused = secretRefusal(error, this.#name);
      // Somebody writing at the same time says nothing about whether we may.
      if (!["denied", "invalid"].includes(refused.kind)) throw refused;
      this.#trust.refused(this.#object.namespace);
      return refused.message;
    }
  }

  async write(writing: Writing): Promise<Copy> {
    const { home, source } = this.#places;
    const moves = writing.value !== "keep" && source !== undefined && source !== home;
    const to = writing.value === "keep" ? source : home;
    const name = to ? nameOf(to) : this.#name;
    try {
      const data = await this.#data(writing, source);
      // Before the new one is written: who looked at the old one as the place of delivery has to look again.
      if (moves) await this.#leave(source);
      const moved = moves ? new Date().toISOString() : (to?.ours?.note?.moved ?? null);
      const written = projectSecret(await this.#send(writing.record, data, { to, dryRun: false, moved }));
      this.#cluster.secrets.observeWrite(written);
      if (!to) this.#trust.created(this.#object.namespace, formOf(this.#object.spec.secret));
      this.#places = name === this.#name ? this.#sort(written) : this.#sort(home, written);
    } catch (error) {
      const refused = secretRefusal(error, name);
      if (refused.kind === "denied" || refused.kind === "invalid") this.#trust.refused(this.#object.namespace);
      throw refused;
    }
    this.#reads.delete(this.#object.key);
    this.#copy = this.#judge(this.#monotonic());
    return this.#copy;
  }

  async #leave(source: SecretRecord): Promise<void> {
    if (source.ours?.left?.to !== this.#name) this.#cluster.secrets.observeWrite(await leaveSecret(this.#cluster.client, source, this.#name));
  }

  /** Removes what was left when secret.name changed, once `overlap` is over; answers when that will be, null: nothing was left. */
  async tidy(overlap: number, guard: () => void): Promise<number | null> {
    const { home, source, others } = this.#places;
    if (others.length === 0 || source !== home || this.#copy.place !== "ours" || this.#copy.value !== "intact") return null;
    const now = Date.now();
    const moved = Date.parse(home?.ours?.note?.moved ?? "") || now;
    let next: number | null = null;
    for (const other of others) {
      const due = Math.max(moved, other.ours?.left?.at ?? 0) + overlap;
      if (due > now) {
        next = Math.min(next ?? due, due);
        continue;
      }
      guard();
      await removeSecret(this.#cluster.client, other);
    }
    return next;
  }

  async remove(): Promise<Copy> {
    const { home, source, others } = this.#places;
    const ours = [home, source, ...others].filter((record) => record !== undefined && foreignness(record, this.#judged) === null);
    for (const record of new Set(ours)) if (record) await removeSecret(this.#cluster.client, record);
    this.#places = { home: undefined, source: undefined, others: [] };
    this.#copy = this.#judge(this.#monotonic());
    return this.#copy;
  }

  async disown(): Promise<void> {
    const { source } = this.#places;
    if (!source) return;
    await disownSecret(this.#cluster.client, source);
    this.#copy = { ...this.#copy, place: "none", record: null };
  }

  #ref(name: string): { namespace: string; name: string } {
    return { namespace: this.#object.namespace, name };
  }

  #send(record: Record, data: Map<string, string> | null, how: { to: SecretRecord | undefined; dryRun: boolean; moved: string | null }): Promise<KubeObject> {
    return sendSecret(this.#cluster.client, { object: this.#object, name: this.#name, record, data, ...how });
  }

  #words(record: Record, token: SecretValue): Words {
    const entry = record.revisions.find(({ number }) => number === record.current);
    // The url at which the value is good: during a move that may be the former issuer's.
    const { url } = (entry?.former ? record.former : undefined) ?? record.issuer;
    return { token, url: url === "" ? this.#url : url, name: entry?.name ?? "", expires: entry?.expires ?? null, user: this.#user };
  }

  /** The data to be written; null: it stays as it is. */
  async #data({ record, value }: Writing, source: SecretRecord | undefined): Promise<Map<string, string> | null> {
    if (value === "keep") return null;
    const token = value === "again" ? await readStanding(this.#cluster.client, this.#ref(source ? nameOf(source) : this.#name), record, source) : value;
    return render(this.#object.spec.secret.template, this.#words(record, token));
  }

  #judge(readAt: number): Copy {
    const { home, source } = this.#places;
    const base = { readAt, doneAt: source?.receivedAt ?? this.#monotonic(), record: null, look: null, writable: null, exclusive: false } as const;
    if (!source) return { ...base, place: "none", value: "missing", writable: this.#claimed() === null && this.#trust.trusts(this.#object.namespace, formOf(this.#object.spec.secret)) ? true : null };
    const foreign = foreignness(source, this.#judged);
    if (foreign !== null) return { ...base, place: "foreign", foreign, value: "missing" };
    const read = this.#reads.get(this.#object.key);
    const look = source === home ? looksLike(source, read, this.#judged) : "elsewhere";
    return { ...base, place: "ours", record: source.ours?.record ?? null, value: valueOf(source, read), look };
  }
}
