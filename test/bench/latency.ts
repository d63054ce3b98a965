// `make bench-latency`: objects applied at a steady rate, and the time from each apply to its Secret. The floor is the
// same with nobody in between: the object created, and its Secret right after, by the same client; and once more with
// finalizer and status written too, since an apiserver that has twice as much to write answers later.
import { setTimeout as sleep } from "node:timers/promises";
import { identify, Reflector, secrets } from "../../controller/runtime/index.ts";
import { FINALIZER, secret, status } from "./floor-bodies.ts";
import { serviceTokens, startGround, waiting, type Ground } from "./ground.ts";
import { show } from "./report.ts";

const RATE = Number(process.argv[2] ?? 50);
const SECONDS = Number(process.argv[3] ?? 20);
const WARM = 50;

interface Latencies {
  readonly what: string;
  /** Milliseconds, sorted. */
  readonly all: readonly number[];
}

async function applied(ground: Ground, namespace: string, what: string, apply: (name: string) => Promise<unknown>): Promise<Latencies> {
  const { client } = ground;
  const started = new Map<string, number>();
  const seen = new Map<string, number>();
  const reflector = new Reflector({ client, resource: secrets, namespace, metadataOnly: true, project: identify });
  const onAdd = ({ key }: { key: string }): void => void seen.set(key.slice(key.indexOf("/") + 1), performance.now());
  reflector.store.subscribe({ onAdd });
  reflector.start();
  await reflector.synced(30_000);
  const begun = performance.now();
  const pending: Promise<unknown>[] = [];
  for (let index = 0; index < RATE * SECONDS + WARM; index++) {
    const wait = begun + (index * 1_000) / RATE - performance.now();
    if (wait > 1) await sleep(wait);
    const name = `object-${index}`;
    started.set(name, performance.now());
    pending.push(apply(name));
  }
  await Promise.all(pending);
  for (const until = performance.now() + 60_000; performance.now() < until; await sleep(50)) {
    if ([...started.keys()].every((name) => seen.has(name))) break;
  }
  await reflector.stop();
  // The first ones meet code that has never run: seen second by second, the first second's median is four times that of
  // the ones after it, and those do not get better any more.
  const all = [...started].slice(WARM).map(([name, at]) => (seen.get(name) ?? Infinity) - at);
  return { what, all: all.sort((a, b) => a - b) };
}

const at = ({ all }: Latencies, share: number): number => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Infinity;

const ground = await startGround();
try {
  const { client } = ground;
  await ground.namespace("floor");
  const bare = await applied(ground, "floor", "the object and its Secret, one after the other: the floor", async (name) => {
    await client.create(serviceTokens, { namespace: "floor" }, waiting(name));
    await client.create(secrets, { namespace: "floor" }, { apiVersion: "v1", kind: "Secret", metadata: { name }, data: { token: Buffer.from("s".repeat(300)).toString("base64") } }, { metadataOnly: true });
  });
  await ground.namespace("writes");
  const loaded = await applied(ground, "writes", "as many writes as the operator's, one after the other", async (name) => {
    const ref = { namespace: "writes", name };
    const { metadata = {} } = await client.create(serviceTokens, { namespace: "writes" }, waiting(name));
    await client.patch(serviceTokens, ref, { metadata: { finalizers: [FINALIZER] } }, { type: "merge", metadataOnly: true });
    await client.create(secrets, { namespace: "writes" }, secret(name, metadata.uid ?? ""), { metadataOnly: true });
    await client.patch(serviceTokens, ref, { status: status(name) }, { type: "merge", subresource: "status", metadataOnly: true });
  });
  await ground.namespace("ours");
  await ground.issuer("ours");
  const operator = await ground.operator("ours");
  await sleep(3_000);
  const ours = await applied(ground, "ours", "the operator", (name) => client.create(serviceTokens, { namespace: "ours" }, waiting(name)));
  await operator.stop();
  const p99 = at(ours, 0.99);
  show({
    name: "bench-latency",
    title: `${RATE} objects a second for ${SECONDS} s, from apply to Secret, milliseconds`,
    head: ["run", "p50", "p90", "p99", "most"],
    rows: [bare, loaded, ours].map((latencies) => [latencies.what, ...[0.5, 0.9, 0.99, 1].map((share) => at(latencies, share).toFixed(0))]),
    budgets: [{ what: "p99", limit: "250 ms", seen: `${p99.toFixed(0)} ms`, kept: p99 < 250 }],
  });
} finally {
  await ground.close();
}
