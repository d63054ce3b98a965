// Four other resources of the same issuer, as far as the token list knows them: so that much can be missing at once.
import { MINUTE } from "../../core/duration.ts";
import { issuerId } from "../../core/home.ts";
import type { Snapshot } from "../../tokenapi/snapshot.ts";
import type { Token } from "./ledger.ts";
import type { Process } from "./process.ts";
import { delivered, recordOf } from "./truth.ts";
import type { World } from "./world.ts";

const COUNT = 4;
/** After a loss they have new ones so much later. */
const REISSUED = 3 * MINUTE;

export class Neighbours {
  readonly #world: World;
  #tokens: Token[] = [];
  /** The tokens that each process was told of last. */
  readonly #told = new WeakMap<Process, Token[]>();
  readonly #lists = new WeakMap<Process, Snapshot>();
  /** Their Secrets cannot be read: they try nothing before we have, where we can. */
  #shy: boolean | null = null;
  /** The tokens of which it is settled that they are gone. */
  #settled: Token[] | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#issue();
  }

  #issue(): void {
    const { ledger } = this.#world;
    const owner = this.#world.anOwner();
    if (!owner) return this.recover();
    const standing = [...ledger.tokens.values()];
    this.#tokens = Array.from({ length: COUNT }, (_, i) => {
      const name = `neighbour-${i}`;
      return standing.find((token) => token.name === name && token.owner === owner.id) ?? ledger.issue({ name, days: null, scim: false, owner: owner.id }, "stranger");
    });
  }

  /** What they lost they issue again. Until then a list that left everything out is as it should be, or could not be told from one. */
  recover(): void {
    const { time, replicas } = this.#world;
    if (!this.stand) {
      this.#world.cutUntil = 0;
      for (const api of replicas.flatMap(({ apis }) => apis)) if (api.lists.length > 0) api.listedAt ||= time.now;
    }
    time.in(REISSUED, () => this.#reissue());
  }

  /** Nothing is issued on the word of a list that is not believed. */
  #reissue(): void {
    if (this.stand || !this.#waits() || this.#settled === this.#tokens) return this.#issue();
    this.#world.time.in(REISSUED, () => this.#reissue());
  }

  /** Whether ours is the only value that can be tried. */
  #waits(): boolean {
    const { luck, stack } = this.#world;
    this.#shy ??= !stack && luck.chance(0.5);
    return this.#shy && this.#isOursMissed();
  }

  /** Whether the delivered token is one of those that are missing all at once, and its value can be tried. */
  #isOursMissed(): boolean {
    const { secret, object, issuers, cutUntil, time } = this.#world;
    const record = recordOf(this.#world);
    const entry = record?.revisions.find(({ number }) => number === record.current);
    const token = delivered(this.#world);
    const home = object && !object.deleting ? issuers[object.spec.issuerRef] : null;
    if (!home || !record || issuerId(record.issuer) !== issuerId(home) || secret.refusal !== null || secret.unreadable) return false;
    if (!token || token.id !== entry?.id || token.place !== "home" || entry.former || entry.revoked || entry.sha256 === null) return false;
    return cutUntil > time.now || (token.deleted && this.#tokens.every((other) => other.deleted && other.endedAt === token.endedAt));
  }

  /** We have tried our value: now the next one is tried, whatever it takes. */
  follow(of: Process, refused: boolean): void {
    const list = this.#lists.get(of);
    if (!list) return;
    this.#world.time.in(20, () => this.#try(of, list, 1));
    if (refused) this.#settled = this.#tokens;
  }

  /** One of them; none right after a loss. */
  get first(): Token | null {
    return this.#tokens[0] ?? null;
  }

  /** A list may leave them out: with fewer of them it would not be suspected. */
  get stand(): boolean {
    return this.#tokens.every((token) => this.#world.ledger.isValid(token));
  }

  /** Whoever was told of tokens that are gone, and of none since, could not tell a list that leaves out most from a true one. */
  knows(of: Process): boolean {
    return (this.#told.get(of) ?? this.#tokens) === this.#tokens;
  }

  /** Their reconcilers say what they have delivered, and take their turn where a list is suspected. */
  look(of: Process, list: Snapshot, likely = 0.3): void {
    this.#told.set(of, this.#tokens);
    for (const token of this.#tokens) list.expect(token.name, token);
    this.#lists.set(of, list);
    if (!this.#waits()) this.#try(of, list, likely);
  }

  #try(of: Process, list: Snapshot, likely: number): void {
    for (const token of this.#tokens) {
      if (!this.#world.random.chance(likely) || !list.claim(token.name)) continue;
      this.#world.tell(() => `  ${of.name} tries the token of ${token.name}`);
      list.settle(token.name, !this.#world.ledger.isValid(token));
    }
  }

  /** All that is at the issuer is deleted: the API was restored from a backup of before. */
  vanish(): void {
    for (const { id, place } of [...this.#world.ledger.tokens.values()]) {
      if (place !== "home") continue;
      this.#world.ledger.revoke(id, "outside");
      this.#world.ledger.delete(id, "outside");
    }
    this.recover();
  }
}
