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

/** As the CLI compresses states, if it is told to (PULUMI_DIY_BACKEND_GZIP, PULUMI_DIY_BACKEND_ZSTD). */
const FORMS: readonly Form[] = [
  { ending: ".json", read: (bytes) => bytes },
  { ending: ".json.gz", read: (bytes) => gunzipSync(bytes) },
  { ending: ".json.zst", read: (bytes) => zstdDecompressSync(bytes) },
];

interface Form {
  readonly ending: string;
  readonly read: (bytes: Buffer) => Buffer;
}

interface StateFile {
  readonly file: string;
  readonly form: Form;
  readonly at: number;
}

export async function recover(flags: StackFlags): Promise<void> {
  // Files know no organization, and asking for it needs somebody who is logged in.
  const stack = await findStack({ organization: "", ...flags });
  const label = `${stack.project}/${stack.name}`;
  const files = filesOf(stack);
  if (files === null) throw new UsageError(`the state of ${label} lies in ${stack.backend}, not in files of this machine: only those are cut off by a full disk`);
  // Of two forms the CLI reads the one that was written last.
  const [state] = existing(FORMS.map((form) => ({ file: files.state + form.ending, form })));
  if (!state) throw new UsageError(`there is no state of ${label} in ${dirname(files.state)}`);
  if (isWhole(state)) return say(`The state of ${label} is whole: nothing was done.`);
  if (isIdle(stack) === false) throw new UsageError("an update of the stack is running, or was ended by force: wait for it, or run pulumi cancel");
  const copy = copies(files).find(isWhole);
  if (!copy) throw new UsageError(`the state of ${label} is cut off, and so is every copy of it: put one back from your own backups, and run pulumi up`);
  try {
    putBack(copy, files.state + copy.form.ending);
    if (copy.form !== state.form) rmSync(state.file);
  } catch (error) {
    throw new UsageError(`the state of ${label} is cut off, and cannot be written (${codeOf(error)}): run this as who may write in ${dirname(files.state)}. The last whole copy is ${copy.file}`);
  }
  say(`The state of ${label} was cut off: the one of ${formatInstant(copy.at)} is put back, from ${copy.file}. What was issued since then is found by the next pulumi up.`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function timeOf(file: string): number | null {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null;
  } catch (error) {
    throw new UsageError(`${file} cannot be looked at (${codeOf(error)}): run this as who may read it; nothing was done`);
  }
}

/** The newest first. */
function existing(files: readonly Omit<StateFile, "at">[]): StateFile[] {
  return files
    .flatMap((one) => {
      const at = timeOf(one.file);
      return at === null ? [] : [{ ...one, at }];
    })
    .sort((one, other) => other.at - one.at);
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";

/** What cannot be read is not the same as cut off: nothing is put in its place. */
function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${codeOf(error)}): run this as who may read it; nothing was done`);
  }
}

function isWhole({ file, form }: StateFile): boolean {
  const bytes = bytesOf(file);
  try {
    const state = JSON.parse(form.read(bytes).toString("utf8")) as { version?: unknown; checkpoint?: unknown } | null;
    return typeof state?.version === "number" && typeof state.checkpoint === "object" && state.checkpoint !== null;
  } catch {
    return false;
  }
}

/** The one of the step before, and those of the ends of updates, in any form: it may have been the first step in another one. */
function copies({ backups, state }: StackFiles): StateFile[] {
  const start = `${basename(state)}.`;
  const names = timeOf(backups) === null ? [] : readdirSync(backups).filter((name) => name.startsWith(start));
  const ofUpdates = FORMS.flatMap((form) => names.filter((name) => name.endsWith(form.ending) && /^\d+$/.test(name.slice(start.length, -form.ending.length))).map((name) => ({ file: join(backups, name), form })));
  return existing([...FORMS.map((form) => ({ file: `${state}${form.ending}.bak`, form })), ...ofUpdates]);
}

/** At once, and without room for another copy: the disk may be full still. */
function putBack({ file }: StateFile, state: string): void {
  const fresh = `${state}.recovered`;
  rmSync(fresh, { force: true });
  try {
    linkSync(file, fresh);
  } catch {
    copyFileSync(file, fresh);
  }
  renameSync(fresh, state);
}
