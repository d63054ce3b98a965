// One Pulumi project with one stack in a temporary folder: file backend, passphrase, the built package
// under node_modules, and the real CLI. The state, PULUMI_HOME and the project lie in the one folder that
// is removed at the end, so a test can search all of it for a plaintext.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { outputsIn, resourcesIn, type StackResource } from "./checkpoint.ts";
import { engineFolder, hasRealHost, kept, root } from "./engine.ts";
import { serveProgram } from "./inline-program.ts";
import { KEY_URL, keyService } from "./key-service.ts";
import { builtPackage } from "./package.ts";
import { killTree } from "./processes.ts";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for a failed expectation to show. */
  readonly text: string;
  readonly seconds: number;
}

export interface WorkspaceOptions {
  /** The program: the text of index.js, a CommonJS module as Pulumi runs them by default. */
  readonly program?: string;
  /** More files of the project, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly project?: string;
  readonly stack?: string;
  readonly typescript?: boolean;
  /** Leave node_modules to the test. */
  readonly bare?: boolean;
  /** The program needs a process of its own, and all of them load what a user's load: memory is measured, or a stranger looks at what it leaves in the state. */
  readonly alone?: boolean;
  /** The secrets' key comes from the passphrase "test", as it does where nothing else is set up: slower, and `outputs` cannot read them. */
  readonly passphrase?: boolean;
}

const FLAGS = ["--non-interactive", "--color", "never"];
const LAZY_MODULES = join(import.meta.dirname, "lazy-modules.cjs");
/** The commands that may run the program. */
const RUNNING = new Set(["up", "preview", "refresh", "destroy"]);

export class Workspace {
  readonly folder: string;
  readonly project: string;
  /** Changes with `pulumi stack rename`. */
  stack: string;
  readonly #isInline: boolean;
  readonly #name: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Set<ChildProcess>();

