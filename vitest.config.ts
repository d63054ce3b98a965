// The rings of the test suite. Each ring is a project, so that `make check` can
// run the pure rings in seconds and `make test` runs all of them.
import { defineConfig } from "vitest/config";

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
      ring("unit", ["test/core/**/*.test.ts", "test/lint/**/*.test.ts", "test/crds/**/*.test.ts", "test/controller/runtime/**/*.test.ts", "test/controller/parts/**/*.test.ts", "test/simulation/**/*.test.ts", "test/cli/**/*.test.ts", "test/tokenapi/suspicion.test.ts"], 20_000, true),
      ring("api", ["test/tokenapi/**/*.test.ts", "test/server/**/*.test.ts"], 60_000, true),
      ring("page", ["test/page/**/*.test.ts"], 300_000, false),
      ring("tools", ["test/tools/**/*.test.ts"], 60_000, true),
      ring("cluster", ["test/controller/*.test.ts"], 300_000, false),
      ring("pulumi", ["test/provider/**/*.test.ts"], 300_000, true),
      ring("examples", ["test/examples/**/*.test.ts"], 300_000, false),
    ],
  },
});
