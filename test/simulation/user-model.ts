// The small model of a service user as an object of its own: the real loop (tokenapi/user-converge.ts) over a token API
// that is a list of users. Every interleaving of at most one crash, one lost answer and one outside change is visited,
// from every beginning. Users have no secret and no record, so what may go wrong is little, and stands where it would:
// each Breach says what was broken.
import { LifecycleError } from "../../core/error.ts";
import { MINUTE, SECOND } from "../../core/duration.ts";
import type { DesiredUser } from "../../core/user/desired.ts";
import type { TokenApi, User } from "../../tokenapi/api.ts";
import { IssuerSession } from "../../tokenapi/issuer.ts";
import { convergeUser } from "../../tokenapi/user-converge.ts";
import { blankUserMemory, OPEN_USER_POLICY } from "../../tokenapi/user-scene.ts";
import { Branching } from "./branching.ts";

export interface UserBudget {
  readonly crashes: number;
  readonly lost: number;
  readonly changes: number;
}

class Breach extends Error {}
class Crash extends Error {}

/** Bound to nothing else: what the user is called, and what another one is called meanwhile. */
const NAME = "Data Ingest";
const NEVER = (): Promise<never> => Promise.reject(new Error("not asked for"));
/** So many runs come to rest in peace: a refusal is left alone for five minutes, a count for one. */
const RUNS = 14;

type Begins = "nobody" | "right" | "in use" | "deactivated" | "another role";
export const BEGINNINGS: readonly Begins[] = ["nobody", "right", "in use", "deactivated", "another role"];

const CHANGES: readonly { readonly name: string; readonly run: (world: UserWorld) => void }[] = [
  { name: "somebody makes the user", run: (world) => world.named ?? world.add("Member") },
  { name: "it is renamed", run: (world) => world.edit({ name: "Another" }) },
  { name: "it is deactivated", run: (world) => world.edit({ active: false }) },
  { name: "it is given another role", run: (world) => world.edit({ role: "Viewer" }) },
  { name: "it is removed", run: (world) => world.forget() },
  { name: "it gets a token", run: (world) => world.useIt() },
  { name: "the status is wiped", run: (world) => (world.bound = null) },
  { name: "the object is deleted", run: (world) => world.deleteObject() },
  { name: "the spec asks for another role", run: (world) => (world.object.role = "Manager") },
];

class UserWorld {
  readonly ways: Branching;
  readonly story: string[] = [];
  readonly object: { role: string; deleting: boolean; held: boolean; gone: boolean };
  readonly policy: DesiredUser["deletionPolicy"];
  users: User[] = [];
  /** What the status says. */
  bound: number | null = null;
  now = 0;
  /** How many of its tokens are active, and until when. */
  #tokensUntil = 0;
  #left: UserBudget;
  #id = 10;
  #made = 0;
  readonly #own = new Set<number>();
  /** The request that is under way left when the object was gone. */
  #sentInVain = false;
  #allowed = 1;
  /** True: nothing goes wrong any more. */
  calm = false;

  constructor(ways: Branching, budget: UserBudget, begins: Begins, policy: DesiredUser["deletionPolicy"]) {
    this.ways = ways;
    this.#left = budget;
    this.policy = policy;
    this.object = { role: "Member", deleting: false, held: false, gone: false };
    if (begins !== "nobody") this.add(begins === "another role" ? "Viewer" : "Member", begins !== "deactivated");
    if (begins === "in use") this.useIt();
  }

  get named(): User | undefined {
    return this.users.find(({ name }) => name === NAME);
  }

  get inUse(): boolean {
    return this.#tokensUntil > this.now;
  }

  add(role: string, active = true): User {
    const user: User = { id: ++this.#id, userId: `u${this.#id}@service`, name: NAME, role, type: "Service", teams: [], active };
    this.users = [...this.users, user];
    return user;
  }

  edit(change: Partial<User>): void {
    this.users = this.users.map((user) => (user.name === NAME ? { ...user, ...change } : user));
    // A user of another name is not ours: where nothing tells that it was, another is made, as a fresh object would.
    if (change.name !== undefined) this.#allowed++;
  }

  forget(): void {
    this.users = this.users.filter(({ name }) => name !== NAME);
    this.#allowed++;
  }

  useIt(): void {
    if (this.named?.active) this.#tokensUntil = this.now + 10 * MINUTE;
  }

  /** Nothing holds one that leaves its user as it is: it is gone at once. */
  deleteObject(): void {
    this.object.deleting = true;
    this.object.gone = !this.object.held;
  }

  /** A moment at which anything may happen, before a request of ours takes effect. */
  #moment(): void {
    if (this.calm) return;
    const which = this.#left.changes === 0 ? 0 : this.ways.choose(1 + CHANGES.length);
    const change = CHANGES[which - 1];
    if (change) {
      this.#left = { ...this.#left, changes: 0 };
      this.story.push(change.name);
      change.run(this);
    }
    if (this.#left.crashes > 0 && this.ways.choose(2) === 1) this.#die();
  }

  #die(): never {
    this.#left = { ...this.#left, crashes: this.#left.crashes - 1 };
    this.story.push("dies");
    throw new Crash();
  }

