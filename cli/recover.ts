// `servicetokens recover`: where the disk was full under a file backend, the CLI leaves half a state, which no command of
// it can read any more; the last whole one is put back from the copies that it keeps. Does nothing where the state is
// whole, so that a pipeline can run it before every update. Which copy is the newest is all that it decides: what has
// happened at the token API since then is the next update's business.
import { copyFileSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { formatInstant } from "../core/instant.ts";
import { UsageError } from "./failure.ts";
import { filesOf, findStack, isIdle, type StackFiles, type StackFlags } from "./stack.ts";

/** As the CLI compresses states, if it is told to. */
const FORMS: readonly { readonly ending: string; readonly read: (bytes: Buffer) => Buffer }[] = [
  { ending: ".json", read: (bytes) => bytes },
  { ending: ".json.gz", read: (bytes) => gunzipSync(bytes) },
  { ending: ".json.zst", read: (bytes) => zstdDecompressSync(bytes) },
];

type Form = (typeof FORMS)[number];

export async function recover(flags: StackFlags): Promise<void> {
  const stack = await findStack(flags);
  const label = `${stack.project}/${stack.name}`;
  const files = filesOf(stack);
  if (files === null) throw new UsageError(`the state of ${label} lies in ${stack.backend}, not in files of this machine: only those are cut off by a full disk`);
  const form = FORMS.find(({ ending }) => timeOf(files.state + ending) !== null);
  if (!form) throw new UsageError(`there is no state of ${label} in ${dirname(files.state)}`);
  const state = files.state + form.ending;
  if (isWhole(state, form)) return say(`The state of ${label} is whole: nothing was done.`);
  if (isIdle(stack) === false) throw new UsageError("an update of the stack is running, or was ended by force: wait for it, or run pulumi cancel");
  const copy = copies(files, state, form).find(({ file }) => isWhole(file, form));
  if (!copy) throw new UsageError(`the state of ${label} is cut off, and so is every copy of it: put one back from your own backups, and run pulumi up`);
  putBack(copy.file, state);
  say(`The state of ${label} was cut off: the one of ${formatInstant(copy.at)} is put back, from ${copy.file}. What was issued since then is found by the next pulumi up.`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function timeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null;
}

function isWhole(file: string, { read }: Form): boolean {
  try {
    const state = JSON.parse(read(readFileSync(file)).toString("utf8")) as { version?: unknown; checkpoint?: unknown } | null;
    return typeof state?.version === "number" && typeof state.checkpoint === "object" && state.checkpoint !== null;
  } catch {
    return false;
  }
}

/** The one of the step before, and those of the ends of updates; the newest first. */
function copies({ backups, state: base }: StackFiles, state: string, { ending }: Form): { file: string; at: number }[] {
  const start = `${basename(base)}.`;
  const names = timeOf(backups) === null ? [] : readdirSync(backups).filter((name) => name.startsWith(start) && name.endsWith(ending) && /^\d+$/.test(name.slice(start.length, -ending.length)));
  return [`${state}.bak`, ...names.map((name) => join(backups, name))]
    .flatMap((file) => {
      const at = timeOf(file);
      return at === null ? [] : [{ file, at }];
    })
    .sort((one, other) => other.at - one.at);
}

/** At once, and without room for another copy: the disk may be full still. */
function putBack(copy: string, state: string): void {
  const fresh = `${state}.recovered`;
  rmSync(fresh, { force: true });
  try {
    linkSync(copy, fresh);
  } catch {
    copyFileSync(copy, fresh);
  }
  renameSync(fresh, state);
}
