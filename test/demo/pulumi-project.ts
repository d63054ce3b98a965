// One Pulumi project with a stack in a folder of the stage: file backend, the built package, the real CLI.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { engineFolder } from "../support/pulumi/engine.ts";
import type { Narrator } from "./narrator.ts";
import { root, type Stage } from "./stage.ts";

/** An operation that is told to end finishes the calls under way; then it is killed. */
const PATIENCE_MS = 5_000;

export interface Outputs {
  readonly token: string;
  readonly tokenId: number;
  readonly revision: number;
}

export class PulumiProject {
  readonly folder: string;
  readonly #stage: Stage;
  readonly #env: NodeJS.ProcessEnv;
  #running: { readonly child: ChildProcess; readonly gone: Promise<void> } | undefined;

  constructor(stage: Stage, program: string) {
    this.#stage = stage;
    this.folder = join(stage.folder, "pulumi");
    const home = join(stage.folder, "pulumi-home");
    const state = join(stage.folder, "pulumi-state");
    const modules = join(this.folder, "node_modules");
    for (const folder of [home, state, join(modules, "@pulumi")]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(this.folder, "Pulumi.yaml"), "name: demo\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n");
    writeFileSync(join(this.folder, "package.json"), '{"name": "demo", "version": "0.0.0"}\n');
    writeFileSync(join(this.folder, "index.js"), program);
    symlinkSync(root, join(modules, "qualytics-servicetokens"));
    symlinkSync(join(root, "node_modules", "@pulumi", "pulumi"), join(modules, "@pulumi", "pulumi"));
    const variables = {
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: "demo",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    const bin = engineFolder();
    stage.setVariables({ PATH: `${bin}:${join(root, ".tools", "bin")}:$PATH`, ...variables });
    this.#env = {
      ...variables,
      PATH: `${bin}:${join(root, ".tools", "bin")}:/usr/bin:/bin`,
      HOME: home,
      QUALYTICS_URL: stage.service.url,
      QUALYTICS_TOKEN: stage.service.adminToken,
    };
    stage.onStrike(() => this.#end());
  }

  /** Says the command and runs it; what it prints, or what it complains about as an error. */
  async run(tell: Narrator, ...args: string[]): Promise<string> {
    tell.run(`pulumi ${args.join(" ")}`);
    return await this.pulumi(...args);
  }

  async outputs(): Promise<Outputs> {
    return JSON.parse(await this.pulumi("stack", "output", "--json", "--show-secrets")) as Outputs;
  }

  pulumi(...args: string[]): Promise<string> {
    if (this.#stage.ending) return Promise.reject(new Error("the demo is ending"));
    // A group of its own: a Ctrl-C reaches it through us, once.
    const child = spawn("pulumi", [...args, "--non-interactive", "--color=never"], { cwd: this.folder, env: this.#env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    const ended = new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => (code === 0 ? resolve(stdout) : reject(new Error(`pulumi ${args.join(" ")} failed:\n${stdout}${stderr}`))));
    });
    const gone = ended.then(
      () => undefined,
      () => undefined,
    );
    this.#running = { child, gone };
    return ended;
  }

  async #end(): Promise<void> {
    const { child, gone } = this.#running ?? {};
    if (child?.pid === undefined || child.exitCode !== null) return;
    child.kill("SIGINT");
    await Promise.race([gone, sleep(PATIENCE_MS)]);
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
  }
}
