// Says things where people see them: in the diagnostics of preview, up and refresh, under the resource they are about.
// The SDK gives dynamic providers no logger, but starts them with the engine's address; its log module looks for that
// address where programs get it. Without one the SDK itself falls back to the terminal.
import * as pulumi from "@pulumi/pulumi";
import { urnOf } from "./mark.ts";

const ENGINE = "PULUMI_NODEJS_ENGINE";

/** Has to be called before the SDK looks at its settings for the first time, which it does right after loading us. */
export function connect(): void {
  const address = process.argv[2];
  if (process.env[ENGINE] === undefined && address !== undefined && /^[\w.[\]:-]+:\d+$/.test(address)) process.env[ENGINE] = address;
}

/** The resource, as far as the log module looks at it. */
function about(urn: string | null): pulumi.Resource | undefined {
  return urn === null ? undefined : ({ urn: { promise: () => Promise.resolve(urn) } } as unknown as pulumi.Resource);
}

async function write(level: "debug" | "info" | "warn", urn: string | null, message: string): Promise<void> {
  try {
    await pulumi.log[level](message, about(urn));
  } catch {
    // A message that cannot be shown is no reason to fail.
  }
}

export interface Journal {
  /** For the engine's log alone. */
  debug(message: string): Promise<void>;
  info(message: string): Promise<void>;
  warn(message: string): Promise<void>;
}

/** Speaks of one resource, the one with this identity; null: of the stack. */
export function journal(self: unknown): Journal {
  const of = urnOf(self);
  return { debug: (message) => write("debug", of, message), info: (message) => write("info", of, message), warn: (message) => write("warn", of, message) };
}
