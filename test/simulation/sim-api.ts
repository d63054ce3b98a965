// The token API at the end of a bad line: each call travels, may fail before or after its effect, and comes back late.
import { LifecycleError } from "../../core/error.ts";
import type { Remote } from "../../core/observed.ts";
import { SecretValue } from "../../core/secret-value.ts";
import type { IssuedToken, NewToken, TokenApi, TokenList, User, Verification } from "../../tokenapi/api.ts";
import { onDelete, onIssue, onIssueElsewhere, onRevoke, onVerify } from "./laws.ts";
import { show } from "./ledger.ts";
import type { Replica } from "./replica.ts";
import { HOME, type Issuer } from "./world.ts";

const TIMEOUT = 10_000;

export class SimApi implements TokenApi {
  readonly #of: Replica;
  clockOffset = 0;
  /** True time at which the newest list was asked for. */
  listedAt = 0;
  at: Issuer = HOME;

  constructor(of: Replica) {
    this.#of = of;
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    const { world } = this.#of;
    const { random, profile, ledger } = world;
    const writes = this.#writes(name);
    await this.#of.park(name, 5, 300);
    if (world.outageUntil > world.time.now) {
      world.coverage.meet("fault", "outage");
      throw new LifecycleError("retryable", "UNAVAILABLE", "the API answers 503");
    }
    const bad = world.mishap(profile.fault) ? random.pick(["429", "lost-before", "lost-after", "late", "slow"]) : "none";
    if (bad !== "none") this.#note(name, bad);
    if (bad === "429") throw new LifecycleError("retryable", "TOO_MANY", "the API answers 429", { retryAfter: random.chance(0.5) ? 2_000 : null });
    if (bad === "lost-before" || (bad === "late" && name !== "issue")) {
      await this.#of.park(name, TIMEOUT, TIMEOUT + 1);
      throw new LifecycleError(writes ? "uncertain" : "retryable", "TIMEOUT", `${name} timed out`);
    }
    if (bad === "late") {
      world.time.in(random.span(1_000, 300_000), () => this.#late(effect));
      await this.#of.park(name, TIMEOUT, TIMEOUT + 1);
      throw new LifecycleError("uncertain", "TIMEOUT", `${name} timed out`);
    }
    const result = effect();
    if (bad === "lost-after") {
      await this.#of.park(name, 100, TIMEOUT);
      throw new LifecycleError(writes ? "uncertain" : "retryable", "RESET", `${name}: the connection broke`);
    }
    await (bad === "slow" ? this.#of.park(name, 2_000, TIMEOUT) : this.#of.park(name, 5, 300));
    this.clockOffset = ledger.clock + 500 - this.#of.clock.now();
    return result;
  }

  /** Only the leader may change anything. */
  #writes(name: string): boolean {
    if (name === "list" || name === "users" || name === "me" || name === "verify") return false;
    const { world } = this.#of;
    if (world.profile.mode === "elected" && world.leader !== this.#of) world.broken("L5 exactly once", `${this.#of.name} asked to ${name} after it had lost the lead`);
    return true;
  }

  #note(name: string, bad: string): void {
    const { world } = this.#of;
    world.coverage.meet("fault", bad);
    world.tell(() => `  ${this.#of.name} ${name}: ${bad}`);
    if (name === "issue") world.causes++;
  }

  /** A request that its sender gave up, and that took effect all the same. */
  #late(effect: () => unknown): void {
    const { world } = this.#of;
    this.#of.late = true;
    try {
      effect();
      world.outside(60_000);
    } catch (error) {
      world.tell(() => `  late request refused: ${String(error)}`);
    } finally {
      this.#of.late = false;
    }
  }

  /** Another API, or another identity, knows nothing of our tokens. */
  #here(at: Issuer): void {
    if (at !== HOME) throw new LifecycleError("missing", "NO_SUCH_TOKEN", "no such token");
  }

  me(): Promise<User> {
    return this.#call("me", () => ({ id: this.at.userId, userId: "admin", name: "Admin", role: "Admin", type: "Human" as const, teams: [], active: true }));
  }

  serviceUsers(): Promise<readonly User[]> {
    return this.#call("users", () => this.#of.world.ledger.listUsers());
  }

  async tokens(_: TokenList): Promise<readonly Remote[]> {
    const { world } = this.#of;
    const { at } = this;
    const sentAt = world.time.now;
    let complete = true;
    const tokens = await this.#call("list", () => {
      complete = world.cutUntil <= world.time.now;
      if (world.deniedUntil > world.time.now) throw new LifecycleError("denied", "PERMISSION_DENIED", "The credential may not list tokens.");
      return at === HOME && complete ? world.ledger.list() : [];
    });
    if (complete) this.listedAt = sentAt;
    return tokens;
  }

  issue(input: NewToken): Promise<IssuedToken> {
    const { world } = this.#of;
    const { at } = this;
    return this.#call("issue", () => {
      if (at !== HOME) {
        onIssueElsewhere(this.#of);
        throw new LifecycleError("denied", "PERMISSION_DENIED", "This credential may not issue tokens here.");
      }
      const token = world.ledger.issue({ name: input.name, days: input.expiresInDays, scim: input.scimEndpointsOnly, owner: input.userId ?? 1 });
      world.tell(() => `  ${this.#of.name} issued r${token.number} (#${token.id})`);
      onIssue(this.#of, token);
      return { token: show(token), value: new SecretValue(token.value) };
    });
  }

  revoke(id: number): Promise<Remote> {
    const { world } = this.#of;
    const { at } = this;
    return this.#call("revoke", () => {
      this.#here(at);
      const token = world.ledger.get(id);
      onRevoke(this.#of, token);
      world.tell(() => `  ${this.#of.name} revoked r${token.number}`);
      return show(world.ledger.revoke(id, "us"));
    });
  }

  restore(id: number): Promise<Remote> {
    const { world } = this.#of;
    const { at } = this;
    return this.#call("restore", () => {
      this.#here(at);
      const token = world.ledger.restore(id);
      // A frozen process that still obeys an object that is gone.
      if (world.object?.uid !== this.#of.uid) world.orphans.add(id);
      world.tell(() => `  ${this.#of.name} restored r${token.number}`);
      return show(token);
    });
  }

  delete(id: number): Promise<void> {
    const { world } = this.#of;
    const { at } = this;
    return this.#call("delete", () => {
      this.#here(at);
      const token = world.ledger.get(id);
      onDelete(this.#of, token);
      world.ledger.delete(id, "us");
      world.tell(() => `  ${this.#of.name} deleted r${token.number}`);
    });
  }

  verify(value: SecretValue): Promise<Verification> {
    const { world } = this.#of;
    return this.#call("verify", () => {
      const good = world.refusedUntil <= world.time.now && world.ledger.use(value.reveal()) !== null;
      if (!good) onVerify(this.#of, world.ledger.ofValue(value.reveal()));
      return good ? { is: "good" } : { is: "refused", message: "401 Unauthorized" };
    });
  }

  createServiceUser(): Promise<User> {
    return Promise.reject(new Error("not simulated"));
  }

  updateServiceUser(): Promise<User> {
    return Promise.reject(new Error("not simulated"));
  }

  deactivateServiceUser(): Promise<void> {
    return Promise.reject(new Error("not simulated"));
  }

  reactivateServiceUser(): Promise<User> {
    return Promise.reject(new Error("not simulated"));
  }
}
