// PostgreSQL inside this process (PGlite), in a folder or in memory. Decides how it
// is started so that an answered write is on the disk; must not know the tables.
import { fsyncSync } from "node:fs";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import type { Database, Queryable } from "./database.ts";
import { emptyCluster, unpackCluster } from "./empty-cluster.ts";

// PGlite's own defaults without "-F", which switches fsync off. The sync method is
// named because only this one reaches the file system hook below.
const settings = [
  "search_path=public",
  "exit_on_error=false",
  "log_checkpoints=false",
  "max_worker_processes=0",
  "max_parallel_workers=0",
  "max_parallel_workers_per_gather=0",
  "max_parallel_maintenance_workers=0",
  "io_method=sync",
  "shared_buffers=16MB",
  "wal_sync_method=fsync",
];
const durable = ["--single", "-O", "-j", ...settings.flatMap((setting) => ["-c", setting])];
const volatile = ["--single", "-F", ...durable.slice(1)];

const ioError = 29;

/** What this file needs of Emscripten's file system, which publishes no type for it. */
interface StreamOperations {
  fsync?: (stream: { nfd: number }) => number;
}

/** PGlite's folder file system leaves fsync out, so a power cut could undo a commit. */
class SyncedFolder extends NodeFS {
  override async init(...[instance, options]: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const prepared = await super.init(instance, options);
    const hook = (module: unknown): void => {
      (module as { NODEFS: { stream_ops: StreamOperations } }).NODEFS.stream_ops.fsync = ({ nfd }) => {
        try {
          fsyncSync(nfd);
          return 0;
        } catch {
          return ioError;
        }
      };
    };
    prepared.emscriptenOpts.preRun = [hook, ...(prepared.emscriptenOpts.preRun ?? [])] as NonNullable<typeof prepared.emscriptenOpts.preRun>;
    return prepared;
  }
}

/** In memory: it ends with the process. */
export async function openInMemory(): Promise<Database> {
  const cluster = await emptyCluster();
  return databaseOf(await PGlite.create({ startParams: volatile, ...(cluster === undefined ? {} : { loadDataDir: new Blob([new Uint8Array(cluster)]) }) }));
}

/** An empty folder that is to hold one. All of it is on the disk when this returns. */
export async function makeEmbedded(folder: string): Promise<Database> {
  const cluster = await emptyCluster();
  const unpacked = cluster === undefined ? undefined : await unpackCluster(cluster, folder);
  const [database] = await Promise.all([openEmbedded(folder), unpacked?.synced]);
  await database.query("checkpoint");
  return database;
}

/** A folder that holds one. */
export async function openEmbedded(folder: string): Promise<Database> {
  return databaseOf(await PGlite.create({ startParams: durable, fs: new SyncedFolder(folder) }));
}

function databaseOf(engine: PGlite): Database {
  const query = queryOn(engine);
  let writes = 0;
  const counted = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    try {
      return await write();
    } finally {
      writes += 1;
    }
  };
  return {
    shared: false,
    writes: () => writes,
    query: (text, values) => (text.startsWith("select") ? query(text, values) : counted(() => query(text, values))),
    transaction: (work) => counted(() => engine.transaction((inside) => work({ query: queryOn(inside) }))),
    close: () => engine.close(),
  };
}

function queryOn(target: PGlite | Transaction): Queryable["query"] {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    const result = await target.query<Row>(text, [...values]);
    return result.rows;
  };
}
