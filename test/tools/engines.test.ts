// tools/engines: each engine comes once per user and version, whole or not at all, and says why it
// cannot. The script is the real one, in copies of its folder ("clones") with a cache of their own.
// What would take minutes, or a network, stands at the edge: a `go` and an `npm` of a few lines
// and a local server with release files.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const source = join(import.meta.dirname, "../../tools");
const goMod = readFileSync(join(source, "go.mod"), "utf8");
const required = (module: string): string => new RegExp(`^\\s*${module} (v\\S+)`, "m").exec(goMod)?.[1] ?? "none";
const kubernetes = required("k8s.io/kubernetes");
const etcd = required("go.etcd.io/etcd/server/v3");
const pulumi = required("github.com/pulumi/pulumi/pkg/v3");
const nodeVersion = /^node\|npm\|(v[^|]+)\|/m.exec(readFileSync(join(source, "engines"), "utf8"))?.[1] ?? "none";
const os = process.platform;
const arch = process.arch === "x64" ? "amd64" : process.arch;

let place: string; // everything of one test
let stubs: string; // the whole PATH: the programs the script may use, and the stubs
let builds: string; // one line per call of the stub `go build`
let server: Server | undefined;
let started: ChildProcess[] = [];

// The programs of the machine that the script uses. No other is on the PATH, so that the machine's
// own node, go or pulumi cannot take part.
const programs = "bash env uname dirname basename readlink mkdir ln mv rm cp cmp chmod cat wc awk grep sed tail sleep ps tar gzip unzip curl sha256sum shasum flock".split(" ");
const machine = (name: string): string | undefined =>
  (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

function script(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/usr/bin/env bash\n${text}`);
  chmodSync(file, 0o755);
}

const goStub = `
case $1 in
  env) echo "\${STUB_GO_VERSION:-go1.26.8}"; exit ;;
  build) ;;
  *) exit 9 ;;
esac
echo "$* pid=$$" >>"$STUB_BUILDS"
while [ $# -gt 0 ]; do [ "$1" != -o ] || out=$2; [ "$1" != -ldflags ] || flags=$2; shift; done
printf 'go: downloading k8s.io/api v0.36.3\\nk8s.io/api/core/v1\\nk8s.io/api/apps/v1\\n' >&2
[ -z "\${STUB_FAIL:-}" ] || { echo "$STUB_FAIL" >&2; exit 1; }
printf half >"$out"
sleep "\${STUB_SECONDS:-0}"
printf '#!/usr/bin/env bash\\necho "%s"\\n' "$flags" >"$out"
chmod +x "$out"
`;

const npmStub = `
[ -z "\${STUB_FAIL:-}" ] || { echo "$STUB_FAIL" >&2; exit 1; }
echo "npm $*" >>"$STUB_BUILDS"
package=\${!#}; at=
while [ $# -gt 0 ]; do [ "$1" != --prefix ] || at=$2; shift; done
mkdir -p "$at/node_modules/\${package%@*}/bin"
printf '#!/usr/bin/env bash\\necho "v%s"\\n' "\${package#*@}" >"$at/node_modules/\${package%@*}/bin/node"
chmod +x "$at/node_modules/\${package%@*}/bin/node"
`;

function clone(name = "clone"): string {
  const root = join(place, name);
  mkdirSync(join(root, "tools"), { recursive: true });
  for (const file of readdirSync(source)) copyFileSync(join(source, file), join(root, "tools", file));
  return root;
}

interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  said: string;
}

interface Options {
  args: string[];
  env?: Record<string, string>;
}

function start(root: string, { args, env = {} }: Options): { child: ChildProcess; done: Promise<Ran> } {
  const child = spawn(join(root, "tools/engines"), args, {
    cwd: place,
    detached: true, // a process group of its own, as a shell would give it
    env: { PATH: stubs, HOME: place, XDG_CACHE_HOME: join(place, "cache"), STUB_BUILDS: builds, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let said = "";
  child.stderr?.on("data", (text: Buffer) => (said += text.toString()));
  child.stdout?.on("data", (text: Buffer) => (said += `stdout: ${text.toString()}`));
  // "exit", not "close": a process left behind would hold the pipe open, and a test should see it
  const done = new Promise<Ran>((resolve) => child.on("exit", (code, signal) => setTimeout(() => resolve({ code, signal, said }), 20)));
  return { child, done };
}

const engines = async (root: string, args: string[], env: Record<string, string> = {}): Promise<Ran> => start(root, { args, env }).done;

const calls = (): string[] => (existsSync(builds) ? readFileSync(builds, "utf8").trim().split("\n") : []);
const output = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: "utf8" }).trim();
const bin = (root: string, name: string): string => join(root, ".tools/bin", name);
const cached = (name: string, version: string): string => join(place, "cache/servicetokens", `${name}-${version}-${os}-${arch}`, name);

/** The files of the cache that are no locks. */
const kept = (): string[] => {
  const root = join(place, "cache/servicetokens");
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => !/\.(lock|held)$/.test(file) && !statSync(join(root, file)).isDirectory());
};

async function until(what: () => boolean, seconds = 10): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!what()) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what.toString()}`);
    await sleep(20);
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function halfWay(root: string): Promise<{ child: ChildProcess; done: Promise<Ran>; builder: number }> {
  const run = start(root, { args: ["kubectl"], env: { STUB_SECONDS: "60" } });
  await until(() => calls().length === 1);
  await until(() => readdirSync(dirname(cached("kubectl", kubernetes))).length > 0);
  return { ...run, builder: Number(/pid=(\d+)/.exec(calls()[0] ?? "")?.[1]) };
}

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "engines-"));
  stubs = join(place, "path");
  builds = join(place, "builds");
  mkdirSync(stubs);
  for (const name of programs) {
    const file = machine(name);
    if (file) symlinkSync(file, join(stubs, name));
  }
  script(join(stubs, "go"), goStub);
  script(join(stubs, "npm"), npmStub);
});