  async call<T>(name: string, effect: () => T): Promise<T> {
    await Promise.resolve();
    this.#sentInVain = this.object.gone;
    this.now += SECOND;
    this.#moment();
    const lost = this.calm || this.#left.lost === 0 ? 0 : this.ways.choose(3);
    if (lost > 0) this.#left = { ...this.#left, lost: this.#left.lost - 1 };
    const isRead = name === "list" || name === "tokens";
    const failed = new LifecycleError(isRead ? "retryable" : "uncertain", "RESET", `${name}: the connection broke`);
    this.story.push(`${name}${["", ": lost before", ": lost after"][lost] ?? ""}`);
    if (lost === 1) throw failed;
    const result = effect();
    if (lost === 2) throw failed;
    if (!this.calm && this.#left.crashes > 0 && this.ways.choose(2) === 1) this.#die();
    return result;
  }

  /** A new user is asked for. */
  create(role: string): User {
    if (this.named) {
      if (this.#own.has(this.named.id)) throw new Breach("a user was asked for again that it had made itself");
      throw new LifecycleError("conflict", "NAME_TAKEN", "the name exists");
    }
    this.#write("created");
    if (this.users.some(({ id }) => id === this.bound)) throw new Breach("a second user was made beside one that was renamed");
    if (this.policy === "Deactivate" && !this.object.held) throw new Breach("a user was made before its object was held");
    if (++this.#made > this.#allowed) throw new Breach(`${this.#made} users were made`);
    const user = this.add(role);
    this.#own.add(user.id);
    return user;
  }

  change(id: number, change: Partial<User>): User {
    const user = this.users.find((other) => other.id === id);
    if (!user) throw new LifecycleError("missing", "NO_SUCH_USER", "no such user");
    if (!user.active && change.active !== true) throw new LifecycleError("invalid", "DEACTIVATED", "the user is deactivated");
    if (change.active === false && this.inUse) throw new LifecycleError("conflict", "IN_USE", "it has active tokens");
    this.#write("changed");
    if (change.active === false && !(this.object.deleting && this.policy === "Deactivate")) throw new Breach("a user was deactivated, and nobody asked for that");
    const changed = { ...user, ...change };
    this.users = this.users.map((other) => (other.id === id ? changed : other));
    return changed;
  }

  #write(what: string): void {
    if (this.#sentInVain) throw new Breach(`a user was ${what} for an object that is gone`);
  }
}

function apiOf(world: UserWorld): TokenApi {
  return {
    me: () => Promise.resolve({ id: 1, userId: "admin", name: "Admin", role: "Admin", type: "Human", teams: [], active: true }),
    serviceUsers: () => world.call("list", () => world.users),
    createServiceUser: ({ role }) => world.call("create", () => world.create(role)),
    updateServiceUser: (id, change) => world.call("change", () => world.change(id, change)),
    deactivateServiceUser: async (id) => void (await world.call("deactivate", () => world.change(id, { active: false }))),
    reactivateServiceUser: (id) => world.call("reactivate", () => world.change(id, { active: true })),
    tokens: () => world.call("tokens", () => (world.inUse && world.named ? [{ id: 1, name: "theirs", created: 0, active: true, expires: null, lastUsed: null, owner: world.named.id }] : [])),
    issue: NEVER,
    revoke: NEVER,
    restore: NEVER,
    delete: NEVER,
    verify: NEVER,
    clockOffset: 0,
  };
}

/** One process: it lives until it dies, or until it has nothing left to do and `until` is over. */
async function run(world: UserWorld, runs: number): Promise<void> {
  const clock = { now: () => world.now, monotonic: () => world.now + 1, sleep: NEVER };
  const issuer = await IssuerSession.open(apiOf(world), { url: "https://qualytics.example", clock });
  const memory = blankUserMemory();
  const { object } = world;
  for (let i = 0; i < runs && !object.gone; i++) {
    const desired: DesiredUser = { resource: "data/ingest", name: NAME, role: object.role, teams: null, deletionPolicy: world.policy, paused: false, deleting: object.deleting, abandon: false };
    const { plan, error } = await convergeUser({
      desired,
      issuer,
      issuerProblem: null,
      policy: OPEN_USER_POLICY,
      bound: world.bound,
      claimed: null,
      memory,
      held: () => object.held,
      hold: () => world.call("hold", () => void (object.held = !object.gone)),
      release: () => world.call("release", () => void (object.gone = true)),
      // As the operator does: whoever acts on what was edited meanwhile acts on nothing.
      guard: () => {
        if (object.gone || object.deleting !== desired.deleting || object.role !== desired.role) throw new LifecycleError("conflict", "EDITED_MEANWHILE", "It was edited meanwhile.");
      },
      clock,
    });
    if (error?.code === "TOO_MANY_STEPS") throw new Breach(error.message);
    truthful(desired, plan.conditions[0]?.status === "True", issuer);
    // The status is written once there is something to say.
    if (plan.outcome === "rest") world.bound = issuer.users.user({ name: NAME })?.id ?? null;
    world.now += error ? SECOND : Math.max(SECOND, (plan.nextDue ?? world.now + MINUTE) - world.now);
    // The operator lists again with the issuer's next list.
    if (error) continue;
    await issuer.users.refresh(world.now - SECOND).catch(rethrow);
    if (object.deleting) await issuer.tokens("service").refresh(world.now - SECOND).catch(rethrow);
  }
}

function rethrow(problem: unknown): void {
  if (!(problem instanceof LifecycleError)) throw problem;
}

/** Ready is what the newest listing showed. */
function truthful(desired: DesiredUser, isReady: boolean, { users }: IssuerSession): void {
  const seen = users.user({ name: NAME });
  if (isReady && !desired.deleting && (!seen?.active || seen.role !== desired.role)) throw new Breach("Ready, and the newest listing shows something else");
}

function atRest({ object, policy, named, inUse, users }: UserWorld): void {
  if (object.deleting) {
    if (!object.gone) throw new Breach("the object was not let go");
    // What was not held yet goes unseen.
    if (!object.held) return;
    if (policy === "Deactivate" && named?.active && !inUse) throw new Breach("the user outlived its object");
    return;
  }
  const isRenamed = !named && users.length > 0;
  if (isRenamed) return;
  if (!named?.active || named.role !== object.role) throw new Breach(`the user is not as it should be: ${JSON.stringify(named ?? null)}`);
  if (users.filter(({ name }) => name === NAME).length > 1) throw new Breach("two users of one name");
}

/** A process dies, another one starts; then nothing goes wrong any more. */
async function live(world: UserWorld): Promise<void> {
  for (const calm of [false, false, true]) {
    world.calm = calm;
    try {
      await run(world, calm ? RUNS : 3);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  atRest(world);
}

/** Visits every history; answers how many there were, and the story of the first that breaks something. */
export async function visitUsers(budget: UserBudget, begins: Begins, policy: DesiredUser["deletionPolicy"]): Promise<{ histories: number; breach: string | null }> {
  let histories = 0;
  for (let prefix: number[] | null = []; prefix; histories++) {
    const ways: Branching = new Branching(prefix);
    const world = new UserWorld(ways, budget, begins, policy);
    try {
      await live(world);
    } catch (error) {
      if (!(error instanceof Breach)) throw error;
      return { histories, breach: `${error.message}\n${world.story.join("\n")}` };
    }
    prefix = ways.following();
  }
  return { histories, breach: null };
}

/** From every beginning, with either deletion policy; stops at the first that breaks something. */
export async function visitAllUsers(budget: UserBudget): Promise<{ histories: number; breach: string | null }> {
  let histories = 0;
  for (const policy of ["Orphan", "Deactivate"] as const) {
    for (const begins of BEGINNINGS) {
      const visited = await visitUsers(budget, begins, policy);
      histories += visited.histories;
      if (visited.breach) return { histories, breach: `${begins}, ${policy}: ${visited.breach}` };
    }
  }
  return { histories, breach: null };
}
