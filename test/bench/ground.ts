// What every bench stands on: a control plane of its own, a token API that costs next to nothing, a client, and the
// operator as a process whose time, memory and requests can be read. Decides nothing about what is measured.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defineResource, loadCredentials, RestClient, secrets } from "../../controller/runtime/index.ts";
import { startGuarded, type GuardedChild } from "../support/child.ts";
import { startControlPlane, type ControlPlane } from "../support/control-plane.ts";
import { cpuOf } from "./process-time.ts";
import { becomeQuiet } from "./quiet.ts";

export const IN_FLIGHT = 32;
export const GROUP = "tokens.qualytics.io/v1alpha1";
export const serviceTokens = defineResource(GROUP, "ServiceToken", "servicetokens");
const issuers = defineResource(GROUP, "TokenIssuer", "tokenissuers");
const root = join(import.meta.dirname, "..", "..");

/** Flags of node for the operator, to look into it: NODE_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/p" make bench-drain. */
const nodeFlags = (process.env["NODE_FLAGS"] ?? "").split(" ").filter((flag) => flag !== "");

/** As tools/launcher starts it. */
export const OPERATOR_FLAGS = ["--max-semi-space-size=2", "--heap-growing-percent=30", "--disable-sigusr1"];
export const OPERATOR_ENV = { ...process.env, NODE_COMPILE_CACHE: join(root, ".tools", "compile-cache") };

export interface StubStats {
  readonly issued: number;
  readonly lists: number;
  readonly active: number;
}

export interface RunningOperator {
  readonly pid: number;
  /** Seconds from the start of the process to its ready line. */
  readonly started: number;
  readonly spawnedAt: number;
  /** CPU seconds so far, user and system. */
  cpu(): number;
  /** MiB, at most so far. */
  peak(): number;
  /** MiB now. */
  resident(): number;
  running(): boolean;
  logTail(): string;
  /** Requests to the apiserver so far, by verb and resource. */
  requests(): Promise<Map<string, number>>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface Ground {
  readonly plane: ControlPlane;
  readonly client: RestClient;
  readonly stub: string;
  readonly folder: string;
  stats(): Promise<StubStats>;
  /** The token API has no tokens any more. */
  forget(): Promise<void>;
  namespace(name: string): Promise<void>;
  /** The issuer that the objects name, and its credential. */
  issuer(namespace: string, spec?: object): Promise<void>;
  operator(namespace: string, flags?: readonly string[], node?: readonly string[]): Promise<RunningOperator>;
  close(): Promise<void>;
}

/** As many at a time as the operator works on. */
export async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

export const waiting = (name: string, metadata: object = {}): object => ({
  apiVersion: GROUP,
  kind: "ServiceToken",
  metadata: { name, ...metadata },
  spec: { issuerRef: { name: "stub" }, serviceUser: { name: "Data Ingest" } },
});

const issuerBody = (url: string, spec: object = {}): object => ({
  apiVersion: GROUP,
  kind: "TokenIssuer",
  metadata: { name: "stub" },
  spec: { url, credentialsSecretRef: { name: "admin" }, ...spec },
});

export const total = (requests: ReadonlyMap<string, number>): number => [...requests.values()].reduce((sum, value) => sum + value, 0);

export async function startGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const plane = await startControlPlane();
  const stub = await startStub(folder);
  const client = new RestClient({ credentials: await loadCredentials({ kubeconfig: plane.kubeconfigPath }) });
  await plane.kubectl(["apply", "-f", join(root, "crds")]);
  const samples = [
    { resource: serviceTokens, body: waiting("sample") },
    { resource: issuers, body: issuerBody(stub.url) },
  ];
  await becomeQuiet(client, samples, Object.values(plane.pids));
  let count = 0;
  return {
    plane,
    client,
    folder,
    stub: stub.url,
    stats: async () => (await (await fetch(`${stub.url}/stats`)).json()) as StubStats,
    forget: async () => void (await fetch(`${stub.url}/forget`)),
    namespace: async (name) => void (await plane.kubectl(["create", "namespace", name])),
    async issuer(namespace, spec = {}) {
      const data = { token: Buffer.from("admin").toString("base64") };
      await client.create(secrets, { namespace }, { apiVersion: "v1", kind: "Secret", metadata: { name: "admin" }, data });
      await client.create(issuers, { namespace }, issuerBody(stub.url, spec));
    },
    operator: (namespace, flags = [], node = []) => startOperator({ folder, plane, namespace, name: `operator-${(count += 1)}` }, flags, [...nodeFlags, ...node]),
    async close() {
      await client.close();
      await stub.child.stop("SIGTERM");
      await plane.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startStub(folder: string): Promise<{ url: string; child: GuardedChild }> {
  const child = await startGuarded(folder, "stub", [process.execPath, join(import.meta.dirname, "stub-api.ts")]);
  for (;;) {
    const line = /\{"url":"([^"]+)"\}/.exec(child.logTail());
    if (line?.[1]) return { url: line[1], child };
    await sleep(20);
  }
}

async function startOperator(at: { folder: string; plane: ControlPlane; namespace: string; name: string }, flags: readonly string[], node: readonly string[]): Promise<RunningOperator> {
  const port = await freePort();
  const args = ["controller", "--kubeconfig", at.plane.kubeconfigPath, "--namespace", at.namespace, "--metrics", `127.0.0.1:${port}`, ...flags];
  const spawnedAt = performance.now();
  const command = node.length === 0 ? [join(root, "bin", "servicetokens"), ...args] : [process.execPath, ...node, join(root, "dist", "cli", "main.js"), ...args];
  const child = await startGuarded(at.folder, at.name, command);
  const log = join(at.folder, `${at.name}.log`);
  while (!readFileSync(log, "utf8").includes('{"ready":true}')) {
    if (!child.running()) throw new Error(child.logTail());
    await sleep(5);
  }
  const status = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
  return {
    pid: child.pid,
    started: (performance.now() - spawnedAt) / 1_000,
    spawnedAt,
    cpu: () => cpuOf(child.pid),
    peak: () => status("VmHWM"),
    resident: () => status("VmRSS"),
    running: () => child.running(),
    logTail: () => child.logTail(),
    async requests() {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const counts = new Map<string, number>();
      for (const [, labels = "", value] of text.matchAll(/^rest_client_requests_total\{(.*)\} (\d+)$/gm)) {
        const label = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
        const key = `${label("method")} ${label("resource")}`;
        counts.set(key, (counts.get(key) ?? 0) + Number(value));
      }
      return counts;
    },
    stop: (signal = "SIGTERM") => child.stop(signal),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
