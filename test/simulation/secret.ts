// The place of delivery as an apiserver keeps it: one object, versions, uids, and who wrote its data last.

export interface Version {
  readonly resourceVersion: number;
  readonly uid: string;
  readonly value: string | null;
  /** The record, encoded; null: none. */
  readonly record: string | null;
  /** Uid of the declaring object; null: nobody's. */
  readonly owner: string | null;
  readonly look: string;
  /** Only our field manager wrote value and record. */
  readonly ownAlone: boolean;
}

export class SecretStore {
  current: Version | null = null;
  /** Tokens that were asked for while writes were refused. */
  burnt = 0;
  /** Nobody may read it, and the watch has lost its place. */
  unreadable = false;
  readonly history = new Map<number, Version | null>();
  readonly #watchers = new Set<(version: Version | null, resourceVersion: number) => void>();
  #version = 0;
  #uid = 0;
  #refusal: string | null = null;

  /** Why writes are refused; null: they are not. */
  get refusal(): string | null {
    return this.#refusal;
  }

  set refusal(why: string | null) {
    this.#refusal = why;
    this.burnt = 0;
  }

  put(next: Omit<Version, "resourceVersion" | "uid">): Version {
    const uid = this.current?.uid ?? `secret-${++this.#uid}`;
    const version = { ...next, uid, resourceVersion: ++this.#version };
    this.#set(version);
    return version;
  }

  remove(): void {
    ++this.#version;
    this.#set(null);
  }

  #set(version: Version | null): void {
    this.current = version;
    this.history.set(this.#version, version);
    for (const watcher of this.#watchers) watcher(version, this.#version);
  }

  get version(): number {
    return this.#version;
  }

  watch(watcher: (version: Version | null, resourceVersion: number) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
