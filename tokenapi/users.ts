// The service users of an issuer: one listing serves every resource, and a name that is not in it is looked up again.
import { absent, present, unknown, type Fact, type Owner } from "../core/observed.ts";
import type { TokenApi, User } from "./api.ts";
import type { Clock } from "./clock.ts";

export type UserRef = { readonly name: string } | { readonly id: number };

/** A missing name, or a user that is deactivated, is looked up again at most so often, whoever asks. */
const RETRY_AFTER = 2_000;
/** A listing is believed for so long. */
const STALE_AFTER = 60_000;

interface Index {
  readonly byId: ReadonlyMap<number, User>;
  readonly byName: ReadonlyMap<string, User>;
}

/** Of several of one name an active one, else the first. */
function indexOf(users: readonly User[]): Index {
  const byId = new Map<number, User>();
  const byName = new Map<string, User>();
  for (const user of users) {
    byId.set(user.id, user);
    const known = byName.get(user.name);
    if (!known || (user.active && !known.active)) byName.set(user.name, user);
  }
  return { byId, byName };
}

export class ServiceUsers {
  readonly #api: TokenApi;
  readonly #clock: Clock;
  #users: readonly User[] | null = null;
  /** Made when it is asked for: each of thousands of tokens looks its user up. */
  #index: Index | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #flight: Promise<void> | null = null;
  #failure: Fact<never> = unknown("ServiceUserUnknown", "The service users have not been read yet.");

  constructor(api: TokenApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** When the newest listing was asked for, monotonic; null: none yet. */
  get sentAt(): number | null {
    return this.#users === null ? null : this.#readAt;
  }

  /** Reads the listing again unless it was read after `after` (monotonic ms). */
  async refresh(after: number): Promise<void> {
    if (this.#readAt > after) return;
    this.#flight ??= this.#read().finally(() => {
      this.#flight = null;
    });
    await this.#flight;
  }

  async #read(): Promise<void> {
    const sentAt = this.#clock.monotonic();
    try {
      this.#users = await this.#api.serviceUsers();
      this.#index = null;
      this.#readAt = sentAt;
    } catch (error) {
      this.#failure = unknown("ServiceUserUnknown", error instanceof Error ? error.message : "The service users could not be read.");
      if (this.#users === null) throw error;
    }
  }

  /** The user that `ref` names, after at most one more listing. */
  async find(ref: UserRef): Promise<Fact<Owner>> {
    const known = this.#lookup(ref);
    const good = known.is === "present" && known.value.active;
    try {
      await this.refresh(this.#clock.monotonic() - (good ? STALE_AFTER : RETRY_AFTER));
    } catch {
      return this.#users === null ? this.#failure : known;
    }
    return this.#lookup(ref);
  }

  /** What a write of ours was answered. */
  put(user: User): void {
    if (this.#users) this.#users = [...this.#users.filter(({ id }) => id !== user.id), user];
    this.#index = null;
  }

  /** The whole user, where the listing has it. */
  user(ref: UserRef): User | null {
    this.#index ??= indexOf(this.#users ?? []);
    return ("id" in ref ? this.#index.byId.get(ref.id) : this.#index.byName.get(ref.name)) ?? null;
  }

  /** Changes when a user comes, goes, is renamed or deactivated. */
  fingerprint(): string {
    return (this.#users ?? []).map(({ id, name, active }) => `${id} ${active} ${name}`).join("\n");
  }

  #lookup(ref: UserRef): Fact<Owner> {
    if (this.#users === null) return this.#failure;
    const user = this.user(ref);
    if (user) return present({ id: user.id, name: user.name, active: user.active });
    const words = "id" in ref ? `with the id ${ref.id}` : `named ${JSON.stringify(ref.name)}`;
    return absent(`There is no service user ${words} at this issuer: create it, or name one that exists.`);
  }
}
