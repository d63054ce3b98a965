// One issuer as one credential sees it: its API, its lists, its users. Shared by every resource that names it.
import { present, type Fact, type Issuer, type Policy } from "../core/observed.ts";
import type { TokenApi, TokenList } from "./api.ts";
import { systemClock, type Clock } from "./clock.ts";
import { Snapshot } from "./snapshot.ts";
import { ServiceUsers } from "./users.ts";

export const OPEN_POLICY: Policy = { maxDays: null, allowNever: true, minOverlap: 0, serviceUsers: null, refusal: null };

export interface IssuerOptions {
  readonly url: string;
  readonly policy?: Policy;
  /** Milliseconds between two lists. */
  readonly resyncInterval?: number;
  readonly clock?: Clock;
  /** Told after each trial of a list that is not believed whose look is worth while now, by its mark. */
  readonly onTried?: (next: string | "all") => void;
}

export class IssuerSession {
  readonly api: TokenApi;
  readonly users: ServiceUsers;
  readonly clock: Clock;
  readonly url: string;
  readonly userId: number;
  readonly userName: string;
  readonly policy: Policy;
  readonly resyncInterval: number;
  readonly #snapshots: { readonly [list in TokenList]: Snapshot };

  private constructor(api: TokenApi, me: { readonly id: number; readonly name: string }, options: IssuerOptions) {
    this.api = api;
    this.clock = options.clock ?? systemClock;
    this.url = options.url;
    this.userId = me.id;
    this.userName = me.name;
    this.policy = options.policy ?? OPEN_POLICY;
    this.resyncInterval = options.resyncInterval ?? 60_000;
    this.users = new ServiceUsers(api, this.clock);
    this.#snapshots = {
      service: new Snapshot(api, "service", { clock: this.clock, onTried: options.onTried }),
      personal: new Snapshot(api, "personal", { clock: this.clock, onTried: options.onTried }),
    };
  }

  /** Asks who the credential is. Throws LifecycleError: `denied`, `retryable`. */
  static async open(api: TokenApi, options: IssuerOptions): Promise<IssuerSession> {
    const me = await api.me();
    return new IssuerSession(api, me, options);
  }

  tokens(list: TokenList): Snapshot {
    return this.#snapshots[list];
  }

  /** Now, by the API's clock: milliseconds since 1970. */
  get apiNow(): number {
    return this.clock.now() + this.api.clockOffset;
  }

  fact(policy: Policy = this.policy): Fact<Issuer> {
    return present({
      url: this.url,
      userId: this.userId,
      clockOffset: this.api.clockOffset,
      resyncInterval: this.resyncInterval,
      policy,
    });
  }
}
