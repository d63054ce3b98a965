// Runs every ring, two at a time and in the end three, and ends with the one line that scripts read: "N passed, N failed", from the runner's
// own results. A ring's output comes in one piece when it has ended; what failed is named once more at the very end.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { rings, workers } from "../../vitest.config.ts";

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly File[];
}

interface File {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] | null }[];
}

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What failed and how, a line each. */
  readonly failures: readonly string[];
}

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "servicetokens-results-"));
/** Most rings wait a good deal, and start programs that work meanwhile. */
const LANES = 2;

/** As much of a failure's message as a line holds. */
const brief = (message = ""): string => message.replace(/\s+/g, " ").slice(0, 300);

function failuresOf(file: File): string[] {
  const named = file.assertionResults.filter(({ status }) => status === "failed").map(({ fullName, failureMessages }) => `${fullName}: ${brief(failureMessages?.[0])}`);
  const all = named.length > 0 || file.status !== "failed" ? named : [brief(file.message)];
  return all.map((what) => `${relative(root, file.name)}: ${what}`);
}

/** Passed and failed tests; a file that could not even be loaded counts as one failed test, and so does a ring that ends badly though no test failed. */
function count(ring: string, output: string, code: number | null): Count {
  try {
    const results = JSON.parse(readFileSync(output, "utf8")) as Results;
    const broken = results.testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0).length;
    const failed = results.numFailedTests + broken;
    const failures = results.testResults.flatMap(failuresOf);
    if (failed === 0 && code !== 0) return { passed: results.numPassedTests, failed: 1, failures: [...failures, `${ring}: the runner ended with ${code ?? "a signal"}`] };
    return { passed: results.numPassedTests, failed, failures };
  } catch {
    return { passed: 0, failed: 1, failures: [`${ring}: the runner left no results`] };
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
      const found = count(ring, output, code);
      process.stdout.write(`\n${Buffer.concat(said).toString()}\n${ring}: ${found.passed} passed, ${found.failed} failed, in ${Math.round((performance.now() - started) / 1_000)} s\n`);
      resolve(found);
    };
    child.once("error", () => end(1));
    child.once("close", end);
  });
}

const open = rings.map(({ test }) => test.name);
const counts: Count[] = [];
/** The first two have two workers each. Once one of them has ended, there is room for one more. */
let third: Promise<void> | null = null;
async function lane(): Promise<void> {
  for (let ring = open.shift(); ring; ring = open.shift()) {
    counts.push(await run(ring));
    third ??= lane();
  }
}
await Promise.all(Array.from({ length: LANES }, lane));
await third;
rmSync(folder, { recursive: true, force: true });
const passed = counts.reduce((sum, ring) => sum + ring.passed, 0);
const failed = counts.reduce((sum, ring) => sum + ring.failed, 0);
for (const failure of counts.flatMap(({ failures }) => failures)) process.stdout.write(`\nFAILED ${failure}\n`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
