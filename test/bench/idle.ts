// `make bench-idle`: what two replicas do, one leading, when nothing happens.
import { setTimeout as sleep } from "node:timers/promises";
import { startGround, total, type RunningOperator } from "./ground.ts";
import { populate } from "./population.ts";
import { show } from "./report.ts";

const N = Number(process.argv[2] ?? 200);
const SECONDS = Number(process.argv[3] ?? 60);
const namespace = "idle";

interface Idle {
  readonly what: string;
  readonly perSecond: number;
  readonly share: number;
  readonly resident: number;
  readonly requests: string;
}

async function watchIdle(what: string, operator: RunningOperator): Promise<Idle> {
  const before = { cpu: operator.cpu(), requests: await operator.requests(), at: performance.now() };
  await sleep(SECONDS * 1_000);
  const seconds = (performance.now() - before.at) / 1_000;
  const cpu = operator.cpu() - before.cpu;
  const after = await operator.requests();
  const said = [...after].flatMap(([key, count]) => (count > (before.requests.get(key) ?? 0) ? [`${count - (before.requests.get(key) ?? 0)} ${key}`] : []));
  return { what, perSecond: (total(after) - total(before.requests)) / seconds, share: (cpu / seconds) * 100, resident: operator.resident(), requests: said.join(", ") };
}

const ground = await startGround();
try {
  await populate(ground, namespace, N);
  const leader = await ground.operator(namespace);
  await sleep(5_000);
  const standby = await ground.operator(namespace);
  await sleep(5_000);
  const rows = await Promise.all([watchIdle("the leader", leader), watchIdle("a stand-by", standby)]);
  await Promise.all([standby.stop(), leader.stop()]);
  const most = (pick: (idle: Idle) => number): number => Math.max(...rows.map(pick));
  show({
    name: "bench-idle",
    title: `Two replicas for ${SECONDS} s with ${N} Ready objects; the floor is the lease, renewed every two seconds`,
    head: ["run", "apiserver requests a second", "% of a core", "RSS MiB", "requests"],
    rows: [["a lease every 2 s: the floor", "0.50", "", "", ""], ...rows.map(({ what, perSecond, share, resident, requests }) => [what, perSecond.toFixed(2), share.toFixed(2), resident.toFixed(0), requests])],
    budgets: [
      { what: "apiserver requests a second", limit: "0.6", seen: most(({ perSecond }) => perSecond).toFixed(2), kept: most(({ perSecond }) => perSecond) <= 0.6 },
      { what: "CPU", limit: "0.5 % of a core", seen: `${most(({ share }) => share).toFixed(2)} %`, kept: most(({ share }) => share) < 0.5 },
    ],
  });
} finally {
  await ground.close();
}
