// The same tests on every storage that this machine has: the embedded database in a folder, and PostgreSQL.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { type PostgresCluster, startPostgres, whyNoPostgres } from "./postgres-cluster.ts";

export interface Storage {
  /** Where data that is still empty may lie: a value for `--data`. */
  place(): Promise<string>;
  /** Development settings are refused on PostgreSQL unless a second one says that they are meant. */
  readonly meant: { readonly development?: true; readonly developmentOnPostgres?: true };
}

export function onEachStorage(tests: (storage: Storage) => void): void {
  describe("on the embedded database", () => {
    let folder: string;
    let count = 0;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "token-storage-"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    tests({ place: () => Promise.resolve(join(folder, `data-${(count += 1)}`)), meant: {} });
  });

  const missing = whyNoPostgres();
  if (missing !== undefined) console.log(`Skipped, the same on PostgreSQL: ${missing}.`);
  describe.skipIf(missing !== undefined)("on PostgreSQL", () => {
    let cluster: PostgresCluster;
    let count = 0;
    beforeAll(async () => {
      cluster = await startPostgres();
    });
    afterAll(() => cluster.close());
    tests({ place: () => cluster.createDatabase(`data_${(count += 1)}`), meant: { development: true, developmentOnPostgres: true } });
  });
}
