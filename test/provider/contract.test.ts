// What lies in the state of every stack out there, to the byte: a change here breaks refresh and destroy of them all.
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PERSONAL_TOKEN, SERVICE_TOKEN, SERVICE_USER } from "../../provider/contract.ts";
import * as delegate from "../../provider/delegate.ts";
import { introduce, markFor, nameOf, urnOf } from "../../provider/mark.ts";
import { PersonalToken, ServiceToken, ServiceUser } from "../../provider/index.ts";
import { root } from "../support/pulumi/engine.ts";
import { builtPackage } from "../support/pulumi/package.ts";

const contracts = [SERVICE_TOKEN, PERSONAL_TOKEN, SERVICE_USER];

test("types and delegate texts are what they were", () => {
  expect(contracts).toEqual([
    { type: "pulumi-nodejs:dynamic/servicetokens:ServiceToken", provider: 'exports.handler=()=>require("qualytics-servicetokens/provider/delegate").serviceToken' },
    { type: "pulumi-nodejs:dynamic/servicetokens:PersonalToken", provider: 'exports.handler=()=>require("qualytics-servicetokens/provider/delegate").personalToken' },
    { type: "pulumi-nodejs:dynamic/servicetokens:ServiceUser", provider: 'exports.handler=()=>require("qualytics-servicetokens/provider/delegate").serviceUser' },
  ]);
  for (const { provider } of contracts) expect(Buffer.byteLength(provider)).toBeLessThanOrEqual(100);
});

test("each text names an entry of the package and a handler in it", () => {
  const { exports, name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: Record<string, unknown>; name: string };
  expect(name).toBe("qualytics-servicetokens");
  expect(exports).toHaveProperty("./provider/delegate".replaceAll(".", "\\.").replace("\\./", "./"));
  for (const { provider } of contracts) {
    const handler = /\.(\w+)$/.exec(provider)?.[1] ?? "";
    const handlers = (delegate as Record<string, object>)[handler] ?? {};
    for (const method of ["configure", "check", "diff", "create", "read", "update", "delete"]) expect(handlers).toHaveProperty(method);
  }
});

test("the handlers load by require, so nothing in them waits at the top level", () => {
  const required = createRequire(import.meta.url)(join(root, "provider", "delegate.ts")) as object;
  expect(Object.keys(required).sort()).toEqual(["personalToken", "serviceToken", "serviceUser"]);
});

test("they begin by giving back what the start of the process left, and the heap stays small", () => {
  // As the SDK's process is when it is asked for the first resource: its young generation has grown.
  const program = `
const { getHeapSpaceStatistics } = require("node:v8");
const young = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size / 2 ** 20;
const churn = () => { let kept = []; for (let i = 0; i < 400_000; i++) { kept.push({ i }); if (kept.length > 100_000) kept = kept.slice(50_000); } };
churn();
const before = young();
require(${JSON.stringify(join(root, "provider", "delegate.ts"))});
churn();
console.log(JSON.stringify([before, young()]));
`;
  const stdout = execFileSync(process.execPath, ["-e", program], { encoding: "utf8" });
  const [before, after] = JSON.parse(stdout) as [number, number];
  expect(before).toBeGreaterThan(8);
  expect(after).toBeLessThanOrEqual(4);
});

describe("what a resource registers", () => {
  const seen: Record<string, pulumi.runtime.MockResourceArgs> = {};
  let stacks = 0;
  beforeAll(async () => {
    await pulumi.runtime.setMocks(
      {
        call: () => ({}),
        newResource: (args) => {
          seen[args.name] = args;
          return { id: args.name, state: args.inputs };
        },
      },
      "tokens",
      "dev",
    );
    class Pipeline extends pulumi.ComponentResource {
      constructor() {
        super("acme:data:Pipeline", "pipeline");
        new ServiceToken("inner", { serviceUser: { id: 1 } }, { parent: this });
      }
    }
    new Pipeline();
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (error, frames) => {
      stacks += 1;
      return before === undefined ? String(error) : (before(error, frames) as unknown);
    };
    new ServiceToken("outer", { serviceUser: { name: "a" }, tokenName: "base" });
    Error.prepareStackTrace = before as NonNullable<typeof before>;
    new PersonalToken("mine");
    new ServiceUser("user", { name: "Data Ingest" });
    await pulumi.runtime.disconnect();
  });

  test("type and delegate", () => {
    expect(seen["outer"]).toMatchObject({ type: SERVICE_TOKEN.type, inputs: { __provider: SERVICE_TOKEN.provider, tokenName: "base", serviceUser: { name: "a" } } });
    expect(seen["mine"]).toMatchObject({ type: PERSONAL_TOKEN.type, inputs: { __provider: PERSONAL_TOKEN.provider, tokenName: "mine" } });
    expect(seen["user"]).toMatchObject({ type: SERVICE_USER.type, inputs: { __provider: SERVICE_USER.provider, name: "Data Ingest" } });
  });

  test("a stack is looked up in source maps for the resource and for all of its promises, not for each of them", () => {
    expect(stacks).toBeGreaterThan(0);
    expect(stacks).toBeLessThanOrEqual(3);
  });

  test("an identity of its own, with the parent in it", () => {
    expect(urnOf(seen["inner"]?.inputs["self"])).toBe("urn:pulumi:dev::tokens::acme:data:Pipeline$pulumi-nodejs:dynamic/servicetokens:ServiceToken::inner");
    expect(nameOf(seen["inner"]?.inputs["self"])).toBe("inner");
  });
});

