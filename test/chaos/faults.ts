// What breaks. Each fault begins, lasts, and is over when its promise resolves: then its surroundings are whole again.
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../simulation/random.ts";
import { honest } from "../support/lying-proxy.ts";
import type { Proxy } from "../support/proxy.ts";
import type { Churn } from "./churn.ts";
import type { Replica } from "./replica.ts";
import { insist, told, values, wipe, type Stand } from "./stand.ts";

export interface Chaos {
  readonly stand: Stand;
  readonly churn: Churn;
  readonly random: Random;
  /** Kills in a round that kills. */
  readonly kills: number;
}

export interface Fault {
  readonly name: string;
  readonly what: string;
  /** How the operators run meanwhile. Default: with leader election. */
  readonly flags?: readonly string[];
  /** How many kills of the run's are this one's. Default: as many as the run says. */
  readonly kills?: number;
  /** What it did, in a few words. */
  run(chaos: Chaos): Promise<string>;
}

/** A stream of chance of its own: what runs beside it draws nothing from it. */
export const fork = (random: Random): Random => new Random(random.int(2 ** 31));

/** So many kills lie between two rotations of a token that is used, between two objects that come and go, and between two statuses wiped. */
const USED_EVERY = 8;
const REPLACED_EVERY = 3;
const WIPED_EVERY = 5;

/** So many kills of a hundred hit one that is still starting. */
const EARLY = 0.1;

/** The books are looked at after so many kills at the latest. */
const KILLS_A_ROUND = 100;

/** Of a long run, so many are made while everything else breaks: that ends long before a thousand would. */
const AT_ONCE_KILLS = 20;

/** Longer than a lease lives, so that another one leads when the frozen one wakes. */
const FROZEN_MS = 18_000;

const kill: Fault = {
  name: "kill",
  what: "SIGKILL of the operator at random moments, soon after it has begun to work or while it starts",
  flags: ["--leader-elect=false"],
  async run({ stand, churn, random, kills }) {
    // One alone, so that each kill hits the one that works.
    await stand.replicas[1]?.stop();
    const [replica] = stand.replicas as [Replica];
    for (let count = 0; count < kills; ) {
      const early = random.chance(EARLY);
      await insist("the operator", () => ((early ? replica.running() : replica.ready()) ? Promise.resolve() : Promise.reject(new Error("it does not run"))), { everyMs: 20 });
      // There is something to do at each of them, however many there are.
      if (count > 0) await more({ stand, churn, random, kills }, count);
      await sleep(random.span(5, 2_000));
      // One that was killed may look as if it ran for a moment longer, and the next one is not there yet: that is no kill.
      if (replica.kill()) count += 1;
    }
    return `${kills} kills`;
  },
};

/** Rotations, now and then of one that is used; a token more and one less; a status that is wiped. */
async function more({ stand, churn, random }: Chaos, count: number): Promise<void> {
  await churn.rotate(churn.anyIdle());
  await churn.rotate(count % USED_EVERY === 0 ? churn.anyUsed() : churn.anyIdle());
  if (count % WIPED_EVERY === 0) await wipe(stand, random.pick([...churn.declared.keys()]));
  if (count % REPLACED_EVERY !== 0) return;
  await churn.make(1);
  await churn.remove(churn.anyIdle());
}

/** Kills in rounds of a hundred, each with its audit; any other fault as it is. */
export function inRounds(fault: Fault, kills: number): readonly Fault[] {
  if (fault !== kill) return [fault];
  const count = Math.ceil(kills / KILLS_A_ROUND);
  return Array.from({ length: count }, (_, index) => ({ ...kill, kills: Math.min(KILLS_A_ROUND, kills - index * KILLS_A_ROUND) }));
}

const freeze: Fault = {
  name: "freeze",
  what: "the leader frozen (SIGSTOP) past its lease, and woken again",
  async run({ stand, random }) {
    const leader = await insist("a leader", () => {
      const found = stand.replicas.find((replica) => replica.leads());
      return found ? Promise.resolve(found) : Promise.reject(new Error("nobody leads"));
    });
    await sleep(random.span(50, 1_500));
    leader.freeze();
    await sleep(FROZEN_MS + random.int(3_000));
    leader.wake();
    await sleep(1_000);
    return `${leader.name} frozen`;
  },
};

