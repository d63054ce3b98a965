// However much there is to be read at once, what is urgent (pings, the lease, health checks) comes in between. Turns are
// measured by CPU time, which others on the machine do not lengthen as they do wall time, in a process that has the
// operator's flags and does nothing else.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const LONGEST_MS = 50;

test.each(["streamed", "paged"])("10,000 objects and their Secrets, %s, and once more with all of them changed: no turn of the event loop takes 50 ms", async (how) => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--max-semi-space-size=2", "--expose-gc", join(import.meta.dirname, "relist-program.ts"), how], { timeout: 50_000 });
  const { longest, newest, queued } = JSON.parse(stdout) as { longest: number; newest: readonly number[]; queued: number };
  expect({ newest, queued }).toEqual({ newest: [10_000, 10_000], queued: 10_000 });
  expect(longest).toBeLessThan(LONGEST_MS);
});
