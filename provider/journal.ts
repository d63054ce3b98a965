// Says things where people see them: in the diagnostics of preview, up and refresh, under the resource they are about.
import { say, type Level } from "./engine-log.ts";
import { urnOf } from "./mark.ts";

export interface Journal {
  /** For the engine's log alone. */
  debug(message: string): Promise<void>;
  info(message: string): Promise<void>;
  warn(message: string): Promise<void>;
}

/** Speaks of one resource, the one with this identity; null: of the stack. */
export function journal(self: unknown): Journal {
  const write = (level: Level) => (message: string) => say(level, urnOf(self) ?? "", message);
  return { debug: write("debug"), info: write("info"), warn: write("warn") };
}
