// The small model: every interleaving of two revisions with at most one crash, one lost answer and one outside change,
// visited completely, so that small cases do not depend on luck. Each history is lived from its beginning with a list
// of choices; the last choice that has an alternative is turned, until none is left. A history that comes to a state
// (state.ts) in which another one has been ends there: what follows was visited, or will be.
//   CRASHES=1 LOST=1 CHANGES=1   how much may go wrong at most
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { SECOND } from "../../core/duration.ts";
import { Branching } from "./branching.ts";
import { Coverage } from "./coverage.ts";
import { peace, until } from "./history.ts";
import { parameter } from "./parameters.ts";
import { ACTS } from "./person.ts";
import { Random } from "./random.ts";
import { stateOf } from "./state.ts";
import { Timeline, type What } from "./timeline.ts";
import { visitAllUsers } from "./user-model.ts";
import { World, type Breach } from "./world.ts";

export interface Budget {
  readonly crashes: number;
  readonly lost: number;
  readonly changes: number;
}

export interface Visited {
  readonly histories: number;
  /** Distinct states of the whole small world, and of what may still go wrong, in which something could go wrong. */
  readonly states: number;
  readonly breach: (Breach & { readonly story: readonly string[] }) | null;
}

/** What the outside may change, once. */
const CHANGES = ACTS.filter(({ name }) =>
  ["rotate", "state", "compromised", "delete-object", "secret-deleted", "secret-edited", "record-removed", "revoked-elsewhere", "deleted-elsewhere", "owner-deactivated"].includes(name),
);

/** No chance at all: everything takes its shortest time and comes first, and what is left open is chosen. */
class Choices extends Random {
  readonly ways: Branching;
  /** What the next pick is to be one of. */
  forced: readonly unknown[] = [];

  constructor(ways: Branching) {
    super(0);
    this.ways = ways;
  }

  override next(): number {
    return 0;
  }

  override chance(): boolean {
    return false;
  }

  override pick<T>(from: readonly T[]): T {
    const { forced } = this;
    this.forced = [];
    return from.find((value) => forced.includes(value)) ?? (from[0] as T);
  }
}

/** Each state, and how many issues could still come in it before there were more than there was cause for. */
type States = Map<string, number>;

const CRASH = 1;
const FREEZE = 2;

/** What is under way takes no time, what is waited for takes whole seconds: the API's own grain. */
class Seconds extends Timeline {
  override in(delay: number, run: () => void, what: What | null = null): void {
    super.in(delay < SECOND / 2 ? 0 : Math.ceil(delay / SECOND) * SECOND, run, what);
  }
}

class SmallWorld extends World {
  readonly #choices: Choices;
  readonly #states: States;
  #left: Budget;
  /** When the present part of the history ends. */
  ends = 0;
  /** It came to a state in which another history has been. */
  merged = false;

  constructor(choices: Choices, budget: Budget, states: States, story: string[] | null) {
    super(choices, new Coverage(), story, { profile: { mode: "elected", crash: CRASH, freeze: FREEZE, fault: 6, pause: SECOND, acts: 0 }, time: new Seconds() });
    this.#choices = choices;
    this.#left = budget;
    this.#states = states;
  }

  override mishap(probability: number): boolean {
    if (!this.faults || this.merged || probability === FREEZE) return false;
    if (this.visited(probability === CRASH ? "wait" : "answer")) return false;
    if (probability !== CRASH) return this.#loses();
    this.#changes();
    if (this.#left.crashes === 0 || this.#choices.ways.choose(2) === 0) return false;
    this.#left = { ...this.#left, crashes: this.#left.crashes - 1 };
    return true;
  }

  /** Whether another history has been in this state; this one is over then. */
  visited(at: string): boolean {
    if (!this.#choices.ways.isFree) return false;
    const { crashes, lost, changes } = this.#left;
    const state = `${at} ${crashes} ${lost} ${changes} ${this.ends - this.time.now} ${stateOf(this)}`;
    const key = createHash("sha1").update(state).digest("base64");
    // Whoever had fewer issues to spare would have broken more laws.
    const spare = this.causes - this.issues;
    this.merged = (this.#states.get(key) ?? Number.POSITIVE_INFINITY) <= spare;
    if (!this.merged) this.#states.set(key, spare);
    return this.merged;
  }

  #loses(): boolean {
    const loses = this.#left.lost === 0 ? 0 : this.#choices.ways.choose(3);
    if (loses === 0) return false;
    this.#left = { ...this.#left, lost: this.#left.lost - 1 };
    this.#choices.forced = loses === 1 ? ["lost-before", "before"] : ["lost-after", "after"];
    return true;
  }

  #changes(): void {
    const which = this.#left.changes === 0 ? 0 : this.#choices.ways.choose(1 + CHANGES.length);
    const change = CHANGES[which - 1];
    if (!change) return;
    this.#left = { ...this.#left, changes: this.#left.changes - 1 };
    this.tell(() => `PERSON ${change.name}`);
    change.run(this);
  }
}

async function live(choices: Choices, budget: Budget, states: States, story: string[] | null): Promise<SmallWorld> {
  const world = new SmallWorld(choices, budget, states, story);
  const { object } = world;
  if (object) {
    object.spec.days = null;
    object.spec.verify = true;
    object.spec.retire = { when: "Deadline", minOverlap: 2 * SECOND, idleFor: 2 * SECOND, maxOverlap: 10 * SECOND };
  }
  world.causes += budget.lost + 2;
  await part(world, 30 * SECOND);
  if (world.object && !world.object.deleting) world.object.spec.rotate = "second";
  world.outside(500);
  await part(world, 60 * SECOND);
  if (!world.breach && !world.merged && !world.visited("peace")) await peace(world);
  return world;
}

async function part(world: SmallWorld, length: number): Promise<void> {
  world.ends = world.time.now + length;
  await until(world, world.ends, () => world.merged);
}

/** Visits all of it, or stops at the first law that is broken. */
export async function visit(budget: Budget, tell: (histories: number) => void = () => undefined): Promise<Visited> {
  const states: States = new Map();
  let histories = 0;
  for (let prefix: number[] | null = []; prefix; ) {
    const ways: Branching = new Branching(prefix);
    const { breach } = await live(new Choices(ways), budget, states, null);
    histories++;
    tell(histories);
    if (breach) {
      const story: string[] = [];
      await live(new Choices(new Branching(ways.made.map(({ taken }) => taken))), budget, states, story);
      return { histories, states: states.size, breach: { ...breach, story } };
    }
    prefix = ways.following();
  }
  return { histories, states: states.size, breach: null };
}

async function main(): Promise<number> {
  const budget = { crashes: parameter("CRASHES", 1), lost: parameter("LOST", 1), changes: parameter("CHANGES", 1) };
  const started = performance.now();
  const { histories, states, breach } = await visit(budget, (lived) => {
    if (lived % 20_000 === 0) console.error(`${lived} histories, ${((performance.now() - started) / 1_000).toFixed(0)} s`);
  });
  if (breach) console.log(`${breach.story.slice(-80).join("\n")}\n${breach.law}: ${breach.text}`);
  const users = await visitAllUsers(budget);
  if (users.breach) console.log(users.breach);
  console.log(`service users: ${users.histories} histories, ${users.breach ? "broken" : "all visited, nothing broken"}`);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`${histories} histories, ${states} states, ${seconds} seconds, ${breach ? `broken: ${breach.law}` : "all visited, no law broken"}`);
  return breach ?? users.breach ? 1 : 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
