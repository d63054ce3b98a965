// How a command says that it cannot: one sentence on stderr, exit code 1, no stack unless it is our own mistake.
import { LifecycleError } from "../core/error.ts";

/** Ends the process with what went wrong. Errors of ours are sentences; anything else is a defect and shows where. */
export function fail(error: unknown): never {
  process.stderr.write(`servicetokens: ${sentence(error)}\n`);
  process.exit(1);
}

function sentence(error: unknown): string {
  if (error instanceof LifecycleError) return error.message;
  if (!(error instanceof Error)) return "something that is no error was thrown";
  return isExpected(error) ? error.message : (error.stack ?? error.message);
}

/** Errors that carry their own sentence for people say so by this name. */
const isExpected = (error: Error): boolean => ["StartError", "UsageError", "ProviderError"].includes(error.name);

/** Bad words on the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** One JSON line on stdout: what a script waits for. */
export function announce(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
