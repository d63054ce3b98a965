// The description at /api/openapi.json held against the running service by schemathesis,
// which makes up requests from it: valid ones, broken ones, wrong methods, no token.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Undo, openData, takeApart } from "../../server/open-data.ts";
import { migrate } from "../../server/storage/migration.ts";
import { startTokenService } from "../support/token-service.ts";

const program = join(import.meta.dirname, "../../.tools/bin/schemathesis");
// 429, 414 and 431 have tests of their own; schemathesis does not count the last two as refusals.
const wide = { perSecond: 1e6, burst: 1e6 };
// The same requests every time. More, and others: SCHEMATHESIS_EXAMPLES=100 SCHEMATHESIS_SEED=7.
const examples = process.env["SCHEMATHESIS_EXAMPLES"] ?? "4";
const seed = process.env["SCHEMATHESIS_SEED"] ?? "1";
if (!existsSync(program)) console.log("Skipped: schemathesis is not there. tools/engines schemathesis brings it, where there is a Python.");

it.skipIf(!existsSync(program))("schemathesis finds nothing that the description does not say", async () => {
  const folder = mkdtempSync(join(tmpdir(), "token-description-"));
  const data = join(folder, "data");
  await startHighIds(data);
  const service = await startTokenService({ data, server: { addressRate: wide, identityRate: wide, failureRate: wide, uriLength: 1_000_000, headerBytes: 1_000_000 } });
  try {
    const { code, output } = await run(folder, [
      "--no-color", "run", `${service.url}/api/openapi.json`, "-H", `Authorization: Bearer ${service.adminToken}`,
      // Not that valid data is always taken: rules refuse some of it with 400 or 422, as the contract says (a team that is not there, an active token to delete).
      "--checks", "all", "--exclude-checks", "positive_data_acceptance",
      "--phases", "examples,coverage,fuzzing", "--max-examples", examples, "--seed", seed, "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off",
    ]);
    expect(code, output.slice(-6_000)).toBe(0);
    expect(output).toMatch(/Tested: 2\d/);
    // It may have learnt the id of its own token from an answer, and revoked it: that the service stands is asked for.
    expect((await service.api("GET", "/api/health")).status).toBe(204);
    expect(service.logs()).not.toContain("Request failed");
  } finally {
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Made-up ids are small: nobody should revoke the token that the requests are made with. */
async function startHighIds(data: string): Promise<void> {
  mkdirSync(data);
  const undo: Undo = [];
  try {
    const { database } = await openData(data, { warn: () => undefined }, undo);
    await migrate(database);
    for (const table of ["account", "token"]) await database.query(`select setval(pg_get_serial_sequence('servicetokens.${table}', 'id'), 5000000)`);
  } finally {
    await takeApart(undo);
  }
}

function run(cwd: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, [...args], { cwd, maxBuffer: 64 * 1_024 * 1_024 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }));
  });
}
