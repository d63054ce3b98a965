// Runs every ring and ends with the one line that scripts read: "N passed, N failed", from the runner's own results.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "servicetokens-results-"));
const output = join(folder, "results.json");

/** Passed and failed tests; a file that could not even be loaded counts as one failed test. */
function count(): { passed: number; failed: number } {
  try {
    const results = JSON.parse(readFileSync(output, "utf8")) as Results;
    const broken = results.testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0).length;
    return { passed: results.numPassedTests, failed: results.numFailedTests + broken };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const run = spawnSync(
  process.execPath,
  [join(root, "node_modules", "vitest", "vitest.mjs"), "run", "--maxWorkers=2", "--reporter=default", "--reporter=json", `--outputFile.json=${output}`, ...process.argv.slice(2)],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
);
const { passed, failed } = count();
rmSync(folder, { recursive: true, force: true });
const missed = failed === 0 && run.status !== 0 ? 1 : 0;
process.stdout.write(`\n${passed} passed, ${failed + missed} failed\n`);
process.exitCode = failed + missed > 0 || passed === 0 ? 1 : 0;
