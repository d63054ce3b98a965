// One list serves every resource of an issuer. Knows which list is newer than which write, and nothing of resources.
import { present, unknown, type Fact, type Remote, type Tokens } from "../core/observed.ts";
import { SECOND_LOOK } from "../core/situation.ts";
import type { TokenApi, TokenList } from "./api.ts";
import type { Clock } from "./clock.ts";
import { reasonOfDenial } from "./denial.ts";
import { Suspicion, type Expected } from "./suspicion.ts";
import { TokenIndex, type Marked } from "./token-index.ts";

interface List {
  readonly sentAt: number;
  readonly doneAt: number;
  readonly at: number;
  readonly tokens: TokenIndex;
}

/** What a write of ours was answered, kept until a list that was sent after the answer confirms it. */
interface Write {
  readonly at: number;
  /** Null: deleted. */
  readonly remote: Remote | null;
}

/** Lists that may still serve as the earlier look of two. */
const MAX_HISTORY = 6;

export class Snapshot {
  readonly #api: TokenApi;
  readonly #which: TokenList;
  readonly #clock: Clock;
  #list: List | null = null;
  #history: { sentAt: number; ids: ReadonlySet<number> }[] = [];
  readonly #writes = new Map<number, Write>();
  readonly #suspicion: Suspicion;
  #flight: { sentAt: number; done: Promise<void> } | null = null;
  #failure: Fact<never> = unknown("TokensUnknown", "The token list has not been read yet.");

  constructor(api: TokenApi, which: TokenList, { clock, onTried }: { readonly clock: Clock; readonly onTried?: ((next: string | "all") => void) | undefined }) {
    this.#api = api;
    this.#which = which;
    this.#clock = clock;
    this.#suspicion = new Suspicion(() => clock.monotonic(), onTried);
  }

  /** When the newest complete list was asked for, monotonic; null: none yet. */
  get sentAt(): number | null {
    return this.#list?.sentAt ?? null;
  }

  /** Why the newest list is not believed; null: it is. */
  get suspicion(): string | null {
    return this.#suspicion.problem;
  }

  /** How many tokens the newest list holds. */
  get size(): number {
    return this.#list?.tokens.size ?? 0;
  }

  /** Resolves once a complete list is here that was sent after `after` (monotonic ms). Callers share requests. */
  async refresh(after: number): Promise<void> {
    while (this.#list === null || this.#list.sentAt <= after) {
      const flight = this.#flight;
      if (flight === null) {
        await this.#fetch();
      } else if (flight.sentAt > after) {
        await flight.done;
      } else {
        await flight.done.catch(() => undefined);
      }
    }
  }

  async #fetch(): Promise<void> {
    const sentAt = this.#clock.monotonic();
    const at = this.#clock.now();
    const done = this.#api.tokens(this.#which).then(
      (tokens) => {
        const index = TokenIndex.of(tokens);
        return index instanceof TokenIndex ? this.#take({ sentAt, at, tokens: index }) : index.then((made) => this.#take({ sentAt, at, tokens: made }));
      },
      (error: unknown) => {
        const denial = reasonOfDenial(error);
        if (this.#list === null || denial !== null) {
          this.#failure = unknown(denial ?? "TokensUnknown", error instanceof Error ? error.message : "The token list could not be read.");
        }
        throw error;
      },
    );
    this.#flight = { sentAt, done };
    try {
      await done;
    } finally {
      this.#flight = null;
    }
  }

  #take({ sentAt, at, tokens }: Pick<List, "sentAt" | "at" | "tokens">): void {
    // A list that was shown to leave out what exists is no earlier look.
    if (this.#list && !this.#suspicion.lies) this.#remember(this.#list);
    for (const [id, write] of this.#writes) {
      if (write.at < sentAt) this.#writes.delete(id);
      else if (write.remote) tokens.insert(write.remote);
      else tokens.drop(id);
    }
    this.#list = { sentAt, doneAt: this.#clock.monotonic(), at, tokens };
    this.#suspicion.take((id) => tokens.get(id));
  }

  #remember(list: List): void {
    const horizon = list.sentAt - SECOND_LOOK;
    const usable = this.#history.filter(({ sentAt }) => sentAt > horizon);
    const newestOld = this.#history.findLast(({ sentAt }) => sentAt <= horizon);
    const kept = usable.length >= MAX_HISTORY ? usable.slice(-MAX_HISTORY + 1) : usable;
    this.#history = [...(newestOld ? [newestOld] : []), ...kept, { sentAt: list.sentAt, ids: new Set(list.tokens.ids()) }];
  }

  /** What a write of ours was answered: it counts at once, and outlives lists that were sent before it. */
  put(remote: Remote): void {
    this.#writes.set(remote.id, { at: this.#clock.monotonic(), remote });
    this.#list?.tokens.insert(remote);
  }

  /** A DELETE of ours was told that the token is deleted. */
  remove(id: number): void {
    this.#writes.set(id, { at: this.#clock.monotonic(), remote: null });
    this.#list?.tokens.drop(id);
  }

  /** The tokens that bear `mark` or are recorded under one of `ids`. */
  view(mark: string, ids: readonly number[]): Fact<Tokens> {
    const list = this.#list;
    if (!list) return this.#failure;
    const { problem } = this.#suspicion;
    if (problem !== null) return unknown("TokensSuspect", problem);
    const wanted = new Set([...list.tokens.ofMark(mark), ...ids]);
    const tokens: Remote[] = [];
    for (const id of wanted) {
      const token = list.tokens.get(id);
      if (token) tokens.push(token);
    }
    const earlier = this.#history.findLast(({ sentAt }) => list.sentAt - sentAt >= SECOND_LOOK);
    return present({
      sentAt: list.sentAt,
      doneAt: list.doneAt,
      at: list.at,
      tokens,
      earlier: earlier ? { sentAt: earlier.sentAt, ids: ids.filter((id) => earlier.ids.has(id)) } : null,
      deleted: ids.filter((id) => this.#writes.get(id)?.remote === null),
    });
  }

  /** Which token a resource has delivered, and so should be listed; null: none (any more). */
  expect(mark: string, expected: Expected | null): void {
    const list = this.#list;
    this.#suspicion.expect(mark, expected, list && ((id) => list.tokens.get(id)));
  }

  /** Whether this resource is to try its delivered value, since most tokens are missing; one at a time. */
  claim(mark: string): boolean {
    return this.#suspicion.claim(mark);
  }

  /** That trial showed nothing. */
  pass(mark: string): void {
    this.#suspicion.pass(mark);
  }

  /** That trial showed whether its token is still good. */
  settle(mark: string, refused: boolean): void {
    this.#suspicion.settle(mark, refused);
  }

  /** How many tokens of a user are active, by the API's clock. */
  activeOf(owner: number, apiNow: number): number {
    let count = 0;
    for (const token of this.#list?.tokens.tokens() ?? []) {
      if (token.owner === owner && token.active && (token.expires === null || token.expires > apiNow)) count += 1;
    }
    return count;
  }

  /** Every token of the newest list that bears one of our marks; for the sweep. */
  marked(): Iterable<Marked> {
    return this.#list?.tokens.marked() ?? [];
  }
}
