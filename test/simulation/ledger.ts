// The token API's truth: users and tokens, by its own clock, cut to seconds as the real one does.
import { LifecycleError } from "../../core/error.ts";
import { DAY } from "../../core/duration.ts";
import { parseName } from "../../core/name.ts";
import type { Remote } from "../../core/observed.ts";
import type { TokenList, User } from "../../tokenapi/api.ts";

/** The user that the issuer's credential belongs to. */
export const CREDENTIAL = 1;

export interface Token {
  readonly id: number;
  readonly name: string;
  readonly number: number;
  /** Of the resource that it belongs to; null: of none of ours. */
  readonly mark: string | null;
  readonly created: number;
  readonly expires: number | null;
  readonly owner: number;
  /** Which API it is of. */
  readonly place: Site;
  readonly scim: boolean;
  readonly value: string;
  active: boolean;
  lastUsed: number | null;
  /** True time since which it is active, or was. */
  activeSince: number;
  /** True time since which it is inactive or gone; null: active, or expired by itself. */
  endedAt: number | null;
  deleted: boolean;
  // Ghost facts: what only the judge knows.
  /** True time of its first appearance in the delivered copy. */
  deliveredAt: number | null;
  /** The process that delivered it first; null: none of the operator's. */
  deliveredBy: string | null;
  /** Who made it inactive last. */
  endedBy: "us" | "outside" | null;
  /** The process of ours that was told of it when it was issued; null: none was. */
  knownTo: string | null;
  /** The process of ours that revoked it last; null: none did. */
  endedIn: string | null;
  /** Who restored it last. */
  restoredBy: "us" | "outside" | null;
  /** True time at which we had revoked it, before somebody restored it; null: nobody did. */
  rescued: number | null;
  /** True times of consumers' uses. */
  uses: number[];
  /** True time at which we tried the delivered value last; 0: never. */
  triedAt: number;
  triedFrom: number;
  /** How often it was tried in vain before it was delivered. */
  failures: number;
  /** Whose it is: ours, a copy of this installation's, or a stranger's. */
  readonly by: Issued;
}

export interface Backup {
  readonly next: number;
  readonly tokens: readonly { readonly token: Token; readonly active: boolean; readonly lastUsed: number | null }[];
}

/** The same token: its id, its name and when it was made. */
export const isOf = (token: Pick<Token, "id" | "name" | "created">, entry: Pick<Token, "id" | "name" | "created">): boolean =>
  token.id === entry.id && token.name === entry.name && token.created === entry.created;

export type Issued = "us" | "clone" | "stranger";

/** The APIs of this world; "nobody" is a list of somebody who sees nothing of ours. */
export type Site = "home" | "away" | "third" | "elsewhere" | "nobody";

export interface SimUser {
  readonly id: number;
  /** Null: of all of them. */
  readonly place: Site | null;
  name: string;
  active: boolean;
}

export class Ledger {
  /** The API's clock minus true time. */
  skew = 0;
  /** Some builds delete an expired token that was never revoked, others refuse. */
  deletesExpired = true;
  /** Some keep the names of deleted tokens, and give them to nobody again. */
  keepsNames = false;
  /** Whether a copy of the installation ever had a token. */
  isCopied = false;
  readonly #names = new Set<string>();
  readonly users: SimUser[] = [
    { id: CREDENTIAL, place: null, name: "Admin", active: true },
    ...(["home", "away", "third", "elsewhere"] as const).flatMap((place, i) => [
      { id: 100 * i + 11, place, name: "Data Ingest", active: true },
      { id: 100 * i + 12, place, name: "Data Export", active: true },
    ]),
  ];
  readonly tokens = new Map<number, Token>();
  readonly #byValue = new Map<string, Token>();
  readonly #time: () => number;
  #id = 100;

  constructor(time: () => number) {
    this.#time = time;
  }

