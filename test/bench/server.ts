// The token service beside a bare HTTP handler, in one run: what a token check costs, what
// a long list costs in time and memory, how long a start takes. Run with `make bench-server`.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool, request } from "undici";
import { newestSchema } from "../../server/storage/migration.ts";
import { type PostgresCluster, startPostgres, whyNoPostgres } from "../server/postgres-cluster.ts";
import { type GuardedChild, startGuarded } from "../support/child.ts";
import { seedTokens } from "./server-seed.ts";

const connections = 64;
const rounds = 3;
const roundMs = Number(process.argv[2] ?? 4_000);
const tokens = 10_000;
const program = join(import.meta.dirname, "../../dist/cli/main.js");
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
  const child = await startGuarded(place, "server", [process.execPath, program, "server", "--listen", "127.0.0.1:0", "--data", data, "--admin-token-file", file, "--identity-rate", "off", "--address-rate", "off"]);
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

/** Latencies in milliseconds of a closed loop on all connections. */
async function load({ url, token }: Target): Promise<number[]> {
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
  return latencies;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const quantile = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

function memory({ child }: Target, field: "VmRSS" | "VmHWM"): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
  return Number(line) * 1_024;
}

/** Turn and turn about, so that what else the machine does hits both. */
async function compare(bare: Target, service: Target, name: string): Promise<void> {
  const seen: { bare: number[]; service: number[] } = { bare: [], service: [] };
  await load(service);
  for (let round = 0; round < rounds; round += 1) {
    seen.bare.push(...(await load(bare)));
    seen.service.push(...(await load(service)));
  }
  const row = (title: string, values: readonly number[]): void =>
    say(`  ${title.padEnd(34)} mean ${mean(values).toFixed(2)} ms  p50 ${quantile(values, 0.5).toFixed(2)}  p99 ${quantile(values, 0.99).toFixed(2)}  ${Math.round(values.length / ((rounds * roundMs) / 1_000))} requests/s`);
  row("bare node:http handler", seen.bare);
  row(`authenticated, ${name}`, seen.service);
  say(`  ratio ${(mean(seen.service) / mean(seen.bare)).toFixed(2)} (goal: at most 2)`);
}

async function list(service: Target, encoding: string): Promise<void> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 7; round += 1) {
    const sent = performance.now();
    const { body, statusCode } = await request(`${service.url}/api/user-tokens/service`, { headers: { authorization: `Bearer ${service.token}`, "accept-encoding": encoding } });
    bytes = (await body.arrayBuffer()).byteLength;
    if (statusCode !== 200) throw new Error(`Answered ${statusCode}`);
    times.push(performance.now() - sent);
  }
  say(`  ${tokens} tokens, ${encoding.padEnd(8)} first ${times[0]?.toFixed(0)} ms, median ${quantile(times, 0.5).toFixed(0)} ms (goal: below 150), ${mib(bytes)}`);
}

async function lists(service: Target): Promise<void> {
  await sleep(500);
  const before = memory(service, "VmRSS");
  // Only the first list can be told from what the collector leaves for later.
  spawnReset(service);
  await list(service, "identity");
  say(`  extra memory, highest while seven lists were answered: ${mib(Math.max(0, memory(service, "VmHWM") - before))} (goal: below 30)`);
  for (const encoding of ["gzip", "br"]) await list(service, encoding);
}

/** Linux forgets the highest mark when told so. */
function spawnReset({ child }: Target): void {
  spawn("sh", ["-c", `echo 5 > /proc/${child.pid}/clear_refs`], { stdio: "ignore" });
}

async function onFolder(bare: Target): Promise<void> {
  say("PGlite, in a folder");
  const data = join(folder, "data");
  const first = await startService("first", data);
  say(`  first start to first answer ${(first.startMs / 1_000).toFixed(2)} s`);
  await first.child.stop("SIGTERM");
  const idle = await startService("again", data);
  await sleep(2_000);
  say(`  start to first answer ${(idle.startMs / 1_000).toFixed(2)} s (goal: below 2), idle memory ${mib(memory(idle, "VmRSS"))}`);
  await compare(bare, idle, "PGlite");
  await idle.child.stop("SIGTERM");
  await seedTokens(data, tokens);
  const full = await startService("full", data);
  await lists(full);
  await full.child.stop("SIGTERM");
}

async function onPostgres(bare: Target, cluster: PostgresCluster): Promise<void> {
  say("PostgreSQL, over a socket");
  const data = await cluster.createDatabase("bench");
  const service = await startService("postgres", data);
  await sleep(2_000);
  say(`  start to first answer ${(service.startMs / 1_000).toFixed(2)} s, idle memory ${mib(memory(service, "VmRSS"))}`);
  await compare(bare, service, "PostgreSQL");
  await seedTokens(data, tokens);
  await lists(service);
  await service.child.stop("SIGTERM");
}

say(`${connections} connections, ${rounds} rounds of ${roundMs / 1_000} s each, turn and turn about; schema ${newestSchema}`);
const bare = await startBare();
const cluster = whyNoPostgres() === undefined ? await startPostgres() : undefined;
try {
  await onFolder(bare);
  if (cluster === undefined) say(`PostgreSQL left out: ${whyNoPostgres() ?? ""}`);
  else await onPostgres(bare, cluster);
} finally {
  await bare.child.stop("SIGKILL");
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
}
