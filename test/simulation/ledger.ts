// The token API's truth: users and tokens, by its own clock, cut to seconds as the real one does.
import { LifecycleError } from "../../core/error.ts";
import { DAY } from "../../core/duration.ts";
import { parseName } from "../../core/name.ts";
import type { Remote } from "../../core/observed.ts";
import type { User } from "../../tokenapi/api.ts";

export interface Token {
  readonly id: number;
  readonly name: string;
  readonly number: number;
  readonly created: number;
  readonly expires: number | null;
  readonly owner: number;
  readonly scim: boolean;
  readonly value: string;
  active: boolean;
  lastUsed: number | null;
  /** True time since which it is active, or was. */
  activeSince: number;
  /** True time since which it is inactive or gone; null: active. */
  endedAt: number | null;
  deleted: boolean;
  // Ghost facts: what only the judge knows.
  /** True time of its first appearance in the delivered copy. */
  deliveredAt: number | null;
  /** Who made it inactive last. */
  endedBy: "us" | "outside" | null;
  /** True times of consumers' uses. */
  uses: number[];
  /** How often it was tried in vain before it was delivered. */
  failures: number;
  /** Whose it is: ours, a copy of this installation's, or a stranger's. */
  readonly by: Issued;
}

export type Issued = "us" | "clone" | "stranger";

export interface SimUser {
  readonly id: number;
  readonly name: string;
  active: boolean;
}

export class Ledger {
  /** The API's clock minus true time. */
  skew = 0;
  /** Some builds delete an expired token that was never revoked, others refuse. */
  deletesExpired = true;
  readonly users: SimUser[] = [
    { id: 11, name: "Data Ingest", active: true },
    { id: 12, name: "Data Export", active: true },
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

  issue(input: { name: string; days: number | null; scim: boolean; owner: number }, by: Issued = "us", reused: number | null = null): Token {
    const user = this.users.find(({ id }) => id === input.owner);
    if (!user) throw new LifecycleError("invalid", "NO_SUCH_USER", "no such user");
    if (!user.active) throw new LifecycleError("invalid", "DEACTIVATED", "the user is deactivated");
    for (const token of this.tokens.values()) {
      if (token.owner === input.owner && token.name === input.name) throw new LifecycleError("conflict", "NAME_TAKEN", "the name exists");
    }
    const id = reused ?? ++this.#id;
    const created = this.clock;
    const token: Token = {
      id,
      name: input.name,
      number: parseName(input.name)?.revision ?? 0,
      created,
      expires: input.days === null ? null : created + input.days * DAY,
      owner: input.owner,
      scim: input.scim,
      value: reused === null ? `value-of-${id}` : `another-value-of-${id}`,
      active: true,
      lastUsed: null,
      activeSince: this.#time(),
      endedAt: null,
      deleted: false,
      deliveredAt: null,
      endedBy: null,
      uses: [],
      failures: 0,
      by,
    };
    this.tokens.set(id, token);
    this.#byValue.set(token.value, token);
    return token;
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
      token.endedAt = this.#time();
      token.endedBy = by;
    }
    return token;
  }

  restore(id: number): Token {
    const token = this.get(id);
    if (this.isOver(token)) throw new LifecycleError("invalid", "EXPIRED", "the token has expired");
    if (!token.active) token.activeSince = this.#time();
    token.active = true;
    token.endedAt = null;
    token.endedBy = null;
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

  list(): Remote[] {
    return [...this.tokens.values()].map(show);
  }

  listUsers(): User[] {
    return this.users.map(({ id, name, active }) => ({ id, userId: `u${id}@service`, name, role: "Member", type: "Service" as const, teams: [], active }));
  }
}

export function show({ id, name, created, active, expires, lastUsed, owner }: Token): Remote {
  return { id, name, created, active, expires, lastUsed, owner };
}
