// A real control plane on loopback: etcd and kube-apiserver, on request also
// kube-controller-manager. Nothing of it outlives this process, and nothing is shared:
// each has its own directory, ports, certificates and tokens.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startGuarded } from "./child.ts";
import type { GuardedChild } from "./child.ts";
import { binary, kubeconfig, kubectl } from "./kubectl.ts";
import { apiserverFlags, etcdFlags, managerFlags, writeIdentity } from "./plane-flags.ts";

export interface ControlPlaneOptions {
  /** For what needs owner references collected, namespaces emptied or service accounts made. */
  controllerManager?: boolean;
  apiserverFlags?: readonly string[];
  /** Kept afterwards if given; else a temporary one that `stop` removes. */
  directory?: string;
}

export interface ControlPlane {
  readonly directory: string;
  readonly kubeconfigPath: string;
  readonly url: string;
  /** A token of the group system:masters. */
  readonly token: string;
  readonly ca: string;
  /** By program name; they change with a restart. */
  readonly pids: Readonly<Record<string, number>>;
  /** What kubectl prints; rejects with what it complains about. */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** A kubeconfig for the same server and another token. */
  kubeconfigFor(token: string): string;
  /** SIGTERM lets it say goodbye to its clients (GOAWAY), SIGKILL does not. */
  stopApiserver(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  startApiserver(): Promise<void>;
  restartApiserver(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** The apiserver stays, and answers nothing that needs the store. */
  stopEtcd(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  startEtcd(): Promise<void>;
  /** Only where it was asked for. */
  restartControllerManager(): Promise<void>;
  /** Where etcd keeps its data: to be copied, or put back, while it is stopped. */
  readonly etcdData: string;
  readonly etcdUrl: string;
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const attempts = 3;

/** Free at this moment; whoever takes one in between makes the start fail, and it is tried again. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  for (let attempt = 1; ; attempt += 1) {
    const temporary = options.directory === undefined;
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), "control-plane-"));
    const children = new Map<string, GuardedChild>();
    const clear = async (): Promise<void> => {
      await Promise.all([...children.values()].map((child) => child.stop()));
      if (temporary) rmSync(directory, { recursive: true, force: true });
    };
    try {
      return await launch(directory, children, clear, options);
    } catch (error) {
      await clear();
      if (attempt === attempts || !String(error).includes("address already in use")) throw error;
    }
  }
}

async function launch(directory: string, children: Map<string, GuardedChild>, clear: () => Promise<void>, options: ControlPlaneOptions): Promise<ControlPlane> {
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const url = `https://127.0.0.1:${port}`;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const token = writeIdentity(directory);
  const start = async (name: string, flags: readonly string[]): Promise<void> => {
    children.set(name, await startGuarded(directory, name, [binary(name), ...flags]));
  };
  const child = (name: string): GuardedChild => {
    const found = children.get(name);
    if (found === undefined) throw new Error(`${name} was not started`);
    return found;
  };
  const startApiserver = async (): Promise<void> => {
    await start("kube-apiserver", [...apiserverFlags(directory, port, etcdUrl), ...(options.apiserverFlags ?? [])]);
    await ready(url, token, child("kube-apiserver"));
  };
  const stopApiserver = (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => child("kube-apiserver").stop(signal);

  const startEtcd = (): Promise<void> => start("etcd", etcdFlags(directory, etcdUrl, `http://127.0.0.1:${peerPort}`));

  rmSync(join(directory, "etcd"), { recursive: true, force: true });
  await startEtcd();
  await startApiserver();
  // The file holds the certificate and the authority that the apiserver made for itself.
  const ca = readFileSync(join(directory, "certs", "apiserver.crt"), "utf8");
  const kubeconfigFor = (bearer: string): string => kubeconfig(url, ca, bearer);
  const kubeconfigPath = join(directory, "kubeconfig");
  writeFileSync(kubeconfigPath, kubeconfigFor(token), { mode: 0o600 });
  if (options.controllerManager === true) await start("kube-controller-manager", managerFlags(directory, kubeconfigPath));
  return {
    directory,
    kubeconfigPath,
    url,
    token,
    ca,
    get pids() {
      return Object.fromEntries([...children].filter(([, entry]) => entry.running()).map(([name, entry]) => [name, entry.pid]));
    },
    kubectl: (args, stdin) => kubectl(kubeconfigPath, args, stdin),
    kubeconfigFor,
    stopApiserver,
    startApiserver,
    async restartApiserver(signal) {
      await stopApiserver(signal);
      await startApiserver();
    },
    async restartControllerManager() {
      await child("kube-controller-manager").stop("SIGKILL");
      await start("kube-controller-manager", managerFlags(directory, kubeconfigPath));
    },
    stopEtcd: (signal = "SIGTERM") => child("etcd").stop(signal),
    startEtcd,
    etcdData: join(directory, "etcd"),
    etcdUrl,
    stop: clear,
  };
}

async function ready(url: string, token: string, apiserver: GuardedChild): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!(await answers(`${url}/readyz`, token))) {
    if (!apiserver.running()) throw new Error(`kube-apiserver ended: ${apiserver.logTail()}`);
    if (Date.now() > deadline) throw new Error(`kube-apiserver is not ready after ${startTimeoutMs / 1000} s: ${apiserver.logTail()}`);
    await sleep(50);
  }
}

function answers(url: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    // Its certificate is not known before it has started.
    const attempt = request(url, { headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode === 200));
    });
    attempt.once("timeout", () => attempt.destroy());
    attempt.once("error", () => resolve(false));
    attempt.end();
  });
}

/** A kube-controller-manager beside a control plane that was started without one. */
export const startManager = (directory: string, kubeconfigPath: string): Promise<GuardedChild> =>
  startGuarded(directory, "kube-controller-manager", [binary("kube-controller-manager"), ...managerFlags(directory, kubeconfigPath)]);

/** Runs `entry` with Node in a process of its own that this one may leave behind. */
export function startDetached(entry: string, args: readonly string[], logFile: number): number {
  const child = spawn(process.execPath, [entry, ...args], { detached: true, stdio: ["ignore", logFile, logFile] });
  child.unref();
  if (child.pid === undefined) throw new Error(`${entry} could not be started`);
  return child.pid;
}
