// Many small reads at once as one. Decides that requests which ask while a read is under
// way share the next one: an answer is never older than its question, so a revocation
// counts at once, and the cost of a query is paid once for all who wait. Must not know
// what is read.

export class Gathering<Key, Row> {
  readonly #read: (keys: readonly Key[]) => Promise<ReadonlyMap<string, Row>>;
  readonly #name: (key: Key) => string;
  readonly #most: number;
  #waiting: Waiter<Key, Row>[] = [];
  #reading = 0;

  /** `atOnce`: how many reads may be under way together; one where the database can do no more. */
  constructor(read: (keys: readonly Key[]) => Promise<ReadonlyMap<string, Row>>, name: (key: Key) => string, atOnce: number) {
    this.#read = read;
    this.#name = name;
    this.#most = atOnce;
  }

  find(key: Key): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#reading >= this.#most || this.#waiting.length === 0) return;
    this.#reading += 1;
    // After everything that arrived together: one read for all of it.
    setImmediate(() => {
      const batch = this.#waiting;
      this.#waiting = [];
      void this.#answer(batch).finally(() => {
        this.#reading -= 1;
        this.#next();
      });
    });
  }

  async #answer(batch: readonly Waiter<Key, Row>[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const found = await this.#read(batch.map(({ key }) => key));
      for (const { key, resolve } of batch) resolve(found.get(this.#name(key)));
    } catch (cause) {
      for (const { reject } of batch) reject(cause);
    }
  }
}

interface Waiter<Key, Row> {
  readonly key: Key;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (cause: unknown) => void;
}
