// A child process that cannot outlive us: it holds the reading end of a pipe whose
// writing end only this process has, and the kernel closes that however we die.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Starts "$@", notes its pid, and kills it when the pipe on descriptor 3 ends. */
const guard = `
pidfile=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
echo $child >"$pidfile.new" && mv "$pidfile.new" "$pidfile"
(read _ <&3; kill -KILL $child 2>/dev/null) &
watcher=$!
exec 3<&-
wait $child
code=$?
kill $watcher 2>/dev/null
exit $code
`;

export interface GuardedChild {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  running(): boolean;
  logTail(): string;
  /** Killed when it is still there after so long: by default two seconds, since an apiserver waits for as long as somebody watches. */
  stop(signal?: NodeJS.Signals, patienceMs?: number): Promise<void>;
}

export async function startGuarded(directory: string, name: string, command: readonly string[]): Promise<GuardedChild> {
  const pidFile = join(directory, `${name}.pid`);
  const logFile = join(directory, `${name}.log`);
  rmSync(pidFile, { force: true });
  const log = openSync(logFile, "a");
  // A group of its own: a Ctrl-C is for us, and we end our children in order.
  const shell = spawn("/bin/sh", ["-c", guard, "guard", pidFile, ...command], { stdio: ["pipe", log, log], detached: true });
  shell.stdin?.on("error", () => undefined);
  const gone = new Promise<void>((resolve) => shell.once("exit", () => resolve()));
  while (!existsSync(pidFile) && shell.exitCode === null) await sleep(5);
  const logTail = (): string => readFileSync(logFile, "utf8").split("\n").slice(-12).join("\n");
  if (!existsSync(pidFile)) throw new Error(`${name} did not start: ${logTail()}`);
  const pid = Number(readFileSync(pidFile, "utf8"));
  const running = (): boolean => shell.exitCode === null && shell.signalCode === null;
  return { pid, gone, running, logTail, stop: (signal = "SIGKILL", patienceMs = PATIENCE_MS) => stop(shell, { pid, gone, signal, patienceMs }) };
}

const PATIENCE_MS = 2_000;

interface Ending {
  readonly pid: number;
  readonly gone: Promise<void>;
  readonly signal: NodeJS.Signals;
  readonly patienceMs: number;
}

async function stop(shell: ChildProcess, { pid, gone, signal, patienceMs }: Ending): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already; its guard has not noticed yet.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  const patience = new AbortController();
  await Promise.race([gone, sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
  // The guard kills what did not listen.
  shell.stdin?.destroy();
  await gone;
}
