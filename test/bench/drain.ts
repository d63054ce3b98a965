// `make bench-drain`: N waiting ServiceTokens, the operator started, until N Secrets exist and N objects are Ready;
// beside it the floor: a bare loop over the same client that makes as many writes, in the same run.
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defineResource, loadCredentials, RestClient, secrets } from "../../controller/runtime/index.ts";
import { startGuarded, type GuardedChild } from "../support/child.ts";
import { startControlPlane, type ControlPlane } from "../support/control-plane.ts";

const N = Number(process.argv[2] ?? 1_000);
const IN_FLIGHT = 32;
const root = join(import.meta.dirname, "..", "..");
const group = "tokens.qualytics.io/v1alpha1";
const serviceTokens = defineResource(group, "ServiceToken", "servicetokens");
const folder = mkdtempSync(join(tmpdir(), "bench-drain-"));

interface Figures {
  readonly what: string;
  readonly seconds: number;
  readonly cpu: number;
  readonly rss: number | null;
  readonly requests: number;
}

async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

const object = (prefix: string, index: number): object => ({
  apiVersion: group,
  kind: "ServiceToken",
  metadata: { name: `${prefix}-${index}` },
  spec: { issuerRef: { name: "stub" }, serviceUser: { name: "Data Ingest" } },
});

async function prepare(plane: ControlPlane, client: RestClient, namespace: string, prefix: string): Promise<void> {
  await plane.kubectl(["create", "namespace", namespace]);
  await each(N, (index) => client.create(serviceTokens, { namespace }, object(prefix, index)));
}

/** CPU seconds of a process so far, user and system. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const peakOf = (pid: number): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;

async function floor(plane: ControlPlane, client: RestClient, writes: 2 | 3): Promise<Figures> {
  const namespace = `floor-${writes}`;
  await prepare(plane, client, namespace, "floor");
  const value = Buffer.from("s".repeat(300)).toString("base64");
  const before = process.cpuUsage();
  const started = performance.now();
  await each(N, async (index) => {
    const name = `floor-${index}`;
    if (writes === 3) await client.patch(serviceTokens, { namespace, name }, { metadata: { finalizers: ["tokens.qualytics.io/tokens"] } }, { type: "merge", metadataOnly: true });
    await client.create(secrets, { namespace }, { apiVersion: "v1", kind: "Secret", metadata: { name, annotations: { record: "r".repeat(600) } }, data: { token: value } }, { metadataOnly: true });
    await client.patch(serviceTokens, { namespace, name }, { status: { observedGeneration: 1 } }, { type: "merge", subresource: "status", metadataOnly: true });
  });
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(before);
  return { what: `bare loop, ${writes} writes an object`, seconds, cpu: (user + system) / 1e6, rss: null, requests: writes };
}

async function ours(plane: ControlPlane, client: RestClient, stub: string): Promise<Figures & { issued: number; ready: number }> {
  const namespace = "ours";
  await prepare(plane, client, namespace, "ours");
  await client.create(secrets, { namespace }, { apiVersion: "v1", kind: "Secret", metadata: { name: "admin" }, data: { token: Buffer.from("admin").toString("base64") } });
  const issuer = { apiVersion: group, kind: "TokenIssuer", metadata: { name: "stub", namespace }, spec: { url: stub, credentialsSecretRef: { name: "admin" } } };
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify(issuer));
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const started = performance.now();
  const child = await startGuarded(folder, "operator", [process.execPath, join(root, "dist", "cli", "main.js"), "controller", "--kubeconfig", plane.kubeconfigPath, "--namespace", namespace, "--metrics", `127.0.0.1:${port}`]);
  const ready = async (): Promise<number> => {
    const { items } = await client.list<{ status?: { conditions?: { type: string; status: string }[] } }>(serviceTokens, { namespace }, {});
    return items.filter(({ status }) => status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True")).length;
  };
  let count = 0;
  // Looking costs the apiserver something too: not more often than twice a second.
  while (count < N) {
    await sleep(500);
    count = await ready();
    if (!child.running()) throw new Error(child.logTail());
  }
  const seconds = (performance.now() - started) / 1_000;
  await sleep(3_000);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const requests = [...metrics.matchAll(/^rest_client_requests_total\{.*\} (\d+)$/gm)].reduce((sum, [, value]) => sum + Number(value), 0) / N;
  const figures = { what: "the operator", seconds, cpu: cpuOf(child.pid), rss: peakOf(child.pid), requests };
  await child.stop("SIGTERM");
  const { issued } = (await (await fetch(`${stub}/stats`)).json()) as { issued: number };
  return { ...figures, issued, ready: count };
}

async function startStub(): Promise<{ url: string; child: GuardedChild }> {
  const child = await startGuarded(folder, "stub", [process.execPath, join(import.meta.dirname, "stub-api.ts")]);
  for (;;) {
    const line = /\{"url":"([^"]+)"\}/.exec(child.logTail());
    if (line?.[1]) return { url: line[1], child };
    await sleep(20);
  }
}

const plane = await startControlPlane();
const stub = await startStub();
const client = new RestClient({ credentials: await loadCredentials({ kubeconfig: plane.kubeconfigPath }) });
try {
  await plane.kubectl(["apply", "-f", join(root, "crds")]);
  await sleep(1_000);
  const rows = [await floor(plane, client, 2), await floor(plane, client, 3)];
  const mine = await ours(plane, client, stub.url);
  const print = ({ what, seconds, cpu, rss, requests }: Figures): string =>
    `${what.padEnd(30)} ${seconds.toFixed(1).padStart(6)} s wall ${cpu.toFixed(1).padStart(5)} s CPU ${(rss === null ? "" : `${rss.toFixed(0)} MiB`).padStart(8)} ${requests.toFixed(2).padStart(6)} requests an object`;
  process.stdout.write(`${N} objects, ${IN_FLIGHT} in flight, ${cpus().length} cores\n${[...rows, mine].map(print).join("\n")}\n`);
  process.stdout.write(`the operator / the floor of 3 writes: ${(mine.seconds / (rows[1]?.seconds ?? 1)).toFixed(2)}; ${mine.issued} tokens issued, ${mine.ready} Ready\n`);
  process.exitCode = mine.issued === N ? 0 : 1;
} finally {
  await client.close();
  await stub.child.stop("SIGTERM");
  await plane.stop();
  rmSync(folder, { recursive: true, force: true });
}
