// When a token was last used. Decides when that is written: once per token and second,
// many tokens in one statement; must not know what a use is. Alone on its data it writes
// a little later and before anything reads; on a shared database it writes before the
// request is answered, so that another process reads the same.
import type { Database } from "./database.ts";

const delayMs = 1_000;

export class Usage {
  readonly #database: Database;
  readonly #onFailure: (cause: unknown) => void;
  readonly #pending = new Map<number, number>();
  #stored = { second: 0, tokens: new Set<number>() };
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, onFailure: (cause: unknown) => void) {
    this.#database = database;
    this.#onFailure = onFailure;
  }

  async note(tokenId: number, second: number): Promise<void> {
    if (this.#stored.second === second && this.#stored.tokens.has(tokenId)) return;
    this.#pending.set(tokenId, second);
    if (this.#database.shared) await this.settle();
    else this.#timer ??= setTimeout(() => this.#flushLater(), delayMs).unref();
  }

  /** After this, everything noted before the call is in the database. */
  async settle(): Promise<void> {
    // What runs now may have begun before the caller's note; the next one has not.
    await this.#writing;
    if (this.#pending.size > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    }
    await this.#writing;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.settle();
  }

  #flushLater(): void {
    this.#timer = undefined;
    this.settle().catch(this.#onFailure);
  }

  async #write(): Promise<void> {
    const batch = [...this.#pending];
    this.#pending.clear();
    try {
      // Rows are locked in the order of their ids: two processes never wait for each other in a circle.
      await this.#database.query(
        `with used as (select * from unnest($1::int[], $2::bigint[]) as u (id, second)),
              locked as (select t.id, u.second from servicetokens.token t join used u on u.id = t.id order by t.id for update of t)
         update servicetokens.token t set last_used = greatest(t.last_used, to_timestamp(locked.second))
           from locked where t.id = locked.id`,
        [batch.map(([id]) => id), batch.map(([, second]) => second)],
      );
    } catch (cause) {
      for (const [id, second] of batch) this.#pending.set(id, Math.max(second, this.#pending.get(id) ?? 0));
      throw cause;
    }
    this.#remember(batch);
  }

  #remember(batch: readonly (readonly [number, number])[]): void {
    for (const [id, second] of batch) {
      if (second > this.#stored.second) this.#stored = { second, tokens: new Set() };
      if (second === this.#stored.second) this.#stored.tokens.add(id);
    }
  }
}