afterEach(() => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null && child.pid) process.kill(-child.pid, "SIGKILL");
  }
  started = [];
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  rmSync(place, { recursive: true, force: true });
});

// macOS has no flock; Linux nearly always. Both ways have to hold.
const locks = machine("flock") ? ["flock", "no flock"] : ["no flock"];
const take = (lock: string): void => {
  if (lock === "no flock") rmSync(join(stubs, "flock"), { force: true });
};

describe("what is asked for", () => {
  test("an unknown name lists the known ones and gets nothing", async () => {
    const ran = await engines(clone(), ["kubectl", "kubctl"]);
    expect(ran.code).toBe(2);
    expect(ran.said).toContain("'kubctl'");
    for (const name of ["node", "kube-apiserver", "kube-controller-manager", "kubectl", "etcd", "pulumi"]) expect(ran.said).toMatch(new RegExp(`\\b${name}\\b`));
    expect(calls()).toEqual([]);
  });

  test("each engine is built with its version, says why, and the second run is silent", async () => {
    const root = clone();
    const first = await engines(root, ["--for", "make demo", "kubectl", "etcd", "pulumi"]);
    expect(first).toMatchObject({ code: 0, signal: null });
    expect(first.said).toContain(`kubectl ${kubernetes}, the Kubernetes command line, is needed for make demo`);
    expect(first.said).toMatch(/etcd .* is ready after \d+ s/);
    expect(output(bin(root, "kubectl"))).toContain(`version.gitVersion=${kubernetes} `);
    expect(output(bin(root, "kubectl"))).toContain(`version.gitMinor=${kubernetes.split(".")[1]}`);
    expect(output(bin(root, "pulumi"))).toContain(`version.Version=${pulumi}`);
    expect(readlinkSync(bin(root, "etcd"))).toBe(cached("etcd", etcd));
    expect(calls()).toHaveLength(3);

    expect(await engines(root, ["kubectl", "etcd", "pulumi"])).toEqual({ code: 0, signal: null, said: "" });
    expect(await engines(clone("another"), ["kubectl"])).toEqual({ code: 0, signal: null, said: "" });
    expect(calls()).toHaveLength(3);
  });

  test("an engine of another version is replaced", async () => {
    const root = clone();
    await engines(root, ["etcd"]);
    writeFileSync(join(root, "tools/go.mod"), goMod.replace(`server/v3 ${etcd}`, "server/v3 v3.99.0"));
    expect((await engines(root, ["etcd"])).code).toBe(0);
    expect(readlinkSync(bin(root, "etcd"))).toBe(cached("etcd", "v3.99.0"));
  });

  test("it shows that it moves", async () => {
    const ran = await engines(clone(), ["kubectl"], { STUB_SECONDS: "2.5", TOOLS_PROGRESS_SECONDS: "1" });
    expect(ran.said).toMatch(/kubectl: \d s, 1 modules fetched, 2 packages compiled/);
  });

  test("the modules of one Kubernetes release go together", () => {
    const staging = [...goMod.matchAll(/^\s*(k8s\.io\/\S+) => \S+ (v\S+)$/gm)];
    expect(staging.length).toBeGreaterThan(25);
    for (const [, , version] of staging) expect(version).toBe(kubernetes.replace("v1.", "v0."));
  });
});

