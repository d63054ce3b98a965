// The two examples that bring Pulumi and Kubernetes together: they type-check, and what they register, seen by Pulumi's
// mocks, is what they say. Pulumi's Kubernetes provider itself is no part of this.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examine } from "../../controller/validity.ts";
import { root } from "../support/pulumi/engine.ts";
import { builtPackage } from "../support/pulumi/package.ts";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: { readonly [name: string]: unknown };
  /** The types of what was there when it was asked for. */
  readonly after: readonly string[];
}

/** Runs the program beside it as a program's unit tests would, and prints what it registers. */
const runner = `
import * as pulumi from "@pulumi/pulumi";
const registered = [];
const answered = [];
await pulumi.runtime.setMocks({
  call: () => ({}),
  newResource: async ({ type, name, inputs }) => {
    registered.push({ type, name, inputs, after: [...answered] });
    // Whoever does not wait for a token is here before it is answered.
    if (type.endsWith(":ServiceToken")) await new Promise((resolve) => setTimeout(resolve, 200));
    answered.push(type);
    return { id: name, state: { ...inputs, ...(type.endsWith(":ServiceToken") ? { token: "the value", revision: 3 } : {}) } };
  },
}, "example", "dev");
await pulumi.runtime.runInPulumiStack(() => import("./index.ts"));
await pulumi.runtime.disconnect();
process.stdout.write(JSON.stringify(registered));
`;

const EXAMPLES = ["pulumi-object", "pulumi-secret"];
const folder = mkdtempSync(join(tmpdir(), "example-"));

/** As a user copies them, with the packages that are here in place of npm install. */
beforeAll(() => {
  for (const example of EXAMPLES) cpSync(join(root, "examples", example), join(folder, example), { recursive: true });
  mkdirSync(join(folder, "node_modules", "@pulumi"), { recursive: true });
  symlinkSync(builtPackage(), join(folder, "node_modules", "qualytics-servicetokens"));
  for (const name of ["@pulumi/pulumi", "@pulumi/kubernetes", "@types"]) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

function register(example: string): Map<string, Registered> {
  writeFileSync(join(folder, example, "runner.mjs"), runner);
  const registered = JSON.parse(run(join(example, "runner.mjs"))) as Registered[];
  return new Map(registered.map((one) => [one.type, one]));
}

test("these are the examples, and they type-check", () => {
  expect(readdirSync(join(root, "examples")).filter((name) => /^pulumi-/.test(name))).toEqual(EXAMPLES);
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--types", "node"];
  expect(run(join(root, "node_modules", "typescript", "bin", "tsc"), ...options, ...EXAMPLES.map((example) => join(example, "index.ts")))).toBe("");
});

describe("the token in a Secret", () => {
  let seen: Map<string, Registered>;
  beforeAll(() => {
    seen = register("pulumi-secret");
  });

  test("the Secret keeps its name and holds the token's value, as a secret", () => {
    expect(seen.get("pulumi:providers:kubernetes")?.inputs).toMatchObject({ enableSecretMutable: "true" });
    const inputs = seen.get("kubernetes:core/v1:Secret")?.inputs ?? {};
    expect(inputs).toMatchObject({ metadata: { name: "ingest-token", namespace: "data" } });
    // As the wire has secrets: whatever holds the value is marked.
    expect(JSON.stringify(inputs["stringData"])).toContain("the value");
    expect(inputs["stringData"]).toHaveProperty("4dabf18193072939515e22adb298388d");
  });

  test("what reads it at its start is restarted by the revision", () => {
    const inputs = seen.get("kubernetes:apps/v1:Deployment")?.inputs;
    expect(inputs).toMatchObject({ spec: { template: { metadata: { annotations: { "token-revision": "3" } } } } });
  });
});

describe("the object", () => {
  let seen: Map<string, Registered>;
  beforeAll(() => {
    seen = register("pulumi-object");
  });

  test("it is one that the operator takes, and is waited for", () => {
    const inputs = seen.get("kubernetes:tokens.qualytics.io/v1alpha1:ServiceToken")?.inputs ?? {};
    expect(inputs).toMatchObject({ apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ServiceToken", metadata: { finalizers: ["tokens.qualytics.io/tokens"], annotations: { "pulumi.com/waitFor": "condition=Ready" } } });
    const { complaint, spec } = examine("ServiceToken", inputs["spec"], {});
    expect(complaint).toBeNull();
    expect(spec.secret.name).toBe("ingest-token");
  });

  test("the Deployment comes after it, and no value comes near Pulumi", () => {
    expect(seen.get("kubernetes:apps/v1:Deployment")?.after).toContain("kubernetes:tokens.qualytics.io/v1alpha1:ServiceToken");
    expect([...seen.keys()].some((type) => type.includes("pulumi-nodejs"))).toBe(false);
  });
});