const rivals: Fault = {
  name: "two leaders",
  what: "two operators at work at once, leader election off",
  flags: ["--leader-elect=false"],
  async run({ random }) {
    await sleep(8_000 + random.int(4_000));
    return "both at work";
  },
};

const apiserver: Fault = {
  name: "apiserver",
  what: "the apiserver restarted, with and without a goodbye",
  async run({ stand, random }) {
    const signal = random.chance(0.5) ? "SIGTERM" : "SIGKILL";
    await sleep(random.span(100, 2_000));
    await stand.plane.restartApiserver(signal);
    return signal;
  },
};

const etcd: Fault = {
  name: "etcd",
  what: "etcd killed and started again",
  async run({ stand, random }) {
    await sleep(random.span(100, 2_000));
    await stand.plane.stopEtcd("SIGKILL");
    const away = random.int(3_000);
    await sleep(away);
    await stand.plane.startEtcd();
    return `away for ${away} ms`;
  },
};

const restore: Fault = {
  name: "restore",
  what: "etcd put back to an older copy; then a person declares again what is missing",
  async run({ stand, churn, random }) {
    await stand.backUp();
    // What the copy does not know: new objects, deleted ones, rotated ones, with and without a consumer.
    await churn.make(4);
    for (let count = 0; count < 2; count++) await churn.remove(churn.anyIdle());
    for (const name of [churn.anyIdle(), churn.anyIdle(), churn.anyUsed()]) if (churn.declared.has(name)) await churn.rotate(name);
    const age = 4_000 + random.int(6_000);
    await sleep(age);
    await stand.restore();
    await churn.reconcile();
    return `a copy ${Math.round(age / 1_000)} s old`;
  },
};

/** Asked for anew each time: an operator that was started meanwhile has a wire of its own. */
async function tear(wires: () => readonly Proxy[], random: Random, seconds: number): Promise<string> {
  let cuts = 0;
  for (const until = performance.now() + seconds * 1_000; performance.now() < until; cuts++) {
    random.pick(wires()).drop();
    await sleep(random.span(50, 2_000));
  }
  for (const wire of wires()) wire.cut();
  await sleep(random.span(200, 4_000));
  for (const wire of wires()) wire.heal();
  await sleep(1_000);
  for (const wire of wires()) wire.deafen();
  await sleep(5_000);
  return `${cuts} cuts, deaf once`;
}

const wires: Fault = {
  name: "wires",
  what: "connections to the apiserver cut, refused for a while, and gone deaf (half-open)",
  run: ({ stand, random }) => tear(() => stand.replicas.map(({ wire }) => wire), random, 9),
};

const apiWires: Fault = {
  name: "token API wires",
  what: "connections to the token API cut, refused for a while, and gone deaf (half-open)",
  run: ({ stand, random }) => tear(() => [stand.apiWire], random, 6),
};

const service: Fault = {
  name: "token API killed",
  what: "the token API killed, away, and started again",
  async run({ stand, random }) {
    await sleep(random.span(100, 2_000));
    await stand.killService();
    const away = random.int(4_000);
    await sleep(away);
    await stand.startService();
    return `away for ${away} ms`;
  },
};

const moody = (name: string, what: string, mood: Partial<typeof honest>): Fault => ({
  name,
  what,
  async run({ stand, random }) {
    const before = stand.api.misled;
    stand.api.mood = { ...honest, ...mood };
    await sleep(10_000 + random.int(4_000));
    stand.api.mood = honest;
    const misled = stand.api.misled - before;
    return misled === 0 ? "all answers" : `${misled} answers`;
  },
});

const slow = moody("token API slow", "the token API slow, up to 4 s a request", { slow: 4_000 });
const lying = moody("token API lying", "the token API answers 5xx after the effect, or not at all", { lie: 0.25, lose: 0.15 });
const busy = moody("token API busy", "the token API says 429", { busy: 0.5 });

