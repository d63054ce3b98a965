// The small model: every interleaving of two revisions with at most one crash, one lost answer and one outside change,
// visited completely, so that small cases do not depend on luck. Each history is lived from its beginning with a list
// of choices; the last choice that has an alternative is turned, until none is left.
//   CRASHES=1 LOST=1 CHANGES=1   how much may go wrong at most
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { SECOND } from "../../core/duration.ts";
import { Coverage } from "./coverage.ts";
import { peace, until } from "./history.ts";
import { parameter } from "./parameters.ts";
import { ACTS } from "./person.ts";
import { Random } from "./random.ts";
import { World, type Breach } from "./world.ts";

export interface Budget {
  readonly crashes: number;
  readonly lost: number;
  readonly changes: number;
}

export interface Visited {
  readonly histories: number;
  /** Distinct states of API, delivered copy and declaring object at which something could go wrong. */
  readonly states: number;
  readonly breach: (Breach & { readonly story: readonly string[] }) | null;
}

/** What the outside may change, once. */
const CHANGES = ACTS.filter(({ name }) =>
  ["rotate", "state", "compromised", "delete-object", "secret-deleted", "secret-edited", "record-removed", "revoked-elsewhere", "deleted-elsewhere", "owner-deactivated"].includes(name),
);

/** No chance at all: everything takes its shortest time and comes first, and what is left open is chosen. */
class Choices extends Random {
  readonly #prefix: readonly number[];
  readonly made: { taken: number; of: number }[] = [];
  /** What the next pick is to be. */
  forced: unknown = null;

  constructor(prefix: readonly number[]) {
    super(0);
    this.#prefix = prefix;
  }

  override next(): number {
    return 0;
  }

  override chance(): boolean {
    return false;
  }

  override pick<T>(from: readonly T[]): T {
    const { forced } = this;
    this.forced = null;
    return from.find((value) => value === forced) ?? (from[0] as T);
  }

  choose(of: number): number {
    const taken = this.#prefix[this.made.length] ?? 0;
    this.made.push({ taken, of });
    return taken;
  }

  /** The choices of the next history; null: all are visited. */
  following(): number[] | null {
    const made = [...this.made];
    for (let last = made.pop(); last; last = made.pop()) {
      if (last.taken + 1 < last.of) return [...made.map(({ taken }) => taken), last.taken + 1];
    }
    return null;
  }
}

const CRASH = 1;
const FREEZE = 2;

class SmallWorld extends World {
  readonly #choices: Choices;
  readonly #states: Set<string>;
  #left: Budget;

  constructor(choices: Choices, budget: Budget, states: Set<string>, story: string[] | null) {
    super(choices, new Coverage(), story, { mode: "elected", crash: CRASH, freeze: FREEZE, fault: 6, pause: SECOND, acts: 0 });
    this.#choices = choices;
    this.#left = budget;
    this.#states = states;
  }

  override mishap(probability: number): boolean {
    if (!this.faults || probability === FREEZE) return false;
    if (probability !== CRASH) return this.#loses();
    this.#states.add(this.#digest());
    this.#changes();
    if (this.#left.crashes === 0 || this.#choices.choose(2) === 0) return false;
    this.#left = { ...this.#left, crashes: this.#left.crashes - 1 };
    return true;
  }

  #loses(): boolean {
    const loses = this.#left.lost === 0 ? 0 : this.#choices.choose(3);
    if (loses === 0) return false;
    this.#left = { ...this.#left, lost: this.#left.lost - 1 };
    this.#choices.forced = loses === 1 ? "lost-before" : "lost-after";
    return true;
  }

  #changes(): void {
    const which = this.#left.changes === 0 ? 0 : this.#choices.choose(1 + CHANGES.length);
    const change = CHANGES[which - 1];
    if (!change) return;
    this.#left = { ...this.#left, changes: this.#left.changes - 1 };
    this.tell(() => `PERSON ${change.name}`);
    change.run(this);
  }

  #digest(): string {
    const { object, ledger, secret, replicas } = this;
    const tokens = [...ledger.tokens.values()].map(({ number, active, lastUsed }) => [number, active, lastUsed !== null]);
    const memory = replicas.map((replica) => [replica.memory.hand?.number, replica.memory.hand?.verified, replica.memory.uncertainAt !== null, replica.memory.taken]);
    const record = secret.current?.record?.replaceAll(/"\d{4}-[^"]*"/g, "") ?? null;
    return createHash("sha256").update(JSON.stringify([tokens, memory, record, secret.current?.value, object?.spec, object?.deleting, object?.held])).digest("base64");
  }
}

async function live(choices: Choices, budget: Budget, states: Set<string>, story: string[] | null): Promise<SmallWorld> {
  const world = new SmallWorld(choices, budget, states, story);
  const { object } = world;
  if (object) {
    object.spec.days = null;
    object.spec.verify = true;
    object.spec.retire = { when: "Deadline", minOverlap: 2 * SECOND, idleFor: 2 * SECOND, maxOverlap: 10 * SECOND };
  }
  world.causes += budget.lost + 2;
  await until(world, world.time.now + 30 * SECOND);
  if (world.object && !world.object.deleting) world.object.spec.rotate = "second";
  world.outside(500);
  await until(world, world.time.now + 60 * SECOND);
  if (!world.breach) await peace(world);
  return world;
}

/** Visits all of it, or stops at the first law that is broken. */
export async function visit(budget: Budget, tell: (histories: number) => void = () => undefined): Promise<Visited> {
  const states = new Set<string>();
  let histories = 0;
  for (let prefix: number[] | null = []; prefix; ) {
    const choices: Choices = new Choices(prefix);
    const { breach } = await live(choices, budget, states, null);
    histories++;
    tell(histories);
    if (breach) {
      const story: string[] = [];
      await live(new Choices(choices.made.map(({ taken }) => taken)), budget, states, story);
      return { histories, states: states.size, breach: { ...breach, story } };
    }
    prefix = choices.following();
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
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`${histories} histories, ${states} states, ${seconds} seconds, ${breach ? `broken: ${breach.law}` : "all visited, no law broken"}`);
  return breach ? 1 : 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await main();
