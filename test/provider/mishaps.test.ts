// What else befalls an update: Ctrl-C, a disk that is full under the state, two updates at once, an old state put back. After
// the next up all is as it should be. Kills: kills.test.ts.
import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/pulumi/engine.ts";
import { killTree } from "../support/pulumi/processes.ts";
import { sharedStack, UP } from "../support/pulumi/struck-stack.ts";
import type { Outcome, Workspace } from "../support/pulumi/workspace.ts";

/** What the CLI notes of each attempt to write the state that fails. */
const NO_SPACE = "Error while writing snapshot";

const shared = sharedStack();

const recover = (workspace: Workspace, ...args: string[]): Promise<Outcome> => workspace.exec(process.execPath, [join(root, "cli", "main.ts"), "recover", ...args]);

/** The first lets what is in hand come to its end, the second lets nothing. */
test.each([
  ["once", 1],
  ["twice", 2],
] as const)("Ctrl-C %s while a token is issued", async (_, times) => {
  const stack = await shared();
  const { workspace, wire, tokens } = stack.world;
  const name = `cut${times}`;
  stack.declare({ [name]: {} });
  let cli: ChildProcess | null = null;
  const said = (words: string): Promise<void> => new Promise((resolve) => cli?.stdout?.on("data", (text: string) => text.includes(words) && resolve()));
  wire.hold("POST /api/user-tokens", async () => {
    cli?.kill("SIGINT");
    await said("press ^C again");
    if (times === 1) return;
    cli?.kill("SIGINT");
    await new Promise((resolve) => cli?.once("exit", resolve));
  });
  const cut = await workspace.doomed(UP, (child) => (cli = child));
  expect(cut.code, cut.text).not.toBe(0);
  const issued = (await tokens()).filter((token) => token.active && token.name.startsWith(name));
  expect(issued).toHaveLength(1);
  expect(stack.recorded().has(issued[0]?.id ?? 0)).toBe(times === 1);
  wire.taken();
  await stack.mends([name]);
  expect(wire.taken().includes("POST /api/user-tokens")).toBe(times === 2);
});

test("the disk is full under the state when a token was issued", async () => {
  const stack = await shared();
  const { workspace } = stack.world;
  await stack.begin("room");
  const filled = { tokenName: `filled-${"f".repeat(183)}` };
  stack.declare({ room: {}, filled });
  // Room for the create that is begun, 970 bytes, and not for the one that has ended, 2,170: a limit is in whole KiB.
  const blocks = Math.ceil((readFileSync(workspace.stateFile).length + 1_050) / 1_024);
  const full = await workspace.exec("/bin/bash", ["-c", `trap "" XFSZ; ulimit -f ${blocks}; exec pulumi ${UP.join(" ")} --non-interactive --color never --logtostderr -v=7`], (child) => {
    // It would try for half a minute more.
    child.stderr?.on("data", (text: string) => text.includes(NO_SPACE) && killTree(child.pid ?? 0));
  });
  expect(full.text).toContain(NO_SPACE);
  // The CLI leaves half a state, and copies of whole ones beside it.
  expect(() => stack.recorded()).toThrow(SyntaxError);
  expect((await recover(workspace)).stderr).toBe("servicetokens: an update of the stack is running, or was ended by force: wait for it, or run pulumi cancel\n");
  await workspace.pulumi(["cancel", "--yes"]);
  // The newest of them was cut off as well.
  writeFileSync(`${workspace.stateFile}.bak`, '{"version":3,"checkpoint":{');
  const recovered = await recover(workspace);
  expect(recovered.stdout, recovered.text).toMatch(/^The state of tokens\/dev was cut off: the one of \S+Z is put back, from \S+\/backups\/tokens\/dev\/dev\.\d+\.json\. What was issued since then is found by the next pulumi up\.\n$/);
  expect((await recover(workspace)).stdout).toBe("The state of tokens/dev is whole: nothing was done.\n");
  await stack.mends(["room", "filled"]);
  expect((await recover(workspace, "--stack", "none")).stderr).toMatch(/^servicetokens: there is no state of tokens\/none in /);
});

test("a second update is held off by the lock; with the lock cancelled, the next one mends what the two have done", async () => {
  const stack = await shared();
  const { workspace, wire, use } = stack.world;
  await stack.begin("both", "beside");
  const before = await workspace.outputs();
  stack.declare({ both: { trigger: "two at once" }, beside: {} });
  const seen: { locked?: Outcome; second?: Outcome } = {};
  wire.lose("POST /api/user-tokens", async () => {
    seen.locked = await workspace.up();
    await workspace.pulumi(["cancel", "--yes"]);
    seen.second = await workspace.up();
  });
  await workspace.pulumi(UP, () => undefined);
  expect(seen.locked?.code).not.toBe(0);
  expect(seen.locked?.text).toContain("the stack is currently locked");
  expect(seen.second?.code, seen.second?.text).toBe(0);
  expect(await use(before["beside"] ?? "")).toBe(200);
  await stack.mends(["both", "beside"]);
});

test("a state of before two rotations is put back", async () => {
  const stack = await shared();
  const { workspace, tokens } = stack.world;
  await stack.begin("stays", "more");
  const exported = await workspace.pulumi(["stack", "export", "--file", "old.json"]);
  expect(exported.code, exported.text).toBe(0);
  for (const trigger of ["one", "two"]) {
    stack.declare({ stays: { trigger }, more: {} });
    await stack.mends(["stays", "more"]);
  }
  const { more = "" } = await workspace.outputs();
  expect((await workspace.pulumi(["stack", "import", "--file", "old.json"])).code).toBe(0);
  await stack.mends(["stays", "more"]);
  expect((await workspace.outputs())["more"]).toBe(more);
  stack.declare({});
  const gone = await workspace.up();
  expect(gone.code, gone.text).toBe(0);
  expect((await tokens()).filter(({ active }) => active)).toEqual([]);
});
