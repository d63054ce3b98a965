// One place where an operator runs: a process that is started again whenever it ends, as a kubelet would, behind a
// wire of its own to the apiserver.
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startGuarded, type GuardedChild } from "../support/child.ts";
import { startProxy, type Proxy } from "../support/proxy.ts";
import type { ControlPlane } from "../support/control-plane.ts";

const RESTART_MS = 300;

export class Replica {
  readonly name: string;
  readonly wire: Proxy;
  /** How often it was killed. */
  kills = 0;
  readonly #folder: string;
  readonly #log: string;
  readonly #kubeconfig: string;
  readonly #program: readonly string[];
  #flags: readonly string[] = [];
  #child: GuardedChild | undefined;
  #wanted = false;
  /** How many bytes had been logged before the process that runs now. */
  #logged = 0;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(at: { name: string; folder: string; wire: Proxy; kubeconfig: string; program: readonly string[] }) {
    this.name = at.name;
    this.wire = at.wire;
    this.#folder = at.folder;
    this.#log = join(at.folder, `${at.name}.log`);
    this.#kubeconfig = at.kubeconfig;
    this.#program = at.program;
  }

  static async at(name: string, plane: ControlPlane, folder: string, program: readonly string[]): Promise<Replica> {
    const wire = await startProxy(plane.url);
    const kubeconfig = join(folder, `${name}.kubeconfig`);
    const config = readFileSync(plane.kubeconfigPath, "utf8").replace(plane.url, wire.url.replace("http:", "https:"));
    writeFileSync(kubeconfig, config, { mode: 0o600 });
    return new Replica({ name, folder, wire, kubeconfig, program });
  }

  /** Runs from now on, with these flags. */
  async start(flags: readonly string[]): Promise<void> {
    await this.stop();
    this.#flags = flags;
    this.#wanted = true;
    this.#keeping = this.#keep();
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    this.#signal("SIGCONT");
    await this.#child?.stop("SIGTERM");
    await this.#keeping;
  }

  /** Whether there was one to be killed. */
  kill(): boolean {
    const hit = this.#signal("SIGKILL");
    if (hit) this.kills += 1;
    return hit;
  }

  freeze(): void {
    this.#signal("SIGSTOP");
  }

  wake(): void {
    this.#signal("SIGCONT");
  }

  running(): boolean {
    return this.#child?.running() === true;
  }

  logs(): string {
    return readFileSync(this.#log, "utf8");
  }

  /** Whether the process that runs now has said that it is ready. */
  ready(): boolean {
    return this.running() && this.#said().includes('{"ready":true}');
  }

  /** Whether the process that runs now said last that it leads. */
  leads(): boolean {
    const log = this.#said();
    return this.running() && log.lastIndexOf("Became leader") > log.lastIndexOf("Leadership lost");
  }

  /** What the process that runs now has said. */
  #said(): string {
    return readFileSync(this.#log).subarray(this.#logged).toString("utf8");
  }

  #signal(signal: NodeJS.Signals): boolean {
    if (!this.running() || this.#child === undefined) return false;
    try {
      process.kill(this.#child.pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  async #keep(): Promise<void> {
    while (this.#wanted) {
      this.#logged = existsSync(this.#log) ? statSync(this.#log).size : 0;
      this.#child = await startGuarded(this.#folder, this.name, [...this.#program, "controller", "--kubeconfig", this.#kubeconfig, ...this.#flags]);
      // It was stopped while it came up.
      if (!this.#wanted) await this.#child.stop("SIGTERM");
      await this.#child.gone;
      if (this.#wanted) await sleep(RESTART_MS);
    }
  }
}
