// A stack of tokens whose up was struck at a bad moment, and what has to be true after the next one. Names are a test's own:
// the same up removes what the one before declared.
import { readFileSync } from "node:fs";
import { afterAll, afterEach, expect } from "vitest";
import { readDeployment } from "../../../provider/deployment.ts";
import { startWorld, type World } from "./world.ts";

/** Quick overlaps, so that each up retires and deletes what the one before has left. */
const program = `
const { ServiceToken } = require("qualytics-servicetokens");
const rotation = { retire: { when: "Deadline", minOverlap: "0s", maxOverlap: "0s" }, keepRevokedFor: "0s" };
for (const [name, more] of Object.entries(JSON.parse(process.env.DECLARED))) exports[name] = new ServiceToken(name, { serviceUser: { name: "Data Ingest" }, rotation, ...more }).token;
`;

export const UP = ["up", "--yes", "--skip-preview"];

export class StruckStack {
  readonly world: World;

  private constructor(world: World) {
    this.world = world;
  }

  static async start(): Promise<StruckStack> {
    return new StruckStack(await startWorld({ program }));
  }

  declare(declared: Readonly<Record<string, object>>): void {
    this.world.workspace.setEnv({ DECLARED: JSON.stringify(declared) });
  }

  /** The ids of all tokens that the state knows. Throws where the state is cut off. */
  recorded(): Set<number> {
    const { checkpoint } = JSON.parse(readFileSync(this.world.workspace.stateFile, "utf8")) as { checkpoint: { latest: object } };
    const { tokens } = readDeployment(JSON.stringify({ version: 3, deployment: checkpoint.latest }), { project: "tokens", stack: "dev" });
    return new Set(tokens.flatMap(({ record }) => record?.revisions.map(({ id }) => id) ?? []));
  }

  /**
   * The next up: all that is declared has one valid current token, and no active one of ours is unknown to the state. What
   * the engine notes of creates that were killed (pending_operations) stays there, and stands in nobody's way.
   */
  async mends(names: readonly string[]): Promise<void> {
    const { workspace, tokens, use } = this.world;
    const up = await workspace.up();
    expect(up.code, up.text).toBe(0);
    const outputs = await workspace.outputs();
    expect(Object.keys(outputs).sort()).toEqual([...names].sort());
    for (const name of names) expect(await use(outputs[name] ?? ""), name).toBe(200);
    const known = this.recorded();
    expect((await tokens()).filter(({ active, id }) => active && !known.has(id))).toEqual([]);
  }

  /** Declares these alone; where the one before has made them, no update is needed. */
  async begin(...names: string[]): Promise<void> {
    const made = await this.world.workspace.outputs();
    if (names.every((name) => name in made)) return;
    this.declare(Object.fromEntries(names.map((name) => [name, {}])));
    await this.mends(names);
  }
}

/** One stack for the tests of a file; after a failure the next test begins another, since the state of that one is unknown. */
export function sharedStack(): () => Promise<StruckStack> {
  let kept: StruckStack | null = null;
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    const failed = kept;
    kept = null;
    await failed?.world.close();
  });
  afterAll(() => kept?.world.close());
  return async () => (kept ??= await StruckStack.start());
}
