// Bundles the browser's part of the token service, server/page/. Decides what the files
// are called and how they are compressed. `node tools/page-bundle.ts FOLDER` writes them
// for the package; a service that runs from its sources bundles when it is first asked.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { type OutputFile, buildSync } from "esbuild";

const root = join(import.meta.dirname, "..");
const licenceOf = (name: string): string => readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").trim();

/** File names by their contents' hash, so that a browser may keep them for ever. */
export function bundlePage(): Map<string, Buffer> {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["server/page/main.tsx", "server/page/style/main.css"],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    tsconfigRaw: {},
    loader: { ".woff2": "file" },
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    outdir: "assets",
    legalComments: "none",
    write: false,
  });
  return new Map(outputFiles.map(({ path, contents }: OutputFile) => [basename(path), Buffer.from(contents)]));
}

/** What is text comes three times, so that no request waits for a compressor. */
function writePage(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of bundlePage()) {
    writeFileSync(join(folder, name), bytes);
    if (name.endsWith(".woff2")) continue;
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
  const parts = ["preact", "@fontsource-variable/geist"];
  writeFileSync(join(folder, "LICENSES.txt"), parts.map((name) => `${name}\n\n${licenceOf(name)}\n`).join("\n----\n\n"));
}

const [, program, folder] = process.argv;
if (program === import.meta.filename) writePage(resolve(folder ?? join(root, "dist/server/page")));