  /** The API's clock, whole seconds. */
  get clock(): number {
    return Math.floor((this.#time() + this.skew) / 1_000) * 1_000;
  }

  isOver(token: Token): boolean {
    return token.expires !== null && token.expires <= this.#time() + this.skew;
  }

  isValid(token: Token): boolean {
    return !token.deleted && token.active && !this.isOver(token);
  }

  ofValue(value: string): Token | null {
    return this.#byValue.get(value) ?? null;
  }

  /** Names are unique per owner. */
  #take(named: string, by: Issued): void {
    const exists = [...this.tokens.values()].some(({ place, owner, name }) => `${place} ${owner} ${name}` === named);
    if (exists || (this.keepsNames && by === "us" && this.#names.has(named))) throw new LifecycleError("conflict", "NAME_TAKEN", "the name exists");
    this.#names.add(named);
  }

  issue(input: { name: string; days: number | null; scim: boolean; owner: number; place?: Site; ago?: number }, by: Issued = "us", reused: number | null = null): Token {
    const { place = "home" } = input;
    const user = this.users.find(({ id, place: at }) => id === input.owner && (at === null || at === place));
    if (!user) throw new LifecycleError("invalid", "NO_SUCH_USER", "no such user");
    if (!user.active) throw new LifecycleError("invalid", "DEACTIVATED", "the user is deactivated");
    this.#take(`${place} ${input.owner} ${input.name}`, by);
    const id = reused ?? ++this.#id;
    const parsed = parseName(input.name);
    this.isCopied ||= by === "clone";
    const created = this.clock - (input.ago ?? 0);
    const token: Token = {
      id,
      name: input.name,
      number: parsed?.revision ?? 0,
      mark: parsed?.mark ?? null,
      created,
      expires: input.days === null ? null : created + input.days * DAY,
      owner: input.owner,
      place,
      scim: input.scim,
      value: this.#fresh(id),
      active: true,
      lastUsed: null,
      activeSince: this.#time(),
      endedAt: null,
      deleted: false,
      deliveredAt: null,
      deliveredBy: null,
      endedBy: null,
      endedIn: null,
      knownTo: null,
      restoredBy: null,
      rescued: null,
      uses: [],
      triedAt: 0,
      triedFrom: 0,
      failures: 0,
      by,
    };
    this.tokens.set(id, token);
    this.#byValue.set(token.value, token);
    return token;
  }

  /** A value is never given out twice, though an id may be. */
  #fresh(id: number): string {
    let value = `value-of-${id}`;
    while (this.#byValue.has(value)) value = `another-${value}`;
    return value;
  }

  /** The token that an entry of a record means; ids alone come again. */
  of({ id, name, created }: Pick<Token, "id" | "name" | "created">): Token | undefined {
    const token = this.tokens.get(id);
    return token && isOf(token, { id, name, created }) ? token : undefined;
  }

  /** What a backup holds. */
  backup(): Backup {
    return { next: this.#id, tokens: [...this.tokens.values()].map((token) => ({ token, active: token.active, lastUsed: token.lastUsed })) };
  }

  /** As it was then: what was made since is gone, what was deleted is back, and the next ids and names were given out before. */
  rewind({ next, tokens }: Backup): void {
    const then = new Map(tokens.map((kept) => [kept.token, kept]));
    this.#names.clear();
    for (const token of this.tokens.values()) {
      if (!then.has(token)) this.#vanish(token);
    }
    this.tokens.clear();
    for (const { token, active, lastUsed } of tokens) {
      // What has expired meanwhile does not come to life again.
      if (active && (token.deleted || !token.active) && !this.isOver(token)) Object.assign(token, { activeSince: this.#time(), endedAt: null, endedBy: null });
      if (!active && (token.active || token.endedAt === null)) Object.assign(token, { endedAt: this.#time(), endedBy: "outside" });
      // What was used since is forgotten too: nobody can be held to it.
      const uses = token.uses.filter((use) => lastUsed !== null && use + this.skew < lastUsed + 1_000);
      Object.assign(token, { active, lastUsed, deleted: false, uses });
      this.tokens.set(token.id, token);
    }
    this.#id = next;
  }

  #vanish(token: Token): void {
    token.deleted = true;
    if (token.endedAt === null) token.endedBy = "outside";
    token.endedAt ??= this.#time();
  }

  get(id: number): Token {
    const token = this.tokens.get(id);
    if (!token) throw new LifecycleError("missing", "NO_SUCH_TOKEN", "no such token");
    return token;
  }

  revoke(id: number, by: "us" | "outside"): Token {
    const token = this.get(id);
    if (token.active) {
      token.active = false;
      token.rescued = null;
      // One that had ended before a backup of the API made it active again, expired, ends no second time.
      if (token.endedAt === null) Object.assign(token, { endedAt: this.#time(), endedBy: by });
    }
    return token;
  }

  restore(id: number, by: "us" | "outside"): Token {
    const token = this.get(id);
    if (this.isOver(token)) throw new LifecycleError("invalid", "EXPIRED", "the token has expired");
    if (!token.active) {
      token.activeSince = this.#time();
      token.rescued = by === "outside" && token.endedBy === "us" ? token.endedAt : null;
    }
    if (by === "us") token.rescued = null;
    token.active = true;
    token.endedAt = null;
    token.endedBy = null;
    token.restoredBy = by;
    return token;
  }

  delete(id: number, by: "us" | "outside"): void {
    const token = this.get(id);
    if (token.active && !(this.deletesExpired && this.isOver(token))) throw new LifecycleError("conflict", "ACTIVE", "the token is active");
    this.tokens.delete(id);
    token.deleted = true;
    token.endedAt ??= this.#time();
    token.endedBy ??= by;
  }

  /** Authenticates; a success moves last_used. */
  use(value: string): Token | null {
    const token = this.#byValue.get(value);
    if (!token || !this.isValid(token) || !this.users.find(({ id }) => id === token.owner)?.active) return null;
    token.lastUsed = this.clock;
    return token;
  }

  /** Those of all service users, or the credential's own. */
  list(which: TokenList, at: Site): Remote[] {
    return [...this.tokens.values()].filter(({ owner, place }) => place === at && (owner === CREDENTIAL) === (which === "personal")).map(show);
  }

  /** The service users. */
  listUsers(at: Site): User[] {
    return this.users.filter(({ id, place }) => id !== CREDENTIAL && place === at).map(({ id, name, active }) => ({ id, userId: `u${id}@service`, name, role: "Member", type: "Service" as const, teams: [], active }));
  }
}

export function show({ id, name, created, active, expires, lastUsed, owner }: Token): Remote {
  return { id, name, created, active, expires, lastUsed, owner };
}
