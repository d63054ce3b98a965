// The token service beside a bare HTTP handler, in one run: what a token check costs, what
// a long list costs in time and memory, how long a start takes. It is started as a person
// starts it. Run with `make bench-server`.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool, request } from "undici";
import { type PostgresCluster, startPostgres, whyNoPostgres } from "../server/postgres-cluster.ts";
import { type GuardedChild, startGuarded } from "../support/child.ts";
import { type Budget, show } from "./report.ts";
import { seedTokens } from "./server-seed.ts";

const connections = 64;
const rounds = 3;
const roundMs = Number(process.argv[2] ?? 4_000);
const tokens = 10_000;
const listings = 7;
const program = join(import.meta.dirname, "../../bin/servicetokens");
const folder = mkdtempSync(join(tmpdir(), "bench-server-"));

interface Target {
  readonly child: GuardedChild;
  readonly url: string;
  readonly startMs: number;
  readonly token: string;
}

async function until<Found>(look: () => Found | undefined): Promise<Found> {
  for (let patience = 0; patience < 6_000; patience += 1) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error("It did not start within a minute.");
}

function urlIn(log: string): string | undefined {
  return /^\{"url":"([^"]+)"/m.exec(readFileSync(log, "utf8"))?.[1];
}

async function startService(name: string, data: string): Promise<Target> {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  rmSync(join(place, "server.log"), { force: true });
  const file = join(folder, `${data.replace(/\W/g, "").slice(-20)}-token`);
  const started = performance.now();
  const child = await startGuarded(place, "server", [program, "server", "--listen", "127.0.0.1:0", "--data", data, "--admin-token-file", file, "--identity-rate", "off", "--address-rate", "off"]);
  const url = await until(() => (child.running() ? urlIn(join(place, "server.log")) : fail(child)));
  const answer = await request(`${url}/api/health`);
  await answer.body.dump();
  return { child, url, startMs: performance.now() - started, token: readFileSync(file, "utf8").trim() };
}

function fail(child: GuardedChild): never {
  throw new Error(`The service did not start: ${child.logTail()}`);
}

async function startBare(): Promise<Target> {
  const child = await startGuarded(folder, "bare", [process.execPath, join(import.meta.dirname, "bare-handler.ts")]);
  return { child, url: await until(() => urlIn(join(folder, "bare.log"))), startMs: 0, token: "" };
}

interface Load {
  /** In milliseconds. */
  readonly latencies: number[];
  /** What the server's process spent meanwhile, all its threads, in milliseconds. */
  readonly cpuMs: number;
}

/** A closed loop on all connections. */
async function load(target: Target): Promise<Load> {
  const { url, token } = target;
  const before = cpuOf(target);
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latencies: number[] = [];
  const end = performance.now() + roundMs;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const sent = performance.now();
        const { statusCode, body } = await pool.request({ method: "GET", path: "/api/users/me", headers: { authorization: `Bearer ${token}` } });
        await body.dump();
        if (statusCode !== 200) throw new Error(`Answered ${statusCode}`);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  await pool.close();
  return { latencies, cpuMs: cpuOf(target) - before };
}

