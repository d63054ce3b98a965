// A PostgreSQL server for a test, where the machine has one installed: a cluster in a
// temporary folder, reached over a socket there. The server refuses to run as root, so
// under root it runs as the user that its package made.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { type GuardedChild, startGuarded } from "../support/child.ts";

const packages = "/usr/lib/postgresql";
const elsewhere = ["/usr/local/pgsql/bin", "/usr/pgsql/bin", "/opt/homebrew/opt/postgresql/bin"];

export interface PostgresCluster {
  /** A new empty database. */
  createDatabase(name: string): Promise<string>;
  /** Ends it as a restart would: what is under way is broken off. */
  stop(): Promise<void>;
  /** Ends it with nothing written down: the next start has to recover. */
  crash(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Why there can be none here, or undefined when there can. */
export function whyNoPostgres(): string | undefined {
  if (binFolder() === undefined) return `no PostgreSQL server in ${packages}/*/bin or ${elsewhere.join(", ")}`;
  if (process.getuid?.() === 0 && identity() === undefined) return "PostgreSQL refuses to run as root, and this machine has no setpriv or no user postgres";
  return undefined;
}

function binFolder(): string | undefined {
  const versions = existsSync(packages) ? readdirSync(packages).toSorted((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((version) => join(packages, version, "bin")), ...elsewhere].find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

function identity(): { uid: number; gid: number; prefix: string[] } | undefined {
  try {
    execFileSync("setpriv", ["--version"], { stdio: "ignore" });
    const [uid, gid] = [["-u"], ["-g"]].map((flag) => Number(execFileSync("id", [...flag, "postgres"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })));
    if (uid === undefined || gid === undefined) return undefined;
    return { uid, gid, prefix: ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"] };
  } catch {
    return undefined;
  }
}

export async function startPostgres(): Promise<PostgresCluster> {
  const bin = binFolder();
  if (bin === undefined) throw new Error(whyNoPostgres());
  const folder = mkdtempSync(join(tmpdir(), "token-postgres-"));
  const logs = mkdtempSync(join(tmpdir(), "token-postgres-log-"));
  const data = join(folder, "data");
  const as = process.getuid?.() === 0 ? identity() : undefined;
  const prefix = as?.prefix ?? [];
  if (as !== undefined) chownSync(folder, as.uid, as.gid);
  chmodSync(folder, 0o755);
  const run = (program: string, ...args: string[]): void => {
    const [command = "", ...rest] = [...prefix, join(bin, program), ...args];
    execFileSync(command, rest, { stdio: "pipe", cwd: folder });
  };
  run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
  let server: GuardedChild | undefined;
  const url = (database: string): string => `postgres://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;
  const start = async (): Promise<void> => {
    server = await startGuarded(logs, "postgres", [...prefix, join(bin, "postgres"), "-D", data, "-c", "listen_addresses=", "-k", folder, "-F"]);
    for (let patience = 200; !(await answers(url("postgres"))); patience -= 1) {
      if (patience === 0 || !server.running()) throw new Error(`PostgreSQL did not start: ${server.logTail()}`);
      await sleep(50);
    }
  };
  await start();
  const stop = async (): Promise<void> => server?.stop("SIGINT");
  return {
    createDatabase: async (name) => {
      await withClient(url("postgres"), (client) => client.query(`create database ${name}`));
      return url(name);
    },
    start,
    stop,
    crash: async () => server?.stop("SIGQUIT"),
    close: async () => {
      await stop();
      for (const path of [folder, logs]) rmSync(path, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return withClient(url, () => Promise.resolve(true)).catch(() => false);
}

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
