// The parts the story is played on: token service, control plane, operator, consumer. All of it lies in one temporary
// folder; `strike` ends every process and removes the folder, whatever had been started by then.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startGuarded, type GuardedChild } from "../support/child.ts";
import { startControlPlane, type ControlPlane } from "../support/control-plane.ts";
import type { Narrator } from "./narrator.ts";
import { TokenService } from "./token-api.ts";

export const root = join(import.meta.dirname, "../..");
const PROGRAM = join(root, "bin", "servicetokens");
/** Its processes are gone at the latest then. */
const PATIENCE_MS = 3_000;

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "servicetokens-demo-"));
  readonly envFile = join(this.folder, "env");
  readonly #children = new Map<string, GuardedChild>();
  /** Every process that was ever started here. */
  readonly #pids = new Set<number>();
  readonly #cleanups: (() => Promise<void>)[] = [];
  #variables: Record<string, string> = { PATH: `${join(root, ".tools", "bin")}:$PATH`, KUBECACHEDIR: join(this.folder, "kubectl-cache") };
  #plane: ControlPlane | undefined;
  #service: TokenService | undefined;
  #planeStart: Promise<void> | undefined;
  #struck: Promise<void> | undefined;

  constructor() {
    // Else kubectl keeps what it learns of this cluster in the home folder, for good.
    process.env["KUBECACHEDIR"] = join(this.folder, "kubectl-cache");
  }

  get plane(): ControlPlane {
    if (!this.#plane) throw new Error("there is no control plane yet");
    return this.#plane;
  }

  get service(): TokenService {
    if (!this.#service) throw new Error("there is no token service yet");
    return this.#service;
  }

  /** For people: `. <folder>/env` makes the commands of the story work in their shell. */
  setVariables(more: Readonly<Record<string, string>>): void {
    this.#variables = { ...this.#variables, ...more };
    const lines = Object.entries(this.#variables).map(([name, value]) => `export ${name}="${value}"\n`);
    writeFileSync(this.envFile, lines.join(""), { mode: 0o600 });
  }

  /** Nothing more is to be started. */
  get ending(): boolean {
    return this.#struck !== undefined;
  }

  /** To be done before the folder goes. */
  onStrike(cleanup: () => Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  async startService(): Promise<TokenService> {
    const adminTokenFile = join(this.folder, "admin-token");
    const line = await this.#startProgram("token-service", ["server", "--listen", "127.0.0.1:0", "--data", "memory:", "--admin-token-file", adminTokenFile]);
    const { url } = line as { url: string };
    this.#service = new TokenService(url, adminTokenFile, readFileSync(adminTokenFile, "utf8").trim());
    this.setVariables({ QUALYTICS_URL: url, QUALYTICS_TOKEN: `$(cat ${adminTokenFile})` });
    return this.#service;
  }

  startPlane(): Promise<void> {
    this.#planeStart = this.#startPlane();
    this.#planeStart.catch(() => undefined);
    return this.#planeStart;
  }

  async #startPlane(): Promise<void> {
    const directory = join(this.folder, "control-plane");
    mkdirSync(directory);
    const plane = await startControlPlane({ directory });
    for (const pid of Object.values(plane.pids)) this.#pids.add(pid);
    this.#plane = plane;
    copyFileSync(plane.kubeconfigPath, this.kubeconfig);
    this.setVariables({ KUBECONFIG: this.kubeconfig });
  }

  get kubeconfig(): string {
    return join(this.folder, "kubeconfig");
  }

  /** Says the command and runs it; paths are from the project's folder. */
  kubectl(tell: Narrator, args: readonly string[]): Promise<string> {
    if (this.ending) return Promise.reject(new Error("the demo is ending"));
    tell.run(`kubectl ${args.map(quoted).join(" ")}`);
    return this.plane.kubectl(args.map((arg) => (arg === "crds/" ? join(root, arg) : arg)));
  }

  async startOperator(): Promise<void> {
    await this.#startProgram("operator", ["controller", "--kubeconfig", this.plane.kubeconfigPath]);
  }

  operatorPid(): number {
    return this.#children.get("operator")?.pid ?? 0;
  }

  operatorLog(): string {
    return this.#log("operator");
  }

  async startConsumer(namespace: string, secret: string): Promise<void> {
    const { url, token, directory } = this.plane;
    const certificates = `NODE_EXTRA_CA_CERTS=${join(directory, "certs", "apiserver.crt")}`;
    const entry = join(import.meta.dirname, "consumer.ts");
    await this.#start("consumer", ["/usr/bin/env", certificates, process.execPath, entry, url, token, namespace, secret, this.service.url]);
  }

  consumerLog(): string {
    return this.#log("consumer");
  }

  async stop(name: string, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.#children.get(name)?.stop(signal);
    this.#children.delete(name);
  }

  strike(): Promise<void> {
    this.#struck ??= this.#strike();
    return this.#struck;
  }

  async #strike(): Promise<void> {
    for (const cleanup of this.#cleanups) await cleanup().catch(() => undefined);
    for (const name of ["consumer", "operator", "token-service"]) await this.stop(name).catch(() => undefined);
    // Half started it could not be stopped.
    await this.#planeStart?.catch(() => undefined);
    await this.#plane?.stop().catch(() => undefined);
    // After a Ctrl-C, which reaches all of them at once, some may still be on their way out.
    const deadline = performance.now() + PATIENCE_MS;
    while ([...this.#pids].some(isAlive) && performance.now() < deadline) await sleep(20);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #log(name: string): string {
    const path = join(this.folder, `${name}.log`);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  async #start(name: string, command: readonly string[]): Promise<GuardedChild> {
    const child = await startGuarded(this.folder, name, command);
    this.#pids.add(child.pid);
    this.#children.set(name, child);
    if (this.ending) await child.stop("SIGKILL");
    return child;
  }

  /** Starts bin/servicetokens and resolves with the JSON line that it prints when it is ready. */
  async #startProgram(name: string, args: readonly string[]): Promise<unknown> {
    if (!existsSync(PROGRAM)) throw new Error("bin/servicetokens is not there: run make build");
    const before = this.#log(name).length;
    const child = await this.#start(name, [PROGRAM, ...args]);
    for (;;) {
      const line = /^\{"(?:url|ready)":.*\}$/m.exec(this.#log(name).slice(before));
      if (line) return JSON.parse(line[0]) as unknown;
      if (!child.running()) throw new Error(`servicetokens ${args[0] ?? ""} ended before it was ready: ${child.logTail()}`);
      await sleep(20);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A word as a shell wants it. */
const quoted = (word: string): string => (/^[\w./:=@-]+$/.test(word) ? word : `'${word}'`);
