// The operator as one file: what is in it and what is not, and that the schemas which were compiled beforehand take and
// refuse what the ones do that are compiled at a start.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import * as fromSources from "../../controller/spec-schema.ts";
import * as decodeFromSources from "../../tokenapi/decode.ts";
import { kinds } from "../../crds/kinds.ts";
import { bundling, writeOperator } from "../../tools/operator-bundle.ts";
import { formed } from "../support/formed.ts";

type KindName = Parameters<typeof fromSources.readSpec>[0];
type Bundled = Pick<typeof fromSources, "readSpec"> & Pick<typeof decodeFromSources, "decodeTokens" | "decodeIssued" | "decodeUsers">;

const folder = mkdtempSync(join(tmpdir(), "operator-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the file", () => {
  let inputs: string[];
  beforeAll(async () => {
    inputs = await writeOperator(folder);
  });

  it("holds no compiler of schemas, no tracing and no other Kubernetes client", () => {
    const packages = new Set(inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
    expect([...packages]).toEqual(expect.arrayContaining(["pino", "prom-client"]));
    for (const name of ["@opentelemetry/api", "@kubernetes/client-node", "undici", "commander", "@pulumi/pulumi"]) expect(packages).not.toContain(name);
    expect(inputs.filter((path) => path.startsWith("node_modules/ajv/"))).toEqual(["node_modules/ajv/dist/runtime/ucs2length.js"]);
  });

  it("comes with the licence of each package that is in it", () => {
    const licences = readFileSync(join(folder, "cli", "controller-licenses.txt"), "utf8").split("\n----\n\n");
    expect(licences.length).toBeGreaterThan(10);
    for (const licence of licences) expect(licence).toMatch(/^\S+ \d+\.\d+\.\d+, (MIT|ISC|Apache-2\.0)\n\n.*(Copyright|Apache License)/s);
  });

  it("has its map beside it, so that a trace can name our own lines", () => {
    const { sources } = JSON.parse(readFileSync(join(folder, "cli", "controller.js.map"), "utf8")) as { sources: string[] };
    expect(sources).toContainEqual(expect.stringMatching(/controller\/token-reconciler\.ts$/));
  });
});

describe("schemas compiled beforehand", () => {
  let bundled: Bundled;
  beforeAll(async () => {
    const contents = 'export { readSpec } from "./controller/spec-schema.ts"; export { decodeTokens, decodeIssued, decodeUsers } from "./tokenapi/decode.ts";';
    const outfile = join(folder, "schemas.mjs");
    await build({ ...bundling, stdin: { contents, resolveDir: bundling.absWorkingDir, loader: "ts" }, outfile });
    bundled = (await import(outfile)) as Bundled;
  });

  test.each(kinds.map(({ kind, spec }) => [kind as KindName, spec] as const))("of %s", (kind, schema) => {
    fc.assert(
      fc.property(formed(schema), (raw) => {
        expect(bundled.readSpec(kind, structuredClone(raw))).toEqual(fromSources.readSpec(kind, structuredClone(raw)));
      }),
      { numRuns: 300 },
    );
  });

  test("of the token API's answers", () => {
    const attempt = (work: () => unknown): unknown => {
      try {
        return JSON.stringify(work());
      } catch (error) {
        return (error as Error).message;
      }
    };
    const user = { id: 3, user_id: "x@service", teams: ["a", { name: "b" }] };
    const token = { id: 7, created: "2026-01-15T10:30:00Z", name: "ci", active: true, expiration: null, last_used: null, user, bearer_token: "v" };
    const bent = (whole: object): fc.Arbitrary<object> => fc.record(Object.fromEntries(Object.entries(whole).map(([name, value]) => [name, fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>(value) }, fc.jsonValue())])));
    const answers = fc.oneof(bent(token), fc.array(bent(token)), bent({ items: [user], total: 1 }), fc.array(bent(user)), fc.jsonValue());
    fc.assert(
      fc.property(answers, (answer) => {
        const body = JSON.stringify(answer);
        for (const name of ["decodeTokens", "decodeIssued", "decodeUsers"] as const) {
          expect(attempt(() => bundled[name](body))).toEqual(attempt(() => decodeFromSources[name](body)));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