/** User and system time; Linux counts in hundredths of a second. */
function cpuOf({ child }: Target): number {
  const [user, system] = (readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ").at(-1) ?? "").split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const quantile = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

function memory({ child }: Target, field: "VmRSS" | "VmHWM"): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
  return Number(line) * 1_024;
}

/** The rows of the table, each with a cell for the bare handler and for each storage. */
const rows = new Map<string, string[]>();
const budgets: Budget[] = [];

function note(what: string, column: number, value: string): void {
  const row = rows.get(what) ?? ["", "", ""];
  row[column] = value;
  rows.set(what, row);
}

function hold(what: string, limit: number, seen: number, unit: string): void {
  budgets.push({ what, limit: `${limit} ${unit}`, seen: `${seen.toFixed(2)} ${unit}`, kept: seen <= limit });
}

interface Column {
  readonly name: string;
  readonly number: number;
}

/** Turn and turn about, so that what else the machine does hits both. */
async function compare(bare: Target, service: Target, { name, number }: Column): Promise<void> {
  const seen: { bare: Load[]; service: Load[] } = { bare: [], service: [] };
  await load(service);
  for (let round = 0; round < rounds; round += 1) {
    seen.bare.push(await load(bare));
    seen.service.push(await load(service));
  }
  const latenciesOf = (loads: readonly Load[]): number[] => loads.flatMap(({ latencies }) => latencies);
  for (const [column, loads] of [[0, seen.bare], [number, seen.service]] as const) {
    const values = latenciesOf(loads);
    note("request, mean ms", column, mean(values).toFixed(2));
    note("request, 99 of 100 ms", column, quantile(values, 0.99).toFixed(2));
    note("requests a second", column, String(Math.round(values.length / ((rounds * roundMs) / 1_000))));
    // Of the server alone. The client costs about as much as the bare handler, so that one's latency is partly the client's.
    note("CPU of the server, µs a request", column, ((loads.reduce((sum, { cpuMs }) => sum + cpuMs, 0) * 1_000) / values.length).toFixed(0));
  }
  hold(`authenticated request on ${name}, beside the bare handler`, 2, mean(latenciesOf(seen.service)) / mean(latenciesOf(seen.bare)), "times");
}

async function list(service: Target, encoding: string): Promise<{ ms: number; bytes: number }> {
  const sent = performance.now();
  const { body, statusCode, headers } = await request(`${service.url}/api/user-tokens/service`, { headers: { authorization: `Bearer ${service.token}`, "accept-encoding": encoding } });
  const bytes = (await body.arrayBuffer()).byteLength;
  if (statusCode !== 200 || (headers["content-encoding"] ?? "identity") !== encoding) throw new Error(`Answered ${statusCode}, ${String(headers["content-encoding"])}`);
  return { ms: performance.now() - sent, bytes };
}

async function lists(service: Target, { name, number }: Column): Promise<void> {
  await sleep(2_000);
  const before = memory(service, "VmRSS");
  // Linux forgets the highest mark when told so.
  writeFileSync(`/proc/${service.child.pid}/clear_refs`, "5");
  await list(service, "identity");
  // Of later ones the collector may still hold the text.
  const extra = memory(service, "VmHWM") - before;
  note("list of 10,000, extra memory MiB", number, mib(extra));
  hold(`list of 10,000 on ${name}, extra memory`, 30, extra / 1_048_576, "MiB");
  for (const encoding of ["identity", "gzip", "br"]) {
    const seen = [];
    for (let round = 0; round < listings; round += 1) seen.push(await list(service, encoding));
    const median = quantile(seen.map(({ ms }) => ms), 0.5);
    note(`list of 10,000, ${encoding}, ms`, number, median.toFixed(0));
    note(`list of 10,000, ${encoding}, MiB`, number, mib(seen[0]?.bytes ?? 0));
    if (encoding === "identity") hold(`list of 10,000 on ${name}`, 150, median, "ms");
  }
}

async function idle(service: Target, { name, number }: Column): Promise<void> {
  await sleep(2_000);
  note("start to first answer s", number, seconds(service.startMs));
  note("idle memory MiB", number, mib(memory(service, "VmRSS")));
  hold(`start to first answer on ${name}`, 2, service.startMs / 1_000, "s");
}

async function onFolder(bare: Target): Promise<void> {
  const column = { name: "PGlite", number: 1 };
  const data = join(folder, "data");
  const first = await startService("first", data);
  note("first start to first answer s", 1, seconds(first.startMs));
  await first.child.stop("SIGTERM");
  const service = await startService("again", data);
  await idle(service, column);
  await compare(bare, service, column);
  await service.child.stop("SIGTERM");
  await seedTokens(data, tokens);
  const full = await startService("full", data);
  await lists(full, column);
  await full.child.stop("SIGTERM");
}

async function onPostgres(bare: Target, cluster: PostgresCluster): Promise<void> {
  const column = { name: "PostgreSQL", number: 2 };
  const data = await cluster.createDatabase("bench");
  const first = await startService("postgres", data);
  note("first start to first answer s", 2, seconds(first.startMs));
  await first.child.stop("SIGTERM");
  const service = await startService("postgres", data);
  await idle(service, column);
  await compare(bare, service, column);
  await service.child.stop("SIGTERM");
  await seedTokens(data, tokens);
  const full = await startService("postgres", data);
  await lists(full, column);
  await full.child.stop("SIGTERM");
}

const bare = await startBare();
const cluster = whyNoPostgres() === undefined ? await startPostgres() : undefined;
try {
  await onFolder(bare);
  if (cluster === undefined) process.stdout.write(`PostgreSQL left out: ${whyNoPostgres() ?? ""}\n`);
  else await onPostgres(bare, cluster);
  show({
    name: "bench-server",
    title: `The token service and a bare node:http handler, ${connections} connections, ${rounds} rounds of ${roundMs / 1_000} s each, turn and turn about; PostgreSQL over a socket on the same machine`,
    head: ["", "bare handler", "PGlite", "PostgreSQL"],
    rows: [...rows].map(([what, cells]) => [what, ...cells]),
    budgets,
  });
} finally {
  await bare.child.stop("SIGKILL");
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
}
