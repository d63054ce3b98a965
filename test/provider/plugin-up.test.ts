// The plugin with the real CLI: from a TypeScript program, and from a Python program by the Automation API. The CLI
// finds `pulumi-resource-servicetokens` on the PATH, as `make build` and npm leave it.
import { execFile, execFileSync, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageSchema } from "../../provider/plugin/schema.ts";
import { engineFolder, kept, root } from "../support/pulumi/engine.ts";
import { serviceUser } from "../support/pulumi/shared-service.ts";
import { startWorld, type World } from "../support/pulumi/world.ts";

/** What a generated SDK would hold. The compiler has its turn in pack.test.ts. */
const typescript = `
import * as pulumi from "@pulumi/pulumi";

declare const process: { readonly env: { readonly [name: string]: string | undefined } };

class ServiceToken extends pulumi.CustomResource {
  declare readonly token: pulumi.Output<string>;
  declare readonly tokenId: pulumi.Output<number>;
  declare readonly revision: pulumi.Output<number>;
  declare readonly state: pulumi.Output<string>;
  constructor(name: string, args: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
    super("servicetokens:index:ServiceToken", name, { token: undefined, tokenId: undefined, revision: undefined, state: undefined, ...args }, options);
  }
}
class ServiceUser extends pulumi.CustomResource {
  constructor(name: string, args: pulumi.Inputs) {
    super("servicetokens:index:ServiceUser", name, args);
  }
}

const found = pulumi.runtime.invoke("servicetokens:index:getServiceUser", { name: "Data Ingest" }) as Promise<{ userId: number }>;
const token = new ServiceToken("ingest", { serviceUser: { id: found.then(({ userId }) => userId) }, expiresInDays: 30, trigger: process.env.TRIGGER, deletionPolicy: process.env.POLICY });
for (const read of ["token", "state", "id"] as const) new ServiceUser("of-" + (read === "token" ? "value" : read), { name: (token[read] as pulumi.Output<string>).apply((text) => "Reader of " + (text === "" ? "nothing" : read)) });
export const value = token.token;
export const revision = token.revision;
`;

/** The same for the process of the test, where programs are CommonJS: what the first up has shown needs no process any more. */
const program = stripTypeScriptTypes(typescript).replace('import * as pulumi from "@pulumi/pulumi"', 'const pulumi = require("@pulumi/pulumi")').replaceAll(/^export const (\w+)/gm, "exports.$1");

const python = join(kept, "python");

/** Python's own SDK, once; a mark tells that it is whole. */
async function installPython(): Promise<void> {
  const whole = join(python, "pulumi-3.259.0");
  if (existsSync(whole)) return;
  const run = promisify(execFile);
  await run("python3", ["-m", "venv", "--clear", python]);
  await run(join(python, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", "pulumi==3.259.0"]);
  writeFileSync(whole, "");
}

let world: World;
let bin = "";
let installed: Promise<void>;

beforeAll(async () => {
  // Meanwhile the others have their turn.
  installed = installPython();
  installed.catch(() => undefined);
  world = await startWorld({ program, files: { "index.ts": typescript, "package.json": '{"name":"tokens","type":"module","main":"index.ts"}' } });
  bin = join(world.workspace.folder, "bin");
  mkdirSync(bin);
  const file = join(bin, "pulumi-resource-servicetokens");
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "provider", "plugin", "main.ts")}" "$@"\n`);
  chmodSync(file, 0o755);
  world.workspace.setEnv({ PATH: [bin, engineFolder(), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) });
});
afterAll(() => world.close());

describe("the schema", () => {
  test("is a schema by Pulumi's own metaschema", () => {
    const folder = execFileSync("go", ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/pkg/v3"], { cwd: join(root, "tools"), encoding: "utf8" }).trim();
    const metaschema = JSON.parse(readFileSync(join(folder, "codegen", "schema", "pulumi.json"), "utf8")) as object;
    const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(metaschema);
    expect(validate(packageSchema("0.1.0")), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...packageSchema("0.1.0"), resources: { x: 3 } })).toBe(false);
  });

  test("is what the CLI reads from the plugin", async () => {
    const { stdout, text, code } = await world.workspace.pulumi(["package", "get-schema", join(bin, "pulumi-resource-servicetokens")]);
    expect(code, text).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ name: "servicetokens", resources: { "servicetokens:index:ServiceToken": { requiredInputs: ["serviceUser"] } } });
  });
});

