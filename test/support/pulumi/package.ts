// The package as users get it, compiled: package.json and dist/, built once for a state of the sources.
// Types are checked by `make check`; here only the output counts.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as ts from "typescript";
import { kept, root } from "./engine.ts";

const FOLDERS = ["core", "tokenapi", "provider"];

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const folder of FOLDERS) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort()) {
      const { mtimeMs, size } = statSync(join(root, folder, file));
      if (file.endsWith(".ts")) hash.update(`${folder}/${file} ${mtimeMs} ${size}\n`);
    }
  }
  for (const file of ["package.json", "tsconfig.json"]) hash.update(String(statSync(join(root, file)).mtimeMs));
  return hash.digest("hex").slice(0, 16);
}

/** File by file, as `make build` would write each: a program of the compiler takes three times as long. */
function compile(into: string): void {
  const compiler = createRequire(import.meta.url)("typescript") as typeof ts;
  const options = { ...compiler.readConfigFile(join(root, "tsconfig.json"), (file) => readFileSync(file, "utf8")).config.compilerOptions, module: "esnext", moduleResolution: "bundler" };
  const { options: compilerOptions } = compiler.convertCompilerOptionsFromJson({ ...options, noEmit: false, allowImportingTsExtensions: false }, root);
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const { outputText } = compiler.transpileModule(readFileSync(join(root, folder, name), "utf8"), { compilerOptions, fileName: name });
      const at = join(into, "dist", folder, name.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, outputText);
    }
  }
  copyFileSync(join(root, "package.json"), join(into, "package.json"));
}

/** The folder of the built package. It lies inside the repository, so that its dependencies resolve from there. */
export function builtPackage(): string {
  const at = join(kept, `package-${fingerprint()}`);
  if (existsSync(at)) return at;
  mkdirSync(kept, { recursive: true });
  for (const old of readdirSync(kept)) {
    if (old.startsWith("package-") && Date.now() - statSync(join(kept, old)).mtimeMs > 3_600_000) rmSync(join(kept, old), { recursive: true, force: true });
  }
  const fresh = join(kept, `fresh-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  compile(fresh);
  try {
    renameSync(fresh, at);
  } catch {
    // Another test run was faster.
    rmSync(fresh, { recursive: true, force: true });
  }
  return at;
}
