// The token API at the end of a bad line: each call travels, may fail before or after its effect, and comes back late.
import { LifecycleError } from "../../core/error.ts";
import type { Remote } from "../../core/observed.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { SECOND_LOOK } from "../../core/situation.ts";
import { ClockOffset, measuredNow } from "../../tokenapi/clock-offset.ts";
import type { IssuedToken, NewToken, TokenApi, TokenList, User, Verification } from "../../tokenapi/api.ts";
import { onDelete, onRevoke } from "./law-end.ts";
import { onIssue, onIssueElsewhere, onTrial, onVerify } from "./law-issue.ts";
import { CREDENTIAL, show, type Token } from "./ledger.ts";
import { ill, onLate } from "./bad-timing.ts";
import { onGivenUp, onIssued, onRevoked } from "./misfortune.ts";
import type { Process } from "./process.ts";
import type { Issuer } from "./world.ts";

const TIMEOUT = 10_000;
/** What can become of a call. cut-off: it took effect, and half of the answer came. */
export const FAULTS = ["429", "500", "lost-before", "lost-after", "cut-off", "late", "slow"] as const;

/** By the process's steady clock, and by true time. */
interface Listed {
  readonly at: number;
  readonly sentAt: number;
  readonly doneAt: number;
  readonly tokens: readonly Remote[];
}

export class SimApi implements TokenApi {
  readonly #of: Process;
  readonly #clockOffset: ClockOffset;
  /** True time at which the newest list was asked for. */
  listedAt = 0;
  readonly at: Issuer;
  /** True time at which the users were asked for last. */
  usersAt = 0;
  /** The version of the delivered copy that stood there when the newest list was made. */
  copyAt = 0;
  /** True times at which this process was told that a token is revoked, as it had asked. */
  readonly endedAt = new Map<number, number>();
  /** The lists that can still count as the later or the earlier of two looks, and what our own writes were answered since. */
  lists: Listed[] = [];
  writes: { readonly id: number; readonly at: number; readonly active: boolean | null }[] = [];

  constructor(of: Process, at: Issuer) {
    this.#of = of;
    this.#clockOffset = new ClockOffset(of.clock);
    this.at = at;
  }

  get clockOffset(): number {
    return this.#clockOffset.now;
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    const { world } = this.#of;
    const { random, ledger } = world;
    const writes = this.#writes(name);
    this.#of.answer = null;
    await this.#of.park(name, 5, 300);
    if (world.outageUntil > world.time.now) {
      world.coverage.meet("fault", "outage");
      throw new LifecycleError("retryable", "UNAVAILABLE", "the API answers 503");
    }
    const bad = this.#fault(name);
    if (bad !== "none") this.#note(name, bad);
    if (bad === "429") throw new LifecycleError("retryable", "TOO_MANY", "the API answers 429", { retryAfter: random.chance(0.5) ? 2_000 : null });
    if (bad === "500") throw new LifecycleError(writes ? "uncertain" : "retryable", "SERVER_ERROR", "the API answers 500");
    if (bad === "lost-before" || (bad === "late" && name !== "issue")) {
      await this.#of.park(name, TIMEOUT, TIMEOUT + 1);
      throw new LifecycleError(writes ? "uncertain" : "retryable", "TIMEOUT", `${name} timed out`);
    }
    if (bad === "late") {
      world.comesLate(random.span(1_000, 300_000), () => this.#late(effect));
      onGivenUp(world);
      await this.#of.park(name, TIMEOUT, TIMEOUT + 1);
      throw new LifecycleError("uncertain", "TIMEOUT", `${name} timed out`);
    }
    const result = effect();
    this.#of.answer = result;
    if (bad === "cut-off") throw new LifecycleError(writes ? "uncertain" : "retryable", "CUT_OFF", `${name}: the answer ends in the middle`);
    if (bad === "lost-after") {
      await this.#of.park(name, 100, TIMEOUT);
      throw new LifecycleError(writes ? "uncertain" : "retryable", "RESET", `${name}: the connection broke`);
    }
    await (bad === "slow" ? this.#of.park(name, 2_000, TIMEOUT) : this.#of.park(name, 5, 300));
    this.#clockOffset.note(measuredNow(ledger.clock + 500 - this.#of.clock.now(), this.#of.clock));
    return result;
  }

  /** Of what can become of a POST, that it takes effect when nobody waits for it any more is the most dangerous. */
  #fault(name: string): (typeof FAULTS)[number] | "none" {
    const { world } = this.#of;
    const { random, profile } = world;
    const certain = ill(this.#of, name);
    if (certain) return certain;
    if (!world.mishap(profile.fault)) return "none";
    return name === "issue" && random.chance(0.3) ? "late" : random.pick(FAULTS);
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
      onLate(world);
    } catch (error) {
      world.tell(() => `  late request refused: ${String(error)}`);
    } finally {
      this.#of.late = false;
    }
  }

  /** Another API, or another identity, knows nothing of our tokens: it may as well have one of that number that is somebody else's. */
  #find(id: number): Token {
    const { world } = this.#of;
    const token = world.ledger.get(id);
    if (token.place === this.at.place) return token;
    // An id that was given out since, where the ids of all began anew.
    if (token.activeSince < this.#of.seenAt(this.at)) world.broken("L2 never without", `${this.#of.name} asked for #${id} at ${this.at.url}, and it is a token of another API`);
    throw new LifecycleError("missing", "NO_SUCH_TOKEN", "no such token");
  }

  me(): Promise<User> {
    return this.#call("me", () => ({ id: this.at.userId, userId: "admin", name: "Admin", role: "Admin", type: "Human" as const, teams: [], active: true }));
  }

  serviceUsers(): Promise<readonly User[]> {
    this.usersAt = this.#of.world.time.now;
    return this.#call("users", () => this.#of.world.ledger.listUsers(this.at.place));
  }

  async tokens(which: TokenList): Promise<readonly Remote[]> {
    const { world, clock } = this.#of;
    const { at: place } = this;
    const at = world.time.now;
    const sentAt = clock.monotonic();
    let complete = true;
    let copyAt = 0;
    const tokens = await this.#call("list", () => {
      complete = world.cutUntil <= world.time.now || place.place !== "home" || !world.neighbours.knows(this.#of);
      copyAt = world.secret.version;
      if (world.deniedUntil > world.time.now) throw new LifecycleError("denied", world.deniedAs, "The credential may not list tokens.");
      return complete ? world.ledger.list(which, place.place) : [];
    });
    if (complete) {
      this.listedAt = at;
      this.copyAt = copyAt;
    }
    this.#keep({ at, sentAt, doneAt: clock.monotonic(), tokens });
    return tokens;
  }