  private constructor(folder: string, options: WorkspaceOptions) {
    this.folder = folder;
    this.project = join(folder, "project");
    this.stack = options.stack ?? "dev";
    this.#name = options.project ?? "tokens";
    this.#isInline = options.program !== undefined && !options.typescript && !options.alone && !hasRealHost();
    // Only what is named: no credential of whoever runs the tests, no Pulumi setting of theirs.
    this.#env = {
      PATH: [engineFolder(), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter),
      HOME: join(folder, "home"),
      PULUMI_HOME: join(folder, "pulumi"),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      // Three processes of Node a command load the SDK: most of a command's time otherwise.
      NODE_COMPILE_CACHE: join(kept, "compiled"),
      ...(options.alone ? {} : { NODE_OPTIONS: `--require ${JSON.stringify(LAZY_MODULES)}` }),
      ...options.env,
    };
  }

  static async create(options: WorkspaceOptions): Promise<Workspace> {
    const workspace = new Workspace(mkdtempSync(join(tmpdir(), "pulumi-")), options);
    for (const name of ["home", "pulumi", "state", "project"]) mkdirSync(join(workspace.folder, name));
    workspace.write({
      "Pulumi.yaml": projectFile(options),
      "package.json": `{"name":"${options.project ?? "tokens"}","version":"0.0.0"}\n`,
      ...(options.program === undefined ? {} : { "index.js": options.program }),
      ...options.files,
    });
    if (!options.bare) workspace.#install();
    workspace.setEnv(await keyService());
    const { code, text } = await workspace.pulumi(["stack", "init", workspace.stack, ...(options.passphrase ? [] : ["--secrets-provider", KEY_URL])]);
    if (code !== 0) throw new Error(`pulumi stack init failed:\n${text}`);
    return workspace;
  }

  #install(): void {
    const modules = join(this.project, "node_modules");
    mkdirSync(join(modules, "@pulumi"), { recursive: true });
    symlinkSync(builtPackage(), join(modules, "qualytics-servicetokens"));
    symlinkSync(join(root, "node_modules", "@pulumi", "pulumi"), join(modules, "@pulumi", "pulumi"));
  }

  /** Writes files of the project. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.project, name), text);
  }

  /** Sets or removes (null) variables of the environment for all later commands. */
  setEnv(change: Readonly<Record<string, string | null>>): void {
    for (const [name, value] of Object.entries(change)) {
      if (value === null) delete this.#env[name];
      else this.#env[name] = value;
    }
  }

  /** With `onStart` the program has a process of its own, which may be killed. */
  async pulumi(args: readonly string[], onStart?: (child: ChildProcess) => void): Promise<Outcome> {
    if (onStart) return this.exec("pulumi", [...args, ...FLAGS], onStart);
    return this.doomed(args, () => undefined);
  }

  /** What `onStart` is given may be killed; the program, which holds nothing that could be lost, lives on. */
  async doomed(args: readonly string[], onStart: (child: ChildProcess) => void): Promise<Outcome> {
    if (!this.#isInline || !RUNNING.has(args[0] ?? "")) return this.exec("pulumi", [...args, ...FLAGS], onStart);
    const program = await serveProgram(this.project, this.#env);
    try {
      return await this.exec("pulumi", [...args, program.flag, ...FLAGS], onStart);
    } finally {
      program.close();
    }
  }

  exec(command: string, args: readonly string[], onStart?: (child: ChildProcess) => void): Promise<Outcome> {
    const since = performance.now();
    const child = spawn(command, args, { cwd: this.project, env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
    this.#running.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    onStart?.(child);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.#running.delete(child);
        resolve({ code, stdout, stderr, text: `${stdout}${stderr}`, seconds: (performance.now() - since) / 1_000 });
      });
    });
  }

  up(...args: string[]): Promise<Outcome> {
    return this.pulumi(["up", "--yes", "--skip-preview", ...args]);
  }

  preview(...args: string[]): Promise<Outcome> {
    return this.pulumi(["preview", "--diff", ...args]);
  }

  refresh(...args: string[]): Promise<Outcome> {
    return this.pulumi(["refresh", "--yes", "--skip-preview", ...args]);
  }

  destroy(...args: string[]): Promise<Outcome> {
    return this.pulumi(["destroy", "--yes", "--skip-preview", ...args]);
  }

  config(key: string, value: string, secret = false): Promise<Outcome> {
    return this.pulumi(["config", "set", key, value, secret ? "--secret" : "--plaintext"]);
  }

  /** The stack's outputs, secrets in the clear. */
  outputs(): Promise<Record<string, never>> {
    return Promise.resolve(outputsIn(this.stateFile) as Record<string, never>);
  }

  /** Where the file backend keeps the stack. */
  get stateFile(): string {
    return join(this.folder, "state", ".pulumi", "stacks", this.#name, `${this.stack}.json`);
  }

  /** The stack's resources as the state holds them. */
  resources(): Promise<StackResource[]> {
    return Promise.resolve(resourcesIn(this.stateFile));
  }

  /** Files below the folder that hold a text: for proving that none holds a secret. */
  filesWith(text: string): string[] {
    const found: string[] = [];
    for (const top of ["home", "pulumi", "state", "project"]) {
      for (const name of readdirSync(join(this.folder, top), { recursive: true, encoding: "utf8" })) {
        const file = join(this.folder, top, name);
        if (!name.includes("node_modules") && statSync(file).isFile() && readFileSync(file, "utf8").includes(text)) found.push(file);
      }
    }
    return found;
  }

  remove(): void {
    for (const { pid } of this.#running) if (pid !== undefined) killTree(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function projectFile({ project, typescript }: WorkspaceOptions): string {
  const runtime = typescript ? "runtime: nodejs" : "runtime:\n  name: nodejs\n  options:\n    typescript: false";
  return `name: ${project ?? "tokens"}\n${runtime}\n`;
}
