// The storage half of the fake apiserver: objects with versions, and a history that
// watches are served from. Decides what the true state is, which tests compare with.
import type { KubeObject } from "../../controller/runtime/index.ts";

export interface HistoryEvent {
  version: number;
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: KubeObject;
}

export type Listener = (event: HistoryEvent) => void;

export const keyOf = (object: KubeObject): string => [object.metadata?.namespace, object.metadata?.name].filter((part) => part !== undefined).join("/");

/** One counter for all collections, like etcd's revision. */
export class Revision {
  value = 100;
}

export class FakeCollection {
  readonly objects = new Map<string, KubeObject>();
  readonly listeners = new Set<Listener>();
  readonly #revision: Revision;
  #history: HistoryEvent[] = [];
  /** What the collection was after each change, for `rewind`. */
  #states: { version: number; objects: Map<string, KubeObject> }[] = [];
  /** The last version that a watch can no longer start from. */
  compactedTo = 0;
  #uids = 0;

  constructor(revision: Revision) {
    this.#revision = revision;
  }

  /** Creates or changes an object behind the API's back. */
  put(object: KubeObject): KubeObject {
    const key = keyOf(object);
    const before = this.objects.get(key);
    this.#revision.value += 1;
    const metadata = { ...object.metadata, uid: before?.metadata?.uid ?? `uid-${(this.#uids += 1)}`, resourceVersion: String(this.#revision.value) };
    const stored: KubeObject = { ...object, metadata };
    this.objects.set(key, stored);
    this.#emit({ version: this.#revision.value, type: before === undefined ? "ADDED" : "MODIFIED", object: stored });
    return stored;
  }

  remove(key: string): KubeObject | undefined {
    const before = this.objects.get(key);
    if (before === undefined) return undefined;
    this.objects.delete(key);
    this.#revision.value += 1;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.#revision.value) } };
    this.#emit({ version: this.#revision.value, type: "DELETED", object });
    return object;
  }

  /** Versions up to now can no longer be watched from. */
  compact(): void {
    this.#revision.value += 1;
    this.compactedTo = this.#revision.value;
    this.#history = [];
  }

  /** As after a restore from a backup: objects and counter are what they were so many changes ago. */
  rewind(changes: number): void {
    this.#states.length = Math.max(0, this.#states.length - changes);
    const { version, objects } = this.#states.at(-1) ?? { version: 100, objects: new Map<string, KubeObject>() };
    this.#revision.value = version;
    this.#history = [];
    this.compactedTo = version;
    this.objects.clear();
    for (const [key, object] of objects) this.objects.set(key, object);
  }

  after(version: number): HistoryEvent[] {
    return this.#history.filter((event) => event.version > version);
  }

  #emit(event: HistoryEvent): void {
    this.#history.push(event);
    this.#states.push({ version: event.version, objects: new Map(this.objects) });
    for (const listener of [...this.listeners]) listener(event);
  }
}
