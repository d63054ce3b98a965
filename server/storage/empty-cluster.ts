// A PostgreSQL data folder as initdb leaves it, packed. Decides where it comes from: the
// built package holds it, a service that runs from its sources keeps the first that it
// makes. Making one takes longer than all the rest of a first start. Must not know what is
// put into it.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants } from "node:zlib";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { type TarEntry, entriesOf, packFolder } from "./tar.ts";

/** The folder's form belongs to the engine that wrote it. */
const { version } = JSON.parse(readFileSync(join(dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite")), "../package.json"), "utf8")) as { version: string };
const name = `empty-cluster-${version}.tar.br`;
const fromSources = import.meta.filename.endsWith(".ts");
const kept = fromSources ? join(import.meta.dirname, "../../node_modules/.cache/servicetokens") : import.meta.dirname;

/** A tar; undefined: there is none, and the engine has to make one itself. */
export async function emptyCluster(): Promise<Buffer | undefined> {
  const file = join(kept, name);
  if (!existsSync(file) && fromSources) await keepEmptyCluster(kept);
  try {
    return await promisify(brotliDecompress)(readFileSync(file));
  } catch {
    return undefined;
  }
}

/** What was written is on the disk once `synced`; the engine may start before. */
export async function unpackCluster(tar: Buffer, folder: string): Promise<{ synced: Promise<void> }> {
  const files: Required<TarEntry>[] = [];
  for (const { path, data } of entriesOf(tar)) {
    if (data === undefined) await mkdir(join(folder, path), { mode: 0o700 });
    else files.push({ path, data });
  }
  await Promise.all(files.map(({ path, data }) => writeFile(join(folder, path), data, { mode: 0o600 })));
  return { synced: syncAll(["", ...[...entriesOf(tar)].map(({ path }) => path)].map((path) => join(folder, path))) };
}

async function syncAll(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const handle = await open(path, "r");
      await handle.sync();
      await handle.close();
    }),
  );
}

/** Nothing is done where it is there already; another process may keep the same at the same time. */
export async function keepEmptyCluster(folder: string): Promise<void> {
  const file = join(folder, name);
  if (existsSync(file)) return;
  const packed = await pack();
  const fresh = `${file}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(fresh, packed);
  renameSync(fresh, file);
}

/** Closed before it is packed: one that still runs would be recovered, file by file, at each first start. */
async function pack(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "empty-cluster-"));
  try {
    const engine = await PGlite.create({ fs: new NodeFS(folder) });
    await engine.close();
    // Its databases begin alike: a wide window sees that.
    return await promisify(brotliCompress)(packFolder(folder), { params: { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 24 } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
