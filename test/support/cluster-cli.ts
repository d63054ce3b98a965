// `start` leaves a control plane running and prints the path of its kubeconfig, `stop`
// ends it. A keeper process owns the control plane; when it goes, all of it goes.
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startControlPlane, startDetached } from "./control-plane.ts";

const directory = join(import.meta.dirname, "..", "..", ".tools", "cluster");
const pidFile = join(directory, "keeper.pid");
const kubeconfigPath = join(directory, "kubeconfig");
const logPath = join(directory, "keeper.log");
const startTimeoutMs = 90_000;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The keeper that runs, if one does. After a reboot its number may be somebody else's: its command line tells. */
function keeper(): number | undefined {
  if (!existsSync(pidFile)) return undefined;
  const pid = Number(readFileSync(pidFile, "utf8"));
  if (!Number.isInteger(pid) || pid <= 1 || !alive(pid)) return undefined;
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && !readFileSync(commandLine, "utf8").includes("cluster-cli") ? undefined : pid;
}

async function start(): Promise<void> {
  if (keeper() === undefined) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const pid = startDetached(import.meta.filename, ["keep", ...process.argv.slice(3)], openSync(logPath, "a"));
    writeFileSync(pidFile, String(pid));
    process.stderr.write("Starting etcd and kube-apiserver\n");
  }
  const deadline = Date.now() + startTimeoutMs;
  while (!existsSync(join(directory, "ready"))) {
    if (keeper() === undefined || Date.now() > deadline) throw new Error(`the control plane did not start: ${readFileSync(logPath, "utf8")}`);
    await sleep(100);
  }
  process.stdout.write(`${kubeconfigPath}\n`);
}

async function stop(): Promise<void> {
  const pid = keeper();
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    // The file goes when all is stopped; the number may linger until whoever adopted the keeper looks.
    while (existsSync(pidFile) && alive(pid)) await sleep(20);
  }
  rmSync(directory, { recursive: true, force: true });
}

async function keep(): Promise<void> {
  const plane = await startControlPlane({ directory, controllerManager: process.argv.includes("--controller-manager") });
  const ready = join(directory, "ready");
  writeFileSync(`${ready}.new`, plane.url);
  renameSync(`${ready}.new`, ready);
  const staysAwake = setInterval(() => undefined, 1 << 30);
  process.once("SIGTERM", () => {
    void plane.stop().then(() => {
      clearInterval(staysAwake);
      rmSync(pidFile, { force: true });
    });
  });
}

const commands: Record<string, () => Promise<void>> = { start, stop, keep };
const command = commands[process.argv[2] ?? ""];
if (command === undefined) throw new Error("cluster-cli: start [--controller-manager] | stop");
try {
  await command();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
