// Rounds of chaos: each breaks something while tokens are issued, rotated and deleted, mends it, and then the books
// have to balance. The choice of faults and every moment come from the seed.
import { setTimeout as sleep } from "node:timers/promises";
import { defineResource, secrets, type KubeObject } from "../../controller/runtime/index.ts";
import { Random } from "../simulation/random.ts";
import { credential, issuer } from "../support/scene.ts";
import { balance, type Books } from "./books.ts";
import { Churn } from "./churn.ts";
import type { Count } from "./consumer.ts";
import { atOnce, everything, faults, fork, inRounds, type Fault } from "./faults.ts";
import { insist, NAMESPACE, startStand, tokenIssuers, type Stand } from "./stand.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly rounds: number;
  /** How often the fault "kill" kills each time that it comes: in rounds of a hundred at most. */
  readonly kills: number;
  /** Objects made in each round. */
  readonly objects: number;
  readonly consumers: number;
  /** Default 30: without a restore a shorter one does. */
  readonly overlapSeconds?: number;
  /** The operator's command, before its arguments. */
  readonly program: readonly string[];
  /** Only these faults, "wires and etcd" at the same time; default: all, each once before any comes twice, and all at once in the last round. */
  readonly only?: readonly string[];
  readonly said?: (round: Round) => void;
}

export interface Round {
  readonly number: number;
  readonly fault: string;
  readonly did: string;
  readonly books: Books;
  /** Calls of consumers in this round that were refused. */
  readonly refused: number;
  /** Consumers that nobody has heard of since: what they would have been refused is not known. */
  readonly silent: readonly string[];
  readonly seconds: number;
}

export interface Chaotic {
  readonly rounds: readonly Round[];
  readonly counts: readonly Count[];
  readonly kills: number;
  readonly rotations: number;
  readonly objects: number;
  /** Tokens that the API issued. */
  readonly issued: number;
  /** Tokens that something cut off between issue and delivery, and that were cleared: those of which an event could be written. */
  readonly cleared: number;
  /** What the operators logged in the rounds that failed. */
  readonly logs: string;
}

const events = defineResource("events.k8s.io/v1", "Event", "events");
const PATIENCE_MS = 180_000;
const HEARD_MS = 30_000;
const QUIET_MS = 5_000;
/** How long two tokens of a consumer overlap: longer than a restore takes it back. */
const OVERLAP_SECONDS = 30;
const ELECTION: readonly string[] = ["--leader-elect=true"];

export async function runChaos(options: ChaosOptions): Promise<Chaotic> {
  const random = new Random(options.seed);
  const order = chosen(options, random).flatMap((fault) => inRounds(fault, options.kills));
  const stand = await startStand(fork(random), options.program);
  const rounds: Round[] = [];
  let logs = "";
  try {
    const churn = new Churn(stand, fork(random), { consumers: options.consumers, overlapSeconds: options.overlapSeconds ?? OVERLAP_SECONDS });
    await declareIssuer(stand);
    await churn.begin();
    await work(stand, ELECTION);
    let books = await balance(stand, churn, PATIENCE_MS);
    if (books.seconds === null) throw new Error(`It never began: ${books.problem}. ${tails(stand)}`);
    await stand.consume(churn.consumed);
    for (const [index, fault] of order.entries()) {
      const started = performance.now();
      const before = refusals(stand);
      const heard = stand.consumed();
      await work(stand, fault.flags ?? ELECTION);
      const churning = turn(churn, options.objects);
      let broken: string | null = null;
      const did = await fault.run({ stand, churn, random: fork(random), kills: fault.kills ?? options.kills }).catch((error: unknown) => {
        broken = error instanceof Error ? error.message : String(error);
        return "not to its end";
      });
      await churning;
      await insist("the declared objects", () => churn.reconcile());
      if (fault.flags !== undefined) await work(stand, ELECTION);
      books = await balance(stand, churn, PATIENCE_MS);
      if (books.seconds !== null && index === order.length - 1) books = await lasting(stand, churn, books);
      if (broken !== null) books = { ...books, seconds: null, problem: broken };
      const silent = await unheard(stand, churn.consumed, heard);
      const round = { number: index + 1, fault: fault.name, did, books, refused: refusals(stand) - before, silent, seconds: (performance.now() - started) / 1_000 };
      rounds.push(round);
      options.said?.(round);
      if (isFailed(round)) {
        logs = tails(stand);
        break;
      }
    }
    return { rounds, counts: stand.consumed(), kills: stand.replicas.reduce((sum, { kills }) => sum + kills, 0), rotations: churn.rotations, objects: churn.objects, issued: stand.api.issued, cleared: await cleared(stand), logs };
  } finally {
    await stand.close();
  }
}

