// When a control plane that was just started is quiet: it has no work of its own left from its start, and takes
// custom resources as readily as it will an hour later. A kube-apiserver holds each create of a kind for two seconds
// while the kind's definition is younger than that, and builds its tables and documents in the first seconds; a floor
// measured then is that, and no floor. Measures nothing of the benches.
import { setTimeout as sleep } from "node:timers/promises";
import type { Resource, RestClient } from "../../controller/runtime/index.ts";
import { cpuOf } from "./process-time.ts";

const LIMIT_MS = 60_000;
/** Far below the hold, and far above what a busy machine takes for one request. */
const PROMPT_MS = 500;
/** Of one core, over a second: watches and leases of an idle one stay well below. */
const BUSY_SHARE = 0.15;
const QUIET_SECONDS = 2;

export interface Sample {
  readonly resource: Resource;
  readonly body: object;
}

/** Resolves once each sample is taken promptly (a dry run, which leaves nothing) and the processes have been idle for two seconds. */
export async function becomeQuiet(client: RestClient, samples: readonly Sample[], pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  for (const sample of samples) while (!(await isPrompt(client, sample))) await pause(100, deadline);
  let calm = 0;
  while (calm < QUIET_SECONDS) {
    const before = pids.map(cpuOf);
    await pause(1_000, deadline);
    calm = pids.every((pid, index) => cpuOf(pid) - (before[index] ?? 0) < BUSY_SHARE) ? calm + 1 : 0;
  }
}

async function isPrompt(client: RestClient, { resource, body }: Sample): Promise<boolean> {
  const started = performance.now();
  const taken = await client.create(resource, { namespace: "default" }, body, { dryRun: true }).then(() => true, () => false);
  return taken && performance.now() - started < PROMPT_MS;
}

async function pause(ms: number, deadline: number): Promise<void> {
  if (performance.now() > deadline) throw new Error(`The control plane is not quiet after ${LIMIT_MS / 1_000} s: is the machine too busy to measure on?`);
  await sleep(ms);
}
