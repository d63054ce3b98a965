// `make bench-drain`: N waiting ServiceTokens, the operator started, until N Secrets exist and N objects are Ready;
// beside it the floor, in the same run. With MUTATION=1 the objects carry the finalizer, as with the admission policy.
import { setTimeout as sleep } from "node:timers/promises";
import { floor, floorAlone, type Floor } from "./floor.ts";
import type { Alone } from "./floor-process.ts";
import { each, IN_FLIGHT, serviceTokens, startGround, total, waiting, type Ground } from "./ground.ts";
import { countReady } from "./ready.ts";
import { show } from "./report.ts";

const N = Number(process.argv[2] ?? 1_000);
const ROUNDS = Number(process.argv[3] ?? 1);
const carried = process.env["MUTATION"] === "1";
const writes = carried ? 2 : 3;

interface Run {
  readonly seconds: number;
  readonly start: number;
  readonly cpu: number;
  readonly peak: number;
  readonly requests: number;
  readonly issued: number;
}

async function ours(ground: Ground, namespace: string): Promise<Run> {
  await ground.namespace(namespace);
  await each(N, (index) => ground.client.create(serviceTokens, { namespace }, waiting(`ours-${index}`, carried ? { finalizers: ["tokens.qualytics.io/tokens"] } : {})));
  await ground.issuer(namespace);
  // Each round as the first: none has the tokens of others in its lists.
  await ground.forget();
  const before = (await ground.stats()).issued;
  const ready = await countReady(ground, namespace);
  const operator = await ground.operator(namespace);
  const end = await ready.reached(N);
  const seconds = (end - operator.spawnedAt) / 1_000;
  await ready.stop();
  // What it still says about all of it belongs to the price.
  await sleep(3_000);
  const requests = total(await operator.requests()) / N;
  const run = { seconds, start: operator.started, cpu: operator.cpu(), peak: operator.peak(), requests, issued: (await ground.stats()).issued - before };
  await operator.stop();
  return run;
}

const ground = await startGround();
try {
  const floors: Floor[] = [];
  const alone: Alone[] = [];
  const runs: Run[] = [];
  // Once unmeasured: the apiserver learns too.
  await floor(ground, Math.min(N, 200), 3);
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(await floor(ground, N, writes));
    if (!carried) alone.push(await floorAlone(ground, N));
    runs.push(await ours(ground, `ours-${round}`));
  }
  const ratio = (index: number): number => ((runs[index]?.seconds ?? 0) - (runs[index]?.start ?? 0)) / (floors[index]?.seconds ?? 1);
  const worst = (pick: (run: Run, index: number) => number): number => Math.max(...runs.map(pick));
  show({
    name: "bench-drain",
    title: `${N} waiting objects, ${IN_FLIGHT} in flight, ${carried ? "finalizer with the object" : "finalizer written by the operator"}`,
    head: ["run", "wall s", "start s", "CPU s", "peak RSS MiB", "requests an object", "tokens issued", "(wall - start) / floor"],
    rows: runs.flatMap((run, index) => [
      [`bare loop, ${writes} writes an object: the floor`, (floors[index]?.seconds ?? 0).toFixed(2), "", (floors[index]?.cpu ?? 0).toFixed(2), "", String(writes), "", "1"],
      ...alone.slice(index, index + 1).map(({ cpu, peak }) => ["the same in a process of its own, each token issued and verified", "", "", cpu.toFixed(2), peak.toFixed(0), "3", String(N), ""]),
      ["the operator", run.seconds.toFixed(2), run.start.toFixed(2), run.cpu.toFixed(2), run.peak.toFixed(0), run.requests.toFixed(2), String(run.issued), ratio(index).toFixed(2)],
    ]),
    budgets: [
      { what: "wall", limit: "1.3 x floor + start", seen: `${worst((_, index) => ratio(index)).toFixed(2)} x`, kept: worst((_, index) => ratio(index)) <= 1.3 },
      { what: "CPU", limit: "2.0 s", seen: `${worst(({ cpu }) => cpu).toFixed(2)} s`, kept: worst(({ cpu }) => cpu) <= 2 },
      { what: "peak RSS", limit: "110 MiB", seen: `${worst(({ peak }) => peak).toFixed(0)} MiB`, kept: worst(({ peak }) => peak) <= 110 },
      { what: "requests an object", limit: carried ? "2.1" : "3.1", seen: worst(({ requests }) => requests).toFixed(2), kept: worst(({ requests }) => requests) <= (carried ? 2.1 : 3.1) },
      { what: "tokens issued", limit: String(N), seen: runs.map(({ issued }) => issued).join(", "), kept: runs.every(({ issued }) => issued === N) },
    ],
  });
} finally {
  await ground.close();
}
