// The `pulumi` command line, as our commands ask it for the state of a stack. What it prints is never repeated but for
// its last line of complaint: a state may hold what people would not print.
import { spawn } from "node:child_process";
import { UsageError } from "./failure.ts";

export interface Place {
  /** The folder of the program; default: the present one. */
  readonly folder: string;
  /** The stack's name; default: the selected one. */
  readonly stack: string | null;
}

/** What the command prints on stdout. */
export function pulumi(place: Place, args: readonly string[]): Promise<string> {
  const stack = place.stack === null ? [] : ["--stack", place.stack];
  const child = spawn("pulumi", [...args, ...stack, "--non-interactive", "--color", "never"], { cwd: place.folder, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      reject(new UsageError(missing ? `there is no pulumi on the PATH, or no folder ${place.folder}` : error.message));
    });
    child.once("close", (code) => {
      if (code === 0) resolve(stdout);
      else reject(new UsageError(`pulumi ${args.slice(0, 2).join(" ")} failed: ${complaint(stderr)}`));
    });
  });
}

function complaint(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const said = (lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "it says nothing").replace(/^error:\s*/, "");
  return `${said}${remedy(said)}`;
}

/** What to do, where the CLI does not say it itself. */
function remedy(said: string): string {
  if (said.includes("failed to load checkpoint")) return ". The state is cut off, as by a full disk, or was edited: servicetokens recover puts the last whole one back";
  return said.startsWith("no stack named") ? ". pulumi stack ls shows those that there are" : "";
}
