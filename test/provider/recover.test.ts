// `servicetokens recover` where the CLI compresses states: the form that the CLI itself writes, and a state that was cut off
// just when the form changed; and in a backend from before stacks belonged to projects. A disk that is really full, in an
// update: mishaps.test.ts.
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../support/pulumi/engine.ts";
import { KEY_URL } from "../support/pulumi/key-service.ts";
import { Workspace, type Outcome } from "../support/pulumi/workspace.ts";

const ZSTD = { PULUMI_DIY_BACKEND_ZSTD: "true", PULUMI_DIY_BACKEND_GZIP: null };
const GZIP = { PULUMI_DIY_BACKEND_ZSTD: null, PULUMI_DIY_BACKEND_GZIP: "true" };

let workspace: Workspace;

const recover = (...args: string[]): Promise<Outcome> => workspace.exec(process.execPath, [join(root, "cli", "main.ts"), "recover", ...args]);
const half = (file: string): void => truncateSync(file, Math.floor(readFileSync(file).length / 2));

/** What our commands say where the CLI fails at the state. */
async function complaint(stack: string | null): Promise<string> {
  const ask = `import(${JSON.stringify(join(root, "cli", "pulumi-program.ts"))}).then(({ pulumi }) => pulumi({ folder: ".", stack: ${JSON.stringify(stack)} }, ["stack", "export"])).catch(({ message }) => console.log(message))`;
  return (await workspace.exec(process.execPath, ["--input-type=module", "-e", ask])).stdout;
}

/** As the end of an update does. */
async function saved(): Promise<void> {
  const { code, text } = await workspace.pulumi(["stack", "import", "--file", "state.json"]);
  expect(code, text).toBe(0);
}

async function exported(): Promise<object> {
  const { code, stdout, text } = await workspace.pulumi(["stack", "export"]);
  expect(code, text).toBe(0);
  return JSON.parse(stdout) as object;
}

beforeAll(async () => {
  workspace = await Workspace.create({ bare: true, env: { PULUMI_DIY_BACKEND_ZSTD: "true" } });
  workspace.write({ "state.json": JSON.stringify(await exported()) });
  await saved();
});
afterAll(() => workspace.remove());

test("a cut-off state that is compressed with zstd is put back from its copy", async () => {
  const state = `${workspace.stateFile}.zst`;
  half(state);
  expect((await workspace.pulumi(["stack", "export"])).code).not.toBe(0);
  // Where the place of the new file is taken, nothing can be written; nothing is lost by having tried.
  mkdirSync(`${state}.recovered`);
  expect((await recover()).stderr).toMatch(
    new RegExp(`^servicetokens: the state of tokens/dev is cut off, and cannot be written \\(\\w+\\): run this as who may write in ${dirname(state)}. The last whole copy is ${state}.bak\n$`),
  );
  rmdirSync(`${state}.recovered`);
  const { stdout, text } = await recover();
  expect(stdout, text).toContain(`is put back, from ${state}.bak.`);
  expect(await exported()).toHaveProperty("deployment");
  expect((await recover()).stdout).toBe("The state of tokens/dev is whole: nothing was done.\n");
});

test("one that was cut off when the form changed is put back from the copy in the form before", async () => {
  workspace.setEnv(GZIP);
  await saved();
  const [old, cut] = [`${workspace.stateFile}.zst`, `${workspace.stateFile}.gz`];
  expect([existsSync(old), existsSync(cut)]).toEqual([false, true]);
  half(cut);
  const { stdout, text } = await recover();
  expect(stdout, text).toContain(`is put back, from ${old}.bak.`);
  expect([existsSync(old), existsSync(cut)]).toEqual([true, false]);
  expect(await exported()).toHaveProperty("deployment");
});

test("of two forms the one that was written last is the state, and a stack without any is refused", async () => {
  workspace.setEnv(ZSTD);
  const later = new Date(Date.now() + 1_000);
  // Left by somebody who copied files about: older than what the CLI reads.
  writeFileSync(workspace.stateFile, "{");
  utimesSync(workspace.stateFile, later, new Date(0));
  expect((await recover()).stdout).toBe("The state of tokens/dev is whole: nothing was done.\n");
  const { code, stderr } = await recover("--stack", "none");
  expect([code, stderr]).toEqual([1, `servicetokens: there is no state of tokens/none in ${dirname(workspace.stateFile)}\n`]);
  expect(await complaint("none")).toBe('pulumi stack export failed: no stack named \'none\' found. pulumi stack ls shows those that there are\n');
});

test("a stack that a service keeps is none whose file could be cut off", async () => {
  workspace.setEnv({ PULUMI_BACKEND_URL: "https://tokens.example" });
  const { code, stderr } = await recover("--stack", "acme/tokens/dev");
  expect([code, stderr]).toEqual([1, "servicetokens: the state of tokens/dev lies in https://tokens.example, not in files of this machine: only those are cut off by a full disk\n"]);
});

test("a backend from before stacks belonged to projects keeps states and locks elsewhere", async () => {
  const old = join(workspace.folder, "old", ".pulumi");
  mkdirSync(dirname(old));
  workspace.setEnv({ PULUMI_BACKEND_URL: `file://${dirname(old)}`, PULUMI_DIY_BACKEND_LEGACY_LAYOUT: "true", PULUMI_DIY_BACKEND_IGNORE_DEPRECATION_ERROR: "true", PULUMI_DIY_BACKEND_ZSTD: null });
  const made = await workspace.pulumi(["stack", "init", "dev", "--secrets-provider", KEY_URL]);
  expect(made.code, made.text).toBe(0);
  await saved();
  const state = join(old, "stacks", "dev.json");
  half(state);
  // What only cannot be read is not put in order by anybody.
  renameSync(state, `${state}.kept`);
  mkdirSync(state);
  expect((await recover("--stack", "dev")).stderr).toBe(`servicetokens: ${state} cannot be read (EISDIR): run this as who may read it; nothing was done\n`);
  rmdirSync(state);
  renameSync(`${state}.kept`, state);
  expect(await complaint(null)).toContain("servicetokens recover puts the last whole one back");
  const lock = join(old, "locks", "dev");
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, "4711.json"), "{}");
  expect((await recover()).stderr).toBe("servicetokens: an update of the stack is running, or was ended by force: wait for it, or run pulumi cancel\n");
  rmSync(lock, { recursive: true });
  const { stdout, text } = await recover();
  expect(stdout, text).toContain(`is put back, from ${state}.bak.`);
  expect(await exported()).toHaveProperty("deployment");
});