describe.each(locks)("once, whole or not at all (%s)", (lock) => {
  test("two clones at once build once", async () => {
    take(lock);
    const [one, two] = [clone("one"), clone("two")];
    const env = { STUB_SECONDS: "1.5" };
    const ran = await Promise.all([engines(one, ["kubectl"], env), engines(two, ["kubectl"], env)]);
    expect(ran.map(({ code }) => code)).toEqual([0, 0]);
    expect(calls()).toHaveLength(1);
    expect(ran.filter(({ said }) => said.includes("waiting for another run"))).toHaveLength(1);
    for (const root of [one, two]) expect(output(bin(root, "kubectl"))).toContain(kubernetes);
  });

  test("killed half-way, nothing is taken for finished, nothing keeps running, and the next run completes", async () => {
    take(lock);
    const root = clone();
    const { child, done, builder } = await halfWay(root);
    process.kill(-(child.pid ?? 0), "SIGKILL");
    expect((await done).signal).toBe("SIGKILL");
    await until(() => !alive(builder));
    expect(existsSync(bin(root, "kubectl"))).toBe(false);
    expect(existsSync(cached("kubectl", kubernetes))).toBe(false);

    const next = await engines(root, ["kubectl"]);
    expect(next.code).toBe(0);
    expect(next.said).not.toContain("waiting");
    expect(output(bin(root, "kubectl"))).toContain(kubernetes);
    expect(kept()).toEqual([`${basename(dirname(cached("kubectl", kubernetes)))}/kubectl`]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends the build and leaves nothing", async (signal) => {
    take(lock);
    const { child, done, builder } = await halfWay(clone());
    process.kill(-(child.pid ?? 0), signal);
    expect((await done).signal).toBe(signal);
    await until(() => !alive(builder));
    expect(kept()).toEqual([]);
  });
});

describe("a lock that was left", () => {
  // Another process that has this one's number now is not the one that took the lock.
  test.each([
    ["by a dead process", () => "999999999 Mon Jan  1 00:00:00 2024"],
    ["by a process whose number was given again", () => `${process.pid} Mon Jan  1 00:00:00 2024`],
  ])("%s is not waited for", async (_, holder) => {
    take("no flock");
    const folder = dirname(cached("kubectl", kubernetes));
    mkdirSync(folder, { recursive: true });
    symlinkSync(holder(), `${folder}.held`);
    const ran = await engines(clone(), ["kubectl"]);
    expect(ran.code).toBe(0);
    expect(ran.said).not.toContain("waiting");
    expect(readdirSync(dirname(folder))).toEqual([basename(folder)]);
  });
});

describe("what cannot be had", () => {
  test("a failing module registry: what, why, and what to do", async () => {
    const root = clone();
    const ran = await engines(root, ["etcd"], { STUB_FAIL: "go: k8s.io/api@v0.36.3: reading mirror/k8s.io/api: 403 Forbidden" });
    expect(ran.code).toBe(1);
    expect(ran.said).toContain(`etcd ${etcd} could not be had: fetching its Go modules failed`);
    expect(ran.said).toContain("  | go: k8s.io/api@v0.36.3: reading mirror/k8s.io/api: 403 Forbidden");
    expect(ran.said).not.toContain("| k8s.io/api/core/v1");
    for (const way of ["GOPROXY", "TOOLS=download", "KUBEBUILDER_ASSETS"]) expect(ran.said).toContain(way);
    expect(existsSync(bin(root, "etcd"))).toBe(false);
    expect(kept()).toEqual([]);
  });

  test("a build that fails is not called a network failure", async () => {
    const ran = await engines(clone(), ["pulumi"], { STUB_FAIL: "link: signal: killed" });
    expect(ran.said).toContain("building failed");
    expect(ran.said).toContain("too little memory");
    expect(ran.said).toContain("`pulumi` of 3.200 or newer on the PATH");
  });

  test("a failing npm registry", async () => {
    const ran = await engines(clone(), ["node"], { STUB_FAIL: "npm error code E404" });
    expect(ran.code).toBe(1);
    expect(ran.said).toContain("  | npm error code E404");
    for (const way of ["npm config get registry", "install Node 22.19 or newer", "TOOLS=download"]) expect(ran.said).toContain(way);
  });

  test("no Go, and a Go that is too old", async () => {
    const old = await engines(clone(), ["kubectl"], { STUB_GO_VERSION: "go1.25.4" });
    expect(old).toMatchObject({ code: 1 });
    expect(old.said).toMatch(/Go 1\.26\S* or newer is needed .* 'go1\.25\.4'.*TOOLS=download/);
    rmSync(join(stubs, "go"));
    const none = await engines(clone(), ["kubectl"]);
    expect(none).toMatchObject({ code: 1 });
    expect(none.said).toMatch(/Go 1\.26\S* or newer is needed .*TOOLS=download/);
  });
});

describe("what the machine has", () => {
  test("KUBEBUILDER_ASSETS is used, and what it lacks is built", async () => {
    const root = clone();
    const assets = join(place, "assets");
    script(join(assets, "kubectl"), "echo mine");
    const env = { KUBEBUILDER_ASSETS: assets };
    expect((await engines(root, ["kubectl"], env)).code).toBe(0);
    expect(output(bin(root, "kubectl"))).toBe("mine");
    expect(calls()).toEqual([]);
    expect((await engines(root, ["kubectl"], env)).said).toBe("");
    expect((await engines(root, ["etcd"], env)).code).toBe(0);
    expect(calls()).toHaveLength(1);
    // Without it, the build takes its place again.
    await engines(root, ["kubectl"]);
    expect(output(bin(root, "kubectl"))).toContain(kubernetes);
  });

  test.each([
    ["v22.19.0", true],
    ["v24.0.1", true],
    ["v22.18.0", false],
    ["v20.20.2", false],
  ])("a node %s on the PATH: used is %s", async (version, used) => {
    const root = clone();
    const real = join(place, "elsewhere/node");
    script(real, "echo real");
    script(join(stubs, "node"), `echo "${version.slice(1)} ${real}"`);
    expect((await engines(root, ["node"])).code).toBe(0);
    expect(output(bin(root, "node"))).toBe(used ? "real" : nodeVersion);
    expect(calls()).toHaveLength(used ? 0 : 1);
    // Its own, found on a PATH that holds .tools/bin, is not the machine's.
    expect((await engines(root, ["node"], { PATH: `${root}/.tools/bin${delimiter}${stubs}` })).said).toBe("");
  });

  test.each([
    ["v3.200.0", true],
    ["v3.199.0", false],
  ])("a pulumi %s on the PATH: used is %s", async (version, used) => {
    const root = clone();
    script(join(stubs, "pulumi"), `echo ${version}`);
    expect((await engines(root, ["pulumi"])).code).toBe(0);
    expect(output(bin(root, "pulumi")) === version).toBe(used);
    expect(calls()).toHaveLength(used ? 0 : 1);
    expect((await engines(root, ["pulumi"])).said).toBe("");
  });

  test("a built pulumi is a real file with its plugin beside it", async () => {
    const root = clone();
    const plugin = "pulumi-resource-pulumi-nodejs";
    script(join(root, "node_modules/@pulumi/pulumi", plugin), "echo plugin");
    await engines(root, ["pulumi"]);
    expect(lstatSync(bin(root, "pulumi")).isFile()).toBe(true);
    expect(output(bin(root, plugin))).toBe("plugin");
    expect(existsSync(bin(root, "pulumi-language-nodejs"))).toBe(false);
    script(join(root, "node_modules/@pulumi/pulumi", plugin), "echo newer");
    script(join(stubs, "pulumi-language-nodejs"), "echo host");
    await engines(root, ["pulumi"]);
    expect(output(bin(root, plugin))).toBe("newer");
    expect(output(bin(root, "pulumi-language-nodejs"))).toBe("host");
  });
});

describe("TOOLS=download", () => {
  const x = arch === "amd64" ? "x64" : arch;
  const kubectlPath = `/release/${kubernetes}/bin/${os}/${arch}/kubectl`;
  const program = (says: string): Buffer => Buffer.from(`#!/usr/bin/env bash\necho ${says}\n`);
  const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

  /** A mirror below /mirror; the value of a file whose path ends in ! is cut off half-way. */
  async function mirror(files: Record<string, Buffer | string>): Promise<Record<string, string>> {
    server = createServer((request, response) => {
      const path = (request.url ?? "").replace("/mirror", "");
      const cut = files[`${path}!`];
      if (cut !== undefined) {
        response.writeHead(200, { "content-length": cut.length }).write(cut.slice(0, cut.length / 2), () => response.destroy());
        return;
      }
      const file = files[path];
      response.writeHead(file === undefined ? 404 : 200).end(file ?? "not here");
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return { TOOLS: "download", TOOLS_MIRROR: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror/` };
  }

  function archive(name: string, files: Record<string, string>): Buffer {
    const folder = mkdtempSync(join(place, "archive-"));
    for (const [path, says] of Object.entries(files)) script(join(folder, path), `echo ${says}\n`);
    const tops = readdirSync(folder);
    const pack = name.endsWith(".zip") ? ["zip", "-qr", name] : ["tar", "-czf", name];
    execFileSync(pack[0] ?? "", [...pack.slice(1), ...tops], { cwd: folder });
    return readFileSync(join(folder, name));
  }

  test("a program with its checksum", async () => {
    const root = clone();
    const env = await mirror({ [kubectlPath]: program("official"), [`${kubectlPath}.sha256`]: sha256(program("official")) });
    const ran = await engines(root, ["kubectl"], env);
    expect(ran.said).toContain("downloading its release");
    expect(ran.code).toBe(0);
    expect(output(bin(root, "kubectl"))).toBe("official");
    expect(calls()).toEqual([]);
    expect((await engines(root, ["kubectl"], env)).said).toBe("");
  });

  test("archives: etcd, node, pulumi with its language host", async () => {
    const root = clone();
    const etcdFile = `etcd-${etcd}-${os}-${arch}.${os === "linux" ? "tar.gz" : "zip"}`;
    const nodeFile = `node-${nodeVersion}-${os}-${x}`;
    const pulumiFile = `pulumi-${pulumi}-${os}-${x}.tar.gz`;
    const files = {
      [`/etcd-io/etcd/releases/download/${etcd}/${etcdFile}`]: archive(etcdFile, { [`etcd-${etcd}-${os}-${arch}/etcd`]: "etcd" }),
      [`/dist/${nodeVersion}/${nodeFile}.tar.gz`]: archive(`${nodeFile}.tar.gz`, { [`${nodeFile}/bin/node`]: "node" }),
      [`/pulumi/pulumi/releases/download/${pulumi}/${pulumiFile}`]: archive(pulumiFile, {
        "pulumi/pulumi": "pulumi",
        "pulumi/pulumi-language-nodejs": "host",
        "pulumi/pulumi-resource-pulumi-nodejs": "plugin",
      }),
    };
    const lines = Object.entries(files).map(([path, bytes]) => `${sha256(bytes)}  ${basename(path)}\n`).join("");
    const env = await mirror({
      ...files,
      [`/etcd-io/etcd/releases/download/${etcd}/SHA256SUMS`]: lines,
      [`/dist/${nodeVersion}/SHASUMS256.txt`]: lines,
      [`/pulumi/pulumi/releases/download/${pulumi}/pulumi-${pulumi.slice(1)}-checksums.txt`]: lines,
    });
    const ran = await engines(root, ["etcd", "node", "pulumi"], env);
    expect(ran.code, ran.said).toBe(0);
    for (const name of ["etcd", "node", "pulumi"]) expect(output(bin(root, name))).toBe(name);
    expect(output(bin(root, "pulumi-language-nodejs"))).toBe("host");
    expect(output(bin(root, "pulumi-resource-pulumi-nodejs"))).toBe("plugin");
  });

  const good = program("official");
  test.each<[string, Record<string, Buffer | string>, RegExp]>([
    ["a wrong checksum", { [kubectlPath]: program("forged"), [`${kubectlPath}.sha256`]: sha256(good) }, /checksum of kubectl is [0-9a-f]{64}, .*kubectl\.sha256 says [0-9a-f]{64}/],
    ["a missing file", { [`${kubectlPath}.sha256`]: sha256(good) }, /GET http.*\/kubectl\n.*404/],
    ["a missing checksum", { [kubectlPath]: good }, /GET http.*kubectl\.sha256\n.*404/],
    ["an empty checksum", { [kubectlPath]: good, [`${kubectlPath}.sha256`]: "" }, /has no line for kubectl/],
    ["a file that is cut off", { [`${kubectlPath}!`]: good, [`${kubectlPath}.sha256`]: sha256(good) }, /curl: \(\d+\)/],
  ])("%s installs nothing", async (_, files, message) => {
    const root = clone();
    const ran = await engines(root, ["kubectl"], await mirror(files));
    expect(ran.code).toBe(1);
    expect(ran.said).toMatch(message);
    expect(ran.said).toContain("TOOLS_MIRROR");
    expect(existsSync(bin(root, "kubectl"))).toBe(false);
    expect(kept()).toEqual([]);
  });

  test("another word than download is refused", async () => {
    const ran = await engines(clone(), ["kubectl"], { TOOLS: "donwload" });
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.said).toContain("TOOLS=download");
    expect(calls()).toEqual([]);
  });
});