test("marks: one scope a stack of a backend, one mark a resource, and never another one for the same", () => {
  const urn = "urn:pulumi:dev::tokens::pulumi-nodejs:dynamic/servicetokens:ServiceToken::ingest";
  const backend = "https://api.pulumi.com";
  const scope = (self: string, where = backend): string => markFor(self, where).slice(0, 6);
  expect(markFor(`acme/${urn}`, backend)).toBe("5q8h8n-q49n6jv9w");
  const other = [`organization/${urn}`, `acme/${urn.replace("dev", "prod")}`, `acme/${urn.replace("tokens::", "others::")}`];
  expect(new Set([...other, `acme/${urn}`].map((self) => scope(self))).size).toBe(4);
  expect(scope(`acme/${urn}`, "file:///states")).not.toBe(scope(`acme/${urn}`));
  expect(scope(`acme/${urn}2`)).toBe(scope(`acme/${urn}`));
  expect(markFor(`acme/${urn}2`, backend)).not.toBe(markFor(`acme/${urn}`, backend));
});

test("the state keeps the mark of an identity, and the process the URN behind it", () => {
  const self = "acme/urn:pulumi:dev::tokens::pulumi-nodejs:dynamic/servicetokens:ServiceToken::ingest";
  const mark = introduce(self);
  expect(mark).toBe(markFor(self));
  expect(introduce(mark)).toBe(mark);
  expect(nameOf(mark)).toBe("ingest");
  expect(urnOf("000000-000000000")).toBeNull();
});

describe("the frozen path is found from the program's folder, whoever installed the package", () => {
  const { version, dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string; dependencies: object };
  const project = mkdtempSync(join(tmpdir(), "layout-"));
  const modules = join(project, "node_modules");
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  /** What the SDK's process for dynamic providers does with the text in the state. */
  const handlers = (): string =>
    execFileSync(process.execPath, ["-e", `const it = {}; new Function("exports", "require", ${JSON.stringify(SERVICE_TOKEN.provider)})(it, require); console.log(Object.keys(it.handler()).sort().join(" "))`], { cwd: project, encoding: "utf8" }).trim();
  const ALL = "check configure create delete diff read update";

  function place(at: string): void {
    mkdirSync(dirname(at), { recursive: true });
    cpSync(builtPackage(), at, { recursive: true });
    // Its dependencies, where each of the two keeps them; theirs lie where they are.
    for (const name of Object.keys(dependencies)) {
      mkdirSync(dirname(join(dirname(at), name)), { recursive: true });
      symlinkSync(join(root, "node_modules", name), join(dirname(at), name));
    }
  }

  test("npm: in node_modules", () => {
    place(join(modules, "qualytics-servicetokens"));
    expect(handlers()).toBe(ALL);
    rmSync(modules, { recursive: true });
  });

  test("pnpm: a link into a folder that bears the version, and is another one after an upgrade", () => {
    for (const installed of [version, "99.0.0"]) {
      rmSync(modules, { recursive: true, force: true });
      const store = join(modules, ".pnpm", `qualytics-servicetokens@${installed}`, "node_modules", "qualytics-servicetokens");
      place(store);
      symlinkSync(store, join(modules, "qualytics-servicetokens"));
      expect(handlers()).toBe(ALL);
    }
  });
});
