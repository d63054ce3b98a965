// The package as users get it, compiled: package.json and dist/, built once for a state of the sources.
// Types are checked by `make check`; here only the output counts.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  for (const file of ["package.json", "tsconfig.json", "tsconfig.build.json"]) hash.update(String(statSync(join(root, file)).mtimeMs));
  return hash.digest("hex").slice(0, 16);
}

function compile(into: string): void {
  mkdirSync(into, { recursive: true });
  const config = join(into, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, "tsconfig.build.json"),
      compilerOptions: { rootDir: root, outDir: join(into, "dist"), noCheck: true, typeRoots: [join(root, "node_modules", "@types")] },
      include: [join(root, "provider")],
    }),
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", config], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`the package does not compile:\n${stdout}`);
  rmSync(config);
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
