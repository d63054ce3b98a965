// The local copy of one collection. Decides which version of an object counts, so
// that nothing seen here ever goes back in time, and tells handlers every change as
// an unbroken chain of (previous, current). Must not know where versions come from.
//
// Read-your-writes: `observeWrite` puts in what our own write returned. Until the
// watch has caught up with that version (the write is "pending") older events for the
// object are dropped. A watch delivers the versions of one resource in order, so once
// it has passed a pending version without showing it, the write is not part of the
// watched selection (or of a restored history) and the entry is taken out again.
import { errorFields, silentLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import { compareVersions } from "./object.ts";
import type { Stored } from "./object.ts";

/** list: first seen or found changed in a full list; watch: an event; write: our own, through observeWrite. */
export type ChangeSource = "list" | "watch" | "write";

export interface StoreHandlers<T> {
  onAdd?(record: T, source: ChangeSource): void;
  /** Own writes come too: whoever filters by what changed sees foreign edits that came in between. */
  onUpdate?(previous: T, record: T, source: ChangeSource): void;
  onDelete?(record: T, source: ChangeSource): void;
}

export type IndexFunction<T> = (record: T) => string | readonly string[] | undefined;

/** Records in one step of a replacement: a millisecond or two. */
const stepRecords = 250;

const none: ReadonlySet<string> = new Set();

interface Index<T> {
  of: IndexFunction<T>;
  keys: Map<string, Set<string>>;
}

export class Store<T extends Stored> {
  readonly #log: Logger;
  readonly #indexes = new Map<string, Index<T>>();
  readonly #handlers = new Set<StoreHandlers<T>>();
  readonly #pending = new Map<string, string>();
  #records = new Map<string, T>();
  #version: string | undefined;

  constructor(indexes: Record<string, IndexFunction<T>> = {}, log: Logger = silentLogger) {
    this.#log = log;
    for (const [name, of] of Object.entries(indexes)) this.#indexes.set(name, { of, keys: new Map() });
  }

  get size(): number {
    return this.#records.size;
  }

  /** How far the watch has come; undefined before the first list. */
  get version(): string | undefined {
    return this.#version;
  }

  get(key: string): T | undefined {
    return this.#records.get(key);
  }

  values(): IterableIterator<T> {
    return this.#records.values();
  }

  byIndex(name: string, value: string): T[] {
    const found: T[] = [];
    for (const key of this.#keysOf(name, value)) {
      const record = this.#records.get(key);
      if (record !== undefined) found.push(record);
    }
    return found;
  }

  /** The same one by one, for whoever does not need all of many thousands at once. What comes and goes meanwhile counts. */
  *eachOf(name: string, value: string): Generator<T> {
    for (const key of this.#keysOf(name, value)) {
      const record = this.#records.get(key);
      if (record !== undefined) yield record;
    }
  }

  has(name: string, value: string): boolean {
    return this.#keysOf(name, value).size > 0;
  }

  #keysOf(name: string, value: string): ReadonlySet<string> {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`the store has no index "${name}"`);
    return index.keys.get(value) ?? none;
  }

  /** What is there already comes first, as adds. */
  subscribe(handlers: StoreHandlers<T>): () => void {
    for (const record of this.#records.values()) this.#guard(() => handlers.onAdd?.(record, "list"));
    this.#handlers.add(handlers);
    return () => this.#handlers.delete(handlers);
  }

  /**
   * Puts in what our own write returned, if it is newer than what is here. Only for
   * objects that the watch selects. False: the watch is already past it, or versions
   * cannot be compared.
   */
  observeWrite(record: T): boolean {
    const current = this.#records.get(record.key);
    // What the watch has passed it has also delivered, a deletion included.
    if (this.#version !== undefined && !newer(record.resourceVersion, this.#version)) return false;
    if (current !== undefined && !newer(record.resourceVersion, current.resourceVersion)) return false;
    if (compareVersions(record.resourceVersion, "1") === undefined) return false;
    this.#pending.set(record.key, record.resourceVersion);
    this.#set(record, "write");
    return true;
  }

  /** An ADDED or MODIFIED event. */
  put(record: T): void {
    const { key, resourceVersion } = record;
    const pending = this.#pending.get(key);
    if (pending === undefined || newer(resourceVersion, pending)) {
      this.#pending.delete(key);
      this.#set(record, "watch");
    } else if (resourceVersion === pending) {
      this.#pending.delete(key);
    }
    this.advance(resourceVersion);
  }

  /** A DELETED event. */
  remove(key: string, resourceVersion: string): void {
    const pending = this.#pending.get(key);
    // An older deletion is the end of the object that our write has replaced.
    if (pending === undefined || newer(resourceVersion, pending)) {
      this.#pending.delete(key);
      this.#drop(key, "watch");
    }
    this.advance(resourceVersion);
  }

  /** The watch has come this far: an event or a bookmark. */
  advance(resourceVersion: string): void {
    this.#version = resourceVersion;
    if (this.#pending.size === 0) return;
    // With each event: nothing is made for it.
    this.#pending.forEach((pending, key) => {
      if (newer(pending, resourceVersion)) return;
      this.#pending.delete(key);
      this.#drop(key, "watch");
    });
  }

  /**
   * A complete list as of `resourceVersion`. What is missing in it is gone, unless we wrote it later.
   * `otherHistory`: it is known that the server went back, though its versions may have overtaken ours.
   */
  replace(records: ReadonlyMap<string, T>, resourceVersion: string, otherHistory = false): void {
    const steps = this.replacing(records, resourceVersion, otherHistory);
    while (steps.next().done !== true);
  }

  /**
   * The same a few records at a time, for whoever has other things to do in between. Until it is through, each object is
   * as it was before or as it is in the list. Events come after it: `put`, `remove` and `advance` are not for meanwhile.
   */
  *replacing(records: ReadonlyMap<string, T>, resourceVersion: string, otherHistory = false): Generator<void, void, void> {
    // The server's history went back (a restore): pending writes belong to the other
    // history, and a version that we know may stand for another content in this one.
    const restored = otherHistory || (this.#version !== undefined && newer(this.#version, resourceVersion));
    if (restored) {
      this.#pending.clear();
      this.#version = resourceVersion;
    }
    const isLater = (key: string): boolean => {
      const pending = this.#pending.get(key);
      return pending !== undefined && newer(pending, resourceVersion);
    };
    let count = 0;
    for (const key of [...this.#records.keys()]) {
      if (!records.has(key) && !isLater(key)) this.#forget(key);
      if (++count % stepRecords === 0) yield;
    }
    for (const record of records.values()) {
      if (!isLater(record.key)) {
        this.#pending.delete(record.key);
        this.#set(record, "list", restored);
      }
      if (++count % stepRecords === 0) yield;
    }
    this.#version = resourceVersion;
    // What we wrote meanwhile to an object that was deleted before the list was taken.
    for (const [key, pending] of this.#pending) if (!records.has(key) && !newer(pending, resourceVersion)) this.#forget(key);
  }

  #forget(key: string): void {
    this.#pending.delete(key);
    this.#drop(key, "list");
  }

  #set(record: T, source: ChangeSource, evenIfSame = false): void {
    const previous = this.#records.get(record.key);
    if (previous !== undefined && previous.uid === record.uid) {
      if (previous.resourceVersion === record.resourceVersion && !evenIfSame) return;
      this.#reindex(previous, record);
      this.#records.set(record.key, record);
      for (const handlers of this.#handlers) this.#guard(() => handlers.onUpdate?.(previous, record, source));
      return;
    }
    // Another uid under the same name is another object: its predecessor was deleted unseen.
    if (previous !== undefined) this.#drop(record.key, source);
    this.#reindex(undefined, record);
    this.#records.set(record.key, record);
    for (const handlers of this.#handlers) this.#guard(() => handlers.onAdd?.(record, source));
  }

  #drop(key: string, source: ChangeSource): void {
    const previous = this.#records.get(key);
    if (previous === undefined) return;
    this.#reindex(previous, undefined);
    this.#records.delete(key);
    for (const handlers of this.#handlers) this.#guard(() => handlers.onDelete?.(previous, source));
  }

  #reindex(previous: T | undefined, record: T | undefined): void {
    const key = (record ?? previous)?.key;
    if (key === undefined) return;
    for (const index of this.#indexes.values()) {
      const before = previous === undefined ? [] : valuesOf(index.of, previous);
      const after = record === undefined ? [] : valuesOf(index.of, record);
      for (const value of before) if (!after.includes(value)) removeKey(index.keys, value, key);
      for (const value of after) if (!before.includes(value)) addKey(index.keys, value, key);
    }
  }

  /** A handler that throws is a bug of its own; the copy and the other handlers go on. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error(errorFields(error), "Store handler threw");
    }
  }
}

const newer = (a: string, b: string): boolean => (compareVersions(a, b) ?? 0) > 0;

function valuesOf<T>(of: IndexFunction<T>, record: T): readonly string[] {
  const value = of(record);
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

function addKey(keys: Map<string, Set<string>>, value: string, key: string): void {
  const set = keys.get(value);
  if (set === undefined) keys.set(value, new Set([key]));
  else set.add(key);
}

function removeKey(keys: Map<string, Set<string>>, value: string, key: string): void {
  const set = keys.get(value);
  set?.delete(key);
  if (set?.size === 0) keys.delete(value);
}
