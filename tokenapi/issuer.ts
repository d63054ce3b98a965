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
}

/** The API's dates are cut to seconds. */
const GRAIN = 1_000;

export class IssuerSession {
  readonly api: TokenApi;
  readonly users: ServiceUsers;
  readonly clock: Clock;
  readonly url: string;
  readonly userId: number;
  readonly userName: string;
  readonly policy: Policy;
  readonly resyncInterval: number;
  #measured: number;
  #drift: number;
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
    this.#measured = api.clockOffset;
    this.#drift = this.clock.now() - this.clock.monotonic();
    this.#snapshots = {
      service: new Snapshot(api, "service", this.clock),
      personal: new Snapshot(api, "personal", this.clock),
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

  /**
   * The API's clock minus ours. Our clock may jump between two answers: the monotonic one shows by how much,
   * so that no date is reached by a jump.
   */
  #offset(): number {
    const drift = this.clock.now() - this.clock.monotonic();
    const moved = drift - this.#drift;
    // The two clocks are never read at the same moment: less than a grain of the API's dates is no jump.
    const jump = Math.abs(moved) < GRAIN ? 0 : moved;
    const latest = this.api.clockOffset;
    // Measured since the jump, or still before it: whichever explains the number better.
    const since = Math.abs(latest - (this.#measured - jump)) <= Math.abs(latest - this.#measured);
    this.#measured = latest;
    if (since) this.#drift = drift;
    return since ? latest : latest - jump;
  }

  /** Now, by the API's clock: milliseconds since 1970. */
  get apiNow(): number {
    return this.clock.now() + this.#offset();
  }

  fact(policy: Policy = this.policy): Fact<Issuer> {
    return present({
      url: this.url,
      userId: this.userId,
      clockOffset: this.#offset(),
      resyncInterval: this.resyncInterval,
      policy,
    });
  }
}
