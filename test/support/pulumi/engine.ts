// The folder with the CLI and its plugins: the CLI takes as its own what lies beside its binary.
// Where a real language host was put into .tools/bin, it is used; else ours (language-host.ts).
import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
/** What the tests build once and keep: the engine's folder and the built package. */
export const kept = join(root, ".tools", "pulumi-test");

const RESOURCE_PLUGIN = "pulumi-resource-pulumi-nodejs";
/** What the SDK's own script asks a process of Node for: where it always lies, seen from the program's folder. */
const PROVIDER_PROCESS = "node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js";
const LANGUAGE_PLUGIN = "pulumi-language-nodejs";

function same(one: string, other: string): boolean {
  if (!existsSync(other)) return false;
  const [a, b] = [statSync(one), statSync(other)];
  return a.ino === b.ino || (a.size === b.size && a.mtimeMs <= b.mtimeMs);
}

/** A file that appears whole, and over one that may be running. */
function place(at: string, make: (fresh: string) => void): void {
  const fresh = `${at}.${process.pid}`;
  rmSync(fresh, { force: true });
  make(fresh);
  renameSync(fresh, at);
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function script(at: string, text: string): void {
  place(at, (fresh) => {
    writeFileSync(fresh, text);
    chmodSync(fresh, 0o755);
  });
}

/** Whether a language host of Pulumi's own is there: then programs run as it runs them. */
export const hasRealHost = (): boolean => existsSync(join(root, ".tools", "bin", LANGUAGE_PLUGIN));

/** The folder to put first on the PATH. */
export function engineFolder(): string {
  const own = join(root, ".tools", "bin");
  const pulumi = join(own, "pulumi");
  if (!existsSync(pulumi)) throw new Error("no pulumi in .tools/bin: run tools/engines pulumi");
  if (hasRealHost()) return own;
  const real = realpathSync(pulumi);
  const bin = join(kept, "bin");
  mkdirSync(bin, { recursive: true });
  const target = join(bin, "pulumi");
  if (!same(real, target)) place(target, (fresh) => linkOrCopy(real, fresh));
  script(join(bin, RESOURCE_PLUGIN), `#!/bin/sh\n[ -f "${PROVIDER_PROCESS}" ] && exec node "${PROVIDER_PROCESS}" "$@"\nexec "${join(root, "node_modules", "@pulumi", "pulumi", RESOURCE_PLUGIN)}" "$@"\n`);
  const host = join(dirname(fileURLToPath(import.meta.url)), "language-host.ts");
  script(join(bin, LANGUAGE_PLUGIN), `#!/bin/sh\nexec "${process.execPath}" "${host}" "$@"\n`);
  return bin;
}