describe("from TypeScript", () => {
  test("a user is looked up, and a token created", async () => {
    const up = await world.workspace.pulumi(["up", "--yes", "--skip-preview"], () => undefined);
    expect(up.code, up.text).toBe(0);
    const { value = "", revision } = await world.workspace.outputs();
    expect(revision).toBe(1);
    expect(await world.use(value)).toBe(200);
    expect(world.workspace.filesWith(value)).toEqual([]);
  });

  test("the preview of a change that does not rotate leaves the value known", async () => {
    world.workspace.setEnv({ POLICY: "Revoke" });
    const preview = await world.workspace.pulumi(["preview", "--json"]);
    expect(preview.code, preview.text).toBe(0);
    const { steps } = JSON.parse(preview.stdout) as { steps: { op: string; urn: string; detailedDiff?: object; newState?: { outputs?: { value?: unknown } } }[] };
    expect(steps.find(({ urn }) => urn.endsWith("::ingest"))).toMatchObject({ op: "update", detailedDiff: { deletionPolicy: { kind: "add" } } });
    world.workspace.setEnv({ POLICY: null });
  });

  test("the preview of a rotation tells it with what asked for it, and changes those alone who read what changes", async () => {
    world.workspace.setEnv({ TRIGGER: "now" });
    const { stdout } = await world.workspace.pulumi(["preview", "--json"]);
    expect(stdout).toContain("Due now: A rotation was asked for. Issuing revision 2.");
    const { steps, changeSummary } = JSON.parse(stdout) as { steps: { op: string; urn: string; detailedDiff?: object }[]; changeSummary: object };
    const changed = Object.fromEntries(steps.flatMap(({ urn, op }) => (op === "same" ? [] : [[urn.split("::").at(-1), op]])));
    expect(changed).toEqual({ ingest: "update", "of-value": "replace" });
    // The stack, and who reads the state and the id.
    expect(changeSummary).toEqual({ update: 1, replace: 1, same: 3 });
    expect(steps.find(({ urn }) => urn.endsWith("::ingest"))?.detailedDiff).toMatchObject({ trigger: { kind: "add" } });
    world.workspace.setEnv({ TRIGGER: null });
  });

  test("Ctrl-C while a token is issued: it is delivered all the same, and the next up has nothing to do", async () => {
    world.workspace.setEnv({ TRIGGER: "cut" });
    let cli: ChildProcess | null = null;
    world.wire.hold("POST /api/user-tokens", async () => {
      cli?.kill("SIGINT");
      await new Promise<void>((resolve) => cli?.stdout?.on("data", (text: string) => text.includes("press ^C again") && resolve()));
    });
    const cut = await world.workspace.doomed(["up", "--yes", "--skip-preview"], (child) => (cli = child));
    expect(cut.code, cut.text).not.toBe(0);
    const { tokenName } = (await world.resource("ingest")).outputs;
    expect((await world.tokens()).filter(({ active }) => active).map(({ name }) => name.slice(-3)).sort()).toEqual(["-r1", "-r2"]);
    expect(tokenName).toMatch(/-r2$/);
    const next = await world.workspace.up("--expect-no-changes");
    expect(next.code, next.text).toBe(0);
    expect(await world.use((await world.workspace.outputs())["value"] ?? "")).toBe(200);
  });

  test("refresh and destroy", async () => {
    const refresh = await world.workspace.refresh();
    expect(refresh.code, refresh.text).toBe(0);
    const destroyed = await world.workspace.destroy();
    expect(destroyed.code, destroyed.text).toBe(0);
    expect(await world.tokens()).toEqual([]);
  });

  test("pulumi import takes in a token by its name; the next up issues its successor", async () => {
    await world.service.api("POST", "/api/user-tokens", { name: "by hand", user_id: await serviceUser(world.service, "Data Ingest") });
    const imported = await world.workspace.pulumi(["import", "servicetokens:index:ServiceToken", "by-hand", "by hand", "--generate-code=false", "--protect=false", "--yes"]);
    expect(imported.code, imported.text).toBe(0);
    expect((await world.resource("by-hand")).outputs).toMatchObject({ tokenName: "by hand", revision: 1 });
  });
});

const pythonProgram = `
import os
import pulumi
from pulumi import automation as auto

class ServiceToken(pulumi.CustomResource):
    token: pulumi.Output[str]
    revision: pulumi.Output[int]

    def __init__(self, name, args, opts=None):
        super().__init__("servicetokens:index:ServiceToken", name, {"token": None, "revision": None, **args}, opts)

def program():
    args = {"serviceUser": {"name": "Data Ingest"}, "expiresInDays": 30, "trigger": os.environ.get("TRIGGER")}
    token = ServiceToken("ingest", args)
    pulumi.export("value", token.token)
    pulumi.export("revision", token.revision)

stack = auto.create_or_select_stack(stack_name="dev", project_name="tokens-py", program=program)
def value(up):
    out = up.outputs["value"]
    assert out.secret
    return out.value

first = stack.up()
same = stack.up()
assert same.summary.resource_changes == {"same": 2}, same.summary.resource_changes
os.environ["TRIGGER"] = "now"
second = stack.up()
assert second.outputs["revision"].value == 2 and value(second) != value(first)
with open(os.environ["VALUES"], "w") as file:
    file.write(value(first) + "\\n" + value(second) + "\\n")
`;

describe("from Python", () => {
  test("by the Automation API: create, unchanged, rotated", { timeout: 600_000 }, async () => {
    await installed;
    world.workspace.write({ "main.py": pythonProgram });
    const out = join(world.workspace.folder, "values");
    world.workspace.setEnv({ VALUES: out, TRIGGER: null });
    const ran = await world.workspace.exec(join(python, "bin", "python"), ["main.py"]);
    expect(ran.code, ran.text).toBe(0);
    const [first = "", second = ""] = readFileSync(out, "utf8").split("\n");
    expect([await world.use(first), await world.use(second)]).toEqual([200, 200]);
  });
});
