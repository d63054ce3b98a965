// examples/pulumi as a user copies it, step by step as its README has it, against a local token service.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../support/pulumi/engine.ts";
import { builtPackage } from "../support/pulumi/package.ts";
import { startWorld, type World } from "../support/pulumi/world.ts";

const example = join(root, "examples", "pulumi");

let world: World;

beforeAll(async () => {
  world = await startWorld({ bare: true, users: [], project: "qualytics-tokens" });
  const { project } = world.workspace;
  for (const file of ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"]) {
    rmSync(join(project, file), { force: true });
    cpSync(join(example, file), join(project, file));
  }
  // In place of `npm install`: the package as it is built here.
  mkdirSync(join(project, "node_modules", "@pulumi"), { recursive: true });
  symlinkSync(builtPackage(), join(project, "node_modules", "qualytics-servicetokens"));
  for (const name of ["@pulumi/pulumi", "@types", "typescript"]) symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
});
afterAll(() => world.close());

const names = async (): Promise<string[]> => (await world.tokens()).filter(({ active }) => active).map(({ name }) => name.replace(/-[0-9a-z]{6}-[0-9a-z]{9}-/, " ")).sort();

test("the program type-checks as it stands", async () => {
  const checked = await world.workspace.exec("node", [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "."]);
  expect(checked.code, checked.text).toBe(0);
});

test("pulumi up, and the two tokens authenticate", async () => {
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  const outputs = await world.workspace.outputs();
  expect(await world.use(outputs["loaderToken"] ?? "")).toBe(200);
  expect(await world.use(outputs["pipelineToken"] ?? "")).toBe(200);
  expect(await names()).toEqual(["ci-pipeline r1", "loader r1"]);
  expect(outputs["next"]).toMatchObject({ loader: expect.stringMatching(/^Rotate at /) });
});

test("rotated by hand, then suspended, then back with the same secret", async () => {
  const { pipelineToken: first = "" } = await world.workspace.outputs();
  await world.workspace.config("rotate", "now");
  expect((await world.workspace.up()).code).toBe(0);
  expect(await names()).toEqual(["ci-pipeline r1", "ci-pipeline r2", "loader r1"]);
  const { pipelineToken: second = "" } = await world.workspace.outputs();
  expect(await world.use(first)).toBe(200);
  await world.workspace.config("suspended", "true");
  expect((await world.workspace.up()).code).toBe(0);
  expect([await world.use(first), await world.use(second)]).toEqual([401, 401]);
  await world.workspace.config("suspended", "false");
  expect((await world.workspace.up()).code).toBe(0);
  expect(await world.use(second)).toBe(200);
});

test("the end, as the README says", async () => {
  expect(readFileSync(join(example, "README.md"), "utf8")).toContain("pulumi state unprotect --all");
  await world.workspace.pulumi(["state", "unprotect", "--all", "--yes"]);
  const destroyed = await world.workspace.destroy();
  expect(destroyed.code, destroyed.text).toBe(0);
  expect(await world.tokens()).toEqual([]);
});
