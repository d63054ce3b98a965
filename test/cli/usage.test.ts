// The command line answers bad input with a sentence, and exit code 1.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

function run(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "..", "..", "cli", "main.ts"), ...args], { encoding: "utf8", timeout: 30_000 });
  return { code: status, stdout, stderr };
}

test("--help names every command", () => {
  const { code, stdout } = run("--help");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/server[\s\S]*controller/)]);
});

test.each([
  [["serve"], /unknown command 'serve'/],
  [["server"], /give --data/],
  [["server", "--data", "memory:", "--admin-token-file", "/nowhere/at/all/file"], /admin/i],
  [["server", "--data", "memory:", "--admin-token-file", "x", "--listen", "nonsense"], /nonsense/],
  [["import", "pulumi", "--cwd", "/"], /there is no Pulumi.yaml in \/ or above it/],
  [["sweep", "--token", "x"], /--token takes the id of a token/],
  [["recover", "--cwd", "/"], /there is no Pulumi.yaml in \/ or above it/],
  [["handover", "kubernetes", "ingest", "--to", "ingest", "--issuer", "q"], /write NAMESPACE\/NAME, as in data\/ingest/],
  [["handover", "pulumi", "data/ingest", "--timeout", "soon"], /--timeout takes seconds, not "soon"/],
  [["controller", "--metrics", "nonsense"], /--metrics takes an address/],
  [["controller", "--log-level", "loud"], /--log-level takes one of debug/],
])("%j is refused with a sentence", (args, message) => {
  const { code, stdout, stderr } = run(...args);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at .*\(/);
});

test("a Node that is too old is told so, and nothing else", () => {
  const old = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})';
  const { status, stderr } = spawnSync(process.execPath, ["--import", old, join(import.meta.dirname, "..", "..", "cli", "main.ts"), "sweep"], { encoding: "utf8", timeout: 30_000 });
  expect([status, stderr]).toEqual([1, `servicetokens: Node.js 22.19 or newer is needed, and this is 20.20.2 (${process.execPath})\n`]);
});
