// PostgreSQL inside this process (PGlite), in a folder or in memory. Decides how it
// is started so that an answered write is on the disk; must not know the tables.
import { fsyncSync } from "node:fs";
import { PGlite, type PGliteOptions, type Transaction } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import type { Database, Queryable } from "./database.ts";

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

/** Without a folder everything is kept in memory and ends with the process. */
export async function openEmbedded(folder?: string): Promise<Database> {
  const options: PGliteOptions = folder === undefined ? { startParams: volatile } : { startParams: durable, fs: new SyncedFolder(folder) };
  const engine = await PGlite.create(options);
  return {
    shared: false,
    query: queryOn(engine),
    transaction: (work) => engine.transaction((inside) => work({ query: queryOn(inside) })),
    close: () => engine.close(),
  };
}

function queryOn(target: PGlite | Transaction): Queryable["query"] {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    const result = await target.query<Row>(text, [...values]);
    return result.rows;
  };
}
