// The rings of the test suite. Each ring is a project, so that `make check` can
// run the pure rings in seconds and `make test` runs all of them.
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Node keeps what it compiled: the programs that tests start, hundreds of them, start in half the time.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, ".tools", "compile-cache");

const ring = (name: string, include: string[], timeout: number, more: object = {}) => ({
  test: {
    name,
    include,
    testTimeout: timeout,
    hookTimeout: timeout,
    pool: "forks" as const,
    ...more,
  },
});

const pure = ["core", "http1", "lint", "crds", "controller/runtime", "controller/parts", "simulation", "cli"].map((folder) => `test/${folder}/**/*.test.ts`);

/** Files with isolate: false share a process, and with it what is dear to start. */
const oneByOne = { fileParallelism: false };

/** Longest first: that is the order in which `make test` begins them. */
export const rings = [
  ring("cluster", ["test/controller/*.test.ts", "test/handover/*.test.ts"], 300_000, { globalSetup: ["test/support/keeper.ts"] }),
  ring("pulumi", ["test/provider/**/*.test.ts"], 300_000, { isolate: false }),
  ring("api", ["test/tokenapi/**/*.test.ts", "test/server/**/*.test.ts"], 60_000),
  ring("unit", [...pure, "test/tokenapi/suspicion.test.ts"], 60_000),
  ring("page", ["test/page/**/*.test.ts"], 300_000, { ...oneByOne, globalSetup: ["test/page/one-browser.ts"], isolate: false }),
  ring("description", ["test/description/**/*.test.ts"], 900_000, oneByOne),
  ring("examples", ["test/examples/**/*.test.ts"], 300_000, oneByOne),
  ring("tools", ["test/tools/**/*.test.ts"], 60_000),
];

/** How many files of a ring run at once in `make test`; default one. The longest two would otherwise be left over at the end. */
export const workers: Readonly<Record<string, number>> = { cluster: 2, pulumi: 2 };

export default defineConfig({ test: { projects: rings } });
