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

export default defineConfig({
  test: {
    projects: [
      ring("unit", ["test/core/**/*.test.ts", "test/lint/**/*.test.ts", "test/crds/**/*.test.ts", "test/controller/runtime/**/*.test.ts", "test/controller/parts/**/*.test.ts", "test/simulation/**/*.test.ts", "test/cli/**/*.test.ts", "test/tokenapi/suspicion.test.ts"], 60_000, true),
      ring("api", ["test/tokenapi/**/*.test.ts", "test/server/**/*.test.ts"], 60_000, true),
      ring("page", ["test/page/**/*.test.ts"], 300_000, false),
      ring("description", ["test/description/**/*.test.ts"], 900_000, false),
      ring("tools", ["test/tools/**/*.test.ts"], 60_000, true),
      ring("cluster", ["test/controller/*.test.ts"], 300_000, false),
      ring("pulumi", ["test/provider/**/*.test.ts"], 300_000, true),
      ring("examples", ["test/examples/**/*.test.ts"], 300_000, false),
    ],
  },
});
