// The contract of the API on the embedded database, in a folder.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { makeEmbedded } from "../../server/storage/embedded.ts";
import { apiContract } from "./contract/all.ts";
import { type World, buildWorld } from "./world.ts";

let folder: string;
let world: World;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "token-contract-"));
  mkdirSync(join(folder, "database"));
  world = await buildWorld(folder, () => makeEmbedded(join(folder, "database")));
});

afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

apiContract(() => world);
