// The rings of the test suite. Each ring is a project, so that `make check` can
// run the pure rings in seconds and `make test` runs all of them.
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Node keeps what it compiled: the programs that tests start, hundreds of them, start in half the time.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, ".tools", "compile-cache");

const ring = (name: string, include: string[], timeout: number, parallel: boolean) => ({
  test: {
    name,
    include,
    testTimeout: timeout,
    hookTimeout: timeout,
    fileParallelism: parallel,
    pool: "forks" as const,
  },
});

/** The files share a process, and with it what is dear to start. */
const shared = ({ test }: ReturnType<typeof ring>) => ({ test: { ...test, isolate: false } });

const pure = ["core", "lint", "crds", "controller/runtime", "controller/parts", "simulation", "cli"].map((folder) => `test/${folder}/**/*.test.ts`);

/** Longest first: that is the order in which `make test` begins them. */
export const rings = [
  ring("cluster", ["test/controller/*.test.ts"], 300_000, false),
  shared(ring("pulumi", ["test/provider/**/*.test.ts"], 300_000, true)),
  ring("api", ["test/tokenapi/**/*.test.ts", "test/server/**/*.test.ts"], 60_000, true),
  ring("unit", [...pure, "test/tokenapi/suspicion.test.ts"], 60_000, true),
  ring("page", ["test/page/**/*.test.ts"], 300_000, false),
  ring("description", ["test/description/**/*.test.ts"], 900_000, false),
  ring("examples", ["test/examples/**/*.test.ts"], 300_000, false),
  ring("tools", ["test/tools/**/*.test.ts"], 60_000, true),
];

export default defineConfig({ test: { projects: rings } });