export const isFailed = ({ books, refused, silent }: Round): boolean => books.seconds === null || refused > 0 || silent.length > 0;

/** A restore takes events back with it, and a kill those that were not written yet: there were more. */
async function cleared({ client }: Stand): Promise<number> {
  const { items } = await client.list<KubeObject & { reason?: string; series?: { count: number } }>(events, { namespace: NAMESPACE });
  return items.filter(({ reason }) => reason === "LostToken").reduce((sum, { series }) => sum + (series?.count ?? 1), 0);
}

/** Consumers that were not answered once since then; a second of theirs is as good as any other. */
async function unheard(stand: Stand, names: readonly string[], since: readonly Count[]): Promise<readonly string[]> {
  const good = (counts: readonly Count[], name: string): number => counts.find(({ secret }) => secret === name)?.good ?? 0;
  const missing = (): string[] => names.filter((name) => !stand.consuming() || good(stand.consumed(), name) <= good(since, name));
  for (const until = performance.now() + HEARD_MS; missing().length > 0 && performance.now() < until; ) await sleep(500);
  return missing();
}

/** What balances has to stay so. */
async function lasting(stand: Stand, churn: Churn, books: Books): Promise<Books> {
  await sleep(QUIET_MS);
  const later = await balance(stand, churn, 1);
  return later.problem === null && later.active === books.active ? books : { ...books, seconds: null, problem: later.problem ?? `${later.active} tokens are active, and a moment before it were ${books.active}` };
}

/** Every fault once before one comes twice, in an order of the seed; all at once at the end. */
function chosen({ rounds, only }: ChaosOptions, random: Random): Fault[] {
  const all = [...faults, everything];
  const named = (name: string): Fault => all.find((fault) => fault.name === name) ?? fail(name, all);
  if (only !== undefined) return only.map((name) => atOnce(name, name.split(" and ").map(named)));
  const order: Fault[] = [];
  while (order.length < rounds - 1) {
    const left = [...faults];
    while (left.length > 0) order.push(...left.splice(random.int(left.length), 1));
  }
  return [...order.slice(0, rounds - 1), everything];
}

function fail(name: string, all: readonly Fault[]): never {
  throw new Error(`There is no fault ${JSON.stringify(name)}: there are ${all.map((fault) => fault.name).join(", ")}.`);
}

async function declareIssuer({ client, service, apiWire }: Stand): Promise<void> {
  await client.create(secrets, { namespace: NAMESPACE }, credential(service().adminToken));
  await client.create(tokenIssuers, { namespace: NAMESPACE }, issuer(apiWire.url));
}

/** Both operators run with these flags. */
async function work(stand: Stand, flags: readonly string[]): Promise<void> {
  await Promise.all(stand.replicas.map((replica) => replica.start(flags)));
}

/** What happens to objects while something breaks. */
async function turn(churn: Churn, objects: number): Promise<void> {
  await churn.make(objects);
  for (let count = 0; count < Math.ceil(objects / 4); count++) {
    await churn.rotate(churn.anyIdle());
    if (churn.declared.size > objects * 3) await churn.remove(churn.anyIdle());
  }
  await churn.rotate(churn.anyUsed());
  while (churn.declared.size > objects * 4) await churn.remove(churn.anyIdle());
}

const refusals = (stand: Stand): number => stand.consumed().reduce((sum, { refused }) => sum + refused, 0);

function tails(stand: Stand): string {
  return stand.replicas.map((replica) => `--- ${replica.name}\n${replica.logs().split("\n").slice(-60).join("\n")}`).join("\n");
}