const wiped: Fault = {
  name: "status wiped",
  what: "statuses taken away from objects, also while they are worked on",
  async run({ stand, churn, random }) {
    // Nobody asks anything of these: whatever else happens, their tokens stay.
    const still = await churn.still(3);
    const before = await values(stand, still);
    const count = await wipeSome({ stand, churn, random }, 8_000);
    for (const name of still) await wipe(stand, name);
    await insist("the statuses", () => told(stand, still));
    const after = await values(stand, still);
    const changed = still.filter((_, index) => before[index] !== after[index]);
    if (changed.length > 0) throw new Error(`${changed.join(", ")} got another token when its status was wiped`);
    for (const name of still) await churn.remove(name);
    return `${count} wiped`;
  },
};

/** Any of them, also what somebody else deletes meanwhile. */
async function wipeSome({ stand, churn, random }: Pick<Chaos, "stand" | "churn" | "random">, milliseconds: number): Promise<number> {
  let count = 0;
  for (const until = performance.now() + milliseconds; performance.now() < until; count++) {
    await wipe(stand, random.pick([...churn.declared.keys()]));
    await sleep(random.span(5, 500));
  }
  return count;
}

export const faults: readonly Fault[] = [kill, freeze, rivals, apiserver, etcd, restore, wires, apiWires, service, slow, lying, busy, wiped];

/** Several at the same time, each with chances of its own. */
export function atOnce(name: string, those: readonly Fault[]): Fault {
  const [first, ...more] = those as readonly [Fault, ...Fault[]];
  if (more.length === 0) return first;
  const flags = those.find((fault) => fault.flags !== undefined)?.flags;
  return {
    name,
    what: those.map(({ what }) => what).join("; "),
    ...(flags === undefined ? {} : { flags }),
    async run(chaos) {
      const each = those.map((fault) => ({ fault, random: fork(chaos.random) }));
      return (await Promise.all(each.map(({ fault, random }) => fault.run({ ...chaos, random })))).join("; ");
    },
  };
}

/** One after the other: two restarts of one process at a time are one. */
const inTurn = (those: readonly Fault[]): ((chaos: Chaos) => Promise<void>) => async (chaos) => {
  for (const fault of those) await fault.run({ ...chaos, random: fork(chaos.random) });
};

/** A token API in every mood at once. */
const foul = { slow: 1_500, lie: 0.1, lose: 0.1, busy: 0.1 };

/** What surrounds the operators breaks, all of it at once, and they are killed meanwhile. */
async function around({ kills, ...chaos }: Chaos, inDoubt: (chaos: Chaos) => Promise<unknown>): Promise<void> {
  const { stand, random } = chaos;
  const alone = (): Chaos => ({ ...chaos, kills, random: fork(random) });
  const moments = fork(random);
  const killing = async (): Promise<void> => {
    for (let count = 0; count < kills; count++) {
      await sleep(moments.span(500, 5_000));
      moments.pick(stand.replicas).kill();
    }
  };
  stand.api.mood = foul;
  await Promise.all([killing(), inTurn([apiserver, etcd, restore])(alone()), wires.run(alone()), apiWires.run(alone()), service.run(alone()), wipeSome(alone(), 20_000), inDoubt(alone())]);
  stand.api.mood = honest;
}

/** Two that both work, and one of them sleeps long: nothing but the fence keeps it from doing what it was about to. */
async function sleepsLong({ stand, random }: Chaos): Promise<void> {
  const one = random.pick(stand.replicas);
  await sleep(random.span(50, 3_000));
  one.freeze();
  await sleep(FROZEN_MS);
  one.wake();
}

/** Every fault there is, in two acts: with leader election, and with two that both work. */
export const everything: Fault = {
  name: "all at once",
  what: "all of these at the same time, first with leader election, then with two operators at work; half of the kills in each",
  async run(chaos) {
    const { stand, random } = chaos;
    const kills = Math.min(chaos.kills, AT_ONCE_KILLS);
    const act = (share: number): Chaos => ({ ...chaos, kills: share, random: fork(random) });
    const run = (flags: readonly string[]): Promise<unknown> => Promise.all(stand.replicas.map((replica) => replica.start(flags)));
    const half = Math.ceil(kills / 2);
    await around(act(half), (alone) => freeze.run(alone));
    await run(["--leader-elect=false"]);
    await around(act(kills - half), sleepsLong);
    await run(["--leader-elect=true"]);
    return `${kills} kills`;
  },
};
