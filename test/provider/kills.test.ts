// SIGKILL after every write that creates, changes and deletes make, of the provider's process and of everything; Ctrl-C; a
// disk that is full under the state; two updates at once; an old state put back. After the next up all is as it should be.
import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { readDeployment } from "../../provider/deployment.ts";
import { root } from "../support/pulumi/engine.ts";
import type { Outcome } from "../support/pulumi/workspace.ts";
import { killTree } from "../support/pulumi/processes.ts";
import { assassin, startWorld, type World } from "../support/pulumi/world.ts";

/** Quick overlaps, so that each up retires and deletes what the one before has left. */
const program = `
const { ServiceToken } = require("qualytics-servicetokens");
const rotation = { retire: { when: "Deadline", minOverlap: "0s", maxOverlap: "0s" }, keepRevokedFor: "0s" };
for (const [name, more] of Object.entries(JSON.parse(process.env.DECLARED))) exports[name] = new ServiceToken(name, { serviceUser: { name: "Data Ingest" }, rotation, ...more }).token;
`;

type Declared = { readonly [name: string]: object };

const UP = ["up", "--yes", "--skip-preview"];
/** What the CLI notes of each attempt to write the state that fails. */
const NO_SPACE = "Error while writing snapshot";
/** Whatever changes something at the API. */
const WRITE = /^(POST|PUT|DELETE) \/api\/user-tokens/;

/** null: the next test begins a new stack, since the one before left its own in an unknown state. */
let kept: World | null = null;
let world: World;

const declare = (declared: Declared): void => world.workspace.setEnv({ DECLARED: JSON.stringify(declared) });

const recover = (...args: string[]): Promise<Outcome> => world.workspace.exec(process.execPath, [join(root, "cli", "main.ts"), "recover", ...args]);

function recorded(): Set<number> {
  const { checkpoint } = JSON.parse(readFileSync(world.workspace.stateFile, "utf8")) as { checkpoint: { latest: object } };
  const { tokens } = readDeployment(JSON.stringify({ version: 3, deployment: checkpoint.latest }), { project: "tokens", stack: "dev" });
  return new Set(tokens.flatMap(({ record }) => record?.revisions.map(({ id }) => id) ?? []));
}

/**
 * The next up: all that is declared has one valid current token, and no active one of ours is unknown to the state. What
 * the engine notes of creates that were killed (pending_operations) stays there, and stands in nobody's way.
 */
async function mends(names: readonly string[]): Promise<void> {
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  const outputs = await world.workspace.outputs();
  expect(Object.keys(outputs).sort()).toEqual([...names].sort());
  for (const name of names) expect(await world.use(outputs[name] ?? ""), name).toBe(200);
  const known = recorded();
  expect((await world.tokens()).filter(({ active, id }) => active && !known.has(id))).toEqual([]);
}

/** Names are a test's own: the same up removes what the one before declared. Where the one before has made them, none is needed. */
async function begin(...names: string[]): Promise<void> {
  world = kept ??= await startWorld({ program });
  const made = await world.workspace.outputs();
  if (names.every((name) => name in made)) return;
  declare(Object.fromEntries(names.map((name) => [name, {}])));
  await mends(names);
}

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  kept = null;
  await world.close();
});
afterAll(() => kept?.close());

const ROUNDS = 9;

/**
 * At once: one token is created, one rotates, one has leaked, those of the round before are deleted; killed after the nth
 * write, every second time the provider alone. The first writes are POSTs and revocations, the later ones what tidies up
 * after them and what deletes.
 */
test.each(Array.from({ length: ROUNDS }, (_, index) => [index + 1, index % 2 === 0 ? "provider" : "everything"] as const))("killed after write %i of an update that creates, rotates, revokes and deletes: %s", async (nth, victim) => {
  const [turns, leaks, made] = [`turns${nth}`, `leaks${nth}`, `made${nth}`];
  await begin("stays", turns, leaks);
  const before = await world.workspace.outputs();
  const declared = { stays: {}, [turns]: { trigger: 1 }, [leaks]: { compromised: 1 }, [made]: {} };
  declare(declared);
  const death = assassin();
  world.wire.lose(WRITE, death[victim], nth);
  const killed = await world.workspace.pulumi(UP, death.onStart);
  expect(world.wire.isLosing(), killed.text).toBe(false);
  expect(killed.code, killed.text).not.toBe(0);
  if (victim === "everything") await world.workspace.pulumi(["cancel", "--yes"]);
  // What consumers hold is as good as before.
  for (const name of ["stays", turns]) expect(await world.use(before[name] ?? ""), name).toBe(200);
  // And what the next round begins with.
  const next = nth === ROUNDS ? {} : { [`turns${nth + 1}`]: {}, [`leaks${nth + 1}`]: {} };
  declare({ ...declared, ...next });
  await mends(Object.keys({ ...declared, ...next }));
});

