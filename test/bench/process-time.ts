// How much time of the processors a process has had. Knows no bench.
import { readFileSync } from "node:fs";

/** CPU seconds of a process so far, user and system. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