  #keep(list: Listed): void {
    const earlier = this.lists.findLast(({ at }) => at <= list.at - SECOND_LOOK);
    this.lists = [...this.lists.filter((other) => other === earlier || other.at > list.at - SECOND_LOOK), list];
    this.writes = this.writes.filter(({ at }) => at >= list.sentAt);
  }

  /** What a write of ours was answered counts until a later list is here. */
  #wrote(id: number, active: boolean | null): void {
    this.writes = [...this.writes.filter((other) => other.id !== id), { id, at: this.#of.clock.monotonic(), active }];
  }

  async issue(input: NewToken): Promise<IssuedToken> {
    const { world } = this.#of;
    const { at } = this;
    const issued = await this.#call("issue", () => {
      onIssueElsewhere(this.#of, at);
      if (at.place === "nobody") throw new LifecycleError("denied", "PERMISSION_DENIED", "This credential may not issue tokens here.");
      const token = world.ledger.issue({ place: at.place, name: input.name, days: input.expiresInDays, scim: input.scimEndpointsOnly, owner: input.userId ?? CREDENTIAL });
      world.tell(() => `  ${this.#of.name} issued r${token.number} (#${token.id})`);
      onIssue(this.#of, token);
      onIssued(world, token);
      return { token: show(token), value: new SecretValue(token.value) };
    });
    this.#wrote(issued.token.id, true);
    const token = world.ledger.of(issued.token);
    if (token) token.knownTo = this.#of.name;
    return issued;
  }

  async revoke(id: number): Promise<Remote> {
    const { world } = this.#of;
    const remote = await this.#call("revoke", () => {
      const token = this.#find(id);
      onRevoke(this.#of, token);
      onRevoked(world);
      world.tell(() => `  ${this.#of.name} revoked r${token.number}`);
      if (token.active) token.endedIn = this.#of.name;
      // What another resource asks for is the world's doing, as seen from this one.
      return show(world.ledger.revoke(id, token.mark === world.mark ? "us" : "outside"));
    });
    this.#wrote(id, false);
    this.endedAt.set(id, this.#of.world.time.now);
    return remote;
  }

  async restore(id: number): Promise<Remote> {
    const { world } = this.#of;
    const remote = await this.#call("restore", () => {
      this.#find(id);
      const token = world.ledger.restore(id, "us");
      // A frozen process that still obeys an object that is gone.
      if (world.object?.uid !== this.#of.uid) world.orphans.add(token);
      world.tell(() => `  ${this.#of.name} restored r${token.number}`);
      return show(token);
    });
    this.#wrote(id, true);
    this.endedAt.delete(id);
    return remote;
  }

  async delete(id: number): Promise<void> {
    const { world } = this.#of;
    await this.#call("delete", () => {
      const token = this.#find(id);
      onDelete(this.#of, token);
      world.ledger.delete(id, "us");
      world.tell(() => `  ${this.#of.name} deleted r${token.number}`);
    });
    this.#wrote(id, null);
  }

  async verify(value: SecretValue): Promise<Verification> {
    const { world } = this.#of;
    if (world.sluggishUntil > world.time.now) await this.#of.park("verify", 9_000, TIMEOUT);
    const from = world.time.now;
    return this.#call("verify", () => {
      const used = world.refusedUntil <= world.time.now ? world.ledger.use(value.reveal()) : null;
      if (used?.deliveredAt) {
        onTrial(this.#of, used, from);
        Object.assign(used, { triedAt: world.time.now, triedFrom: from });
      }
      const good = used !== null;
      if (world.ledger.ofValue(value.reveal())?.deliveredAt) this.#tried(good);
      if (!good) onVerify(this.#of, world.ledger.ofValue(value.reveal()));
      return good ? { is: "good" } : { is: "refused", message: "401 Unauthorized" };
    });
  }

  /** A list that leaves out what is refused says the truth about it, whatever else it leaves out. */
  #tried(good: boolean): void {
    if (!good) this.listedAt ||= this.lists.at(-1)?.at ?? 0;
    this.#of.world.neighbours.follow(this.#of, !good);
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