/** The first lets what is in hand come to its end, the second lets nothing. */
test.each([
  ["once", 1],
  ["twice", 2],
] as const)("Ctrl-C %s while a token is issued", async (_, times) => {
  world = kept ??= await startWorld({ program });
  const name = `cut${times}`;
  declare({ [name]: {} });
  let cli: ChildProcess | null = null;
  const said = (words: string): Promise<void> => new Promise((resolve) => cli?.stdout?.on("data", (text: string) => text.includes(words) && resolve()));
  world.wire.hold("POST /api/user-tokens", async () => {
    cli?.kill("SIGINT");
    await said("press ^C again");
    if (times === 1) return;
    cli?.kill("SIGINT");
    await new Promise((resolve) => cli?.once("exit", resolve));
  });
  const cut = await world.workspace.pulumi(UP, (child) => (cli = child));
  expect(cut.code, cut.text).not.toBe(0);
  const issued = (await world.tokens()).filter((token) => token.active && token.name.startsWith(name));
  expect(issued).toHaveLength(1);
  expect(recorded().has(issued[0]?.id ?? 0)).toBe(times === 1);
  world.wire.taken();
  await mends([name]);
  expect(world.wire.taken().includes("POST /api/user-tokens")).toBe(times === 2);
});

test("the disk is full under the state when a token was issued", async () => {
  await begin("room");
  declare({ room: {}, filled: {} });
  // Room for the create that is begun, and not for the one that has ended.
  const blocks = Math.ceil((readFileSync(world.workspace.stateFile).length + 1_100) / 1_024);
  const full = await world.workspace.exec("/bin/bash", ["-c", `trap "" XFSZ; ulimit -f ${blocks}; exec pulumi ${UP.join(" ")} --non-interactive --color never --logtostderr -v=7`], (child) => {
    // It would try for half a minute more.
    child.stderr?.on("data", (text: string) => text.includes(NO_SPACE) && killTree(child.pid ?? 0));
  });
  expect(full.text).toContain(NO_SPACE);
  // The CLI leaves half a state, and copies of whole ones beside it.
  expect(() => recorded()).toThrow(SyntaxError);
  expect((await recover()).stderr).toBe("servicetokens: an update of the stack is running, or was ended by force: wait for it, or run pulumi cancel\n");
  await world.workspace.pulumi(["cancel", "--yes"]);
  // The newest of them was cut off as well.
  writeFileSync(`${world.workspace.stateFile}.bak`, '{"version":3,"checkpoint":{');
  const recovered = await recover();
  expect(recovered.stdout, recovered.text).toMatch(/^The state of tokens\/dev was cut off: the one of \S+Z is put back, from \S+\/backups\/tokens\/dev\/dev\.\d+\.json\. What was issued since then is found by the next pulumi up\.\n$/);
  expect((await recover()).stdout).toBe("The state of tokens/dev is whole: nothing was done.\n");
  await mends(["room", "filled"]);
  expect((await recover("--stack", "none")).stderr).toMatch(/^servicetokens: there is no state of tokens\/none in /);
});

test("a second update is held off by the lock; with the lock cancelled, the next one mends what the two have done", async () => {
  await begin("both", "beside");
  const before = await world.workspace.outputs();
  declare({ both: { trigger: "two at once" }, beside: {} });
  const seen: { locked?: Outcome; second?: Outcome } = {};
  world.wire.lose("POST /api/user-tokens", async () => {
    seen.locked = await world.workspace.up();
    await world.workspace.pulumi(["cancel", "--yes"]);
    seen.second = await world.workspace.up();
  });
  await world.workspace.pulumi(UP, () => undefined);
  expect(seen.locked?.code).not.toBe(0);
  expect(seen.locked?.text).toContain("the stack is currently locked");
  expect(seen.second?.code, seen.second?.text).toBe(0);
  expect(await world.use(before["beside"] ?? "")).toBe(200);
  await mends(["both", "beside"]);
});

test("a state of before two rotations is put back", async () => {
  await begin("stays", "more");
  const exported = await world.workspace.pulumi(["stack", "export", "--file", "old.json"]);
  expect(exported.code, exported.text).toBe(0);
  for (const trigger of ["one", "two"]) {
    declare({ stays: { trigger }, more: {} });
    await mends(["stays", "more"]);
  }
  const { more = "" } = await world.workspace.outputs();
  expect((await world.workspace.pulumi(["stack", "import", "--file", "old.json"])).code).toBe(0);
  await mends(["stays", "more"]);
  expect((await world.workspace.outputs())["more"]).toBe(more);
  declare({});
  const gone = await world.workspace.up();
  expect(gone.code, gone.text).toBe(0);
  expect((await world.tokens()).filter(({ active }) => active)).toEqual([]);
});
