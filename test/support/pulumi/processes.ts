// The processes that a CLI command started: plugins have groups of their own, so a group kill does not reach them.
import { execFileSync } from "node:child_process";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

function all(): Process[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match ? [{ pid: Number(match[1]), parent: Number(match[2]), args: match[3] ?? "" }] : [];
  });
}

/** Everything that descends from `pid`. */
export function descendants(pid: number): Process[] {
  const processes = all();
  const found: Process[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    const children = processes.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself.
  }
}

/** SIGKILL to a command and to everything it started. */
export function killTree(pid: number): void {
  const below = descendants(pid);
  kill(pid);
  for (const child of below) kill(child.pid);
}

/** SIGKILL to the process that runs the provider's handlers. */
export function killProvider(pid: number): void {
  for (const child of descendants(pid)) if (child.args.includes("cmd/dynamic-provider")) kill(child.pid);
}
