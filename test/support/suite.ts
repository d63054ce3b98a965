// Runs every ring, two at a time, and ends with the one line that scripts read: "N passed, N failed", from the runner's
// own results. A ring's output comes in one piece when it has ended.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rings, workers } from "../../vitest.config.ts";

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "servicetokens-results-"));
/** Most rings wait a good deal, and start programs that work meanwhile. */
const LANES = 2;

/** Passed and failed tests; a file that could not even be loaded counts as one failed test, and so does a ring that ends badly though no test failed. */
function count(output: string, code: number | null): Count {
  try {
    const results = JSON.parse(readFileSync(output, "utf8")) as Results;
    const broken = results.testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0).length;
    const failed = results.numFailedTests + broken;
    return { passed: results.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function run(ring: string): Promise<Count> {
  const output = join(folder, `${ring}.json`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const started = performance.now();
  const child = spawn(process.execPath, [vitest, "run", "--project", ring, `--maxWorkers=${workers[ring] ?? 1}`, "--reporter=default", "--reporter=json", `--outputFile.json=${output}`], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve) => {
    const end = (code: number | null): void => {
      const found = count(output, code);
      process.stdout.write(`\n${Buffer.concat(said).toString()}\n${ring}: ${found.passed} passed, ${found.failed} failed, in ${Math.round((performance.now() - started) / 1_000)} s\n`);
      resolve(found);
    };
    child.once("error", () => end(1));
    child.once("close", end);
  });
}

const open = rings.map(({ test }) => test.name);
const counts: Count[] = [];
async function lane(): Promise<void> {
  for (let ring = open.shift(); ring; ring = open.shift()) counts.push(await run(ring));
}
await Promise.all(Array.from({ length: LANES }, lane));
rmSync(folder, { recursive: true, force: true });
const passed = counts.reduce((sum, ring) => sum + ring.passed, 0);
const failed = counts.reduce((sum, ring) => sum + ring.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
