// The folder keeps what was answered: over a stop, over kill -9; and it keeps no secret
// that would let a reader in.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TokenService, startTokenService } from "../support/token-service.ts";
import { Random } from "../simulation/random.ts";
import { type KillPlan, fewestWrites, killRounds } from "./kill-rounds.ts";
import { startPostgres, whyNoPostgres } from "./postgres-cluster.ts";
import { type UserToken, claimsOf, issue } from "./world.ts";

let folder: string;
let data: string;
let adminTokenFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "token-durability-"));
  data = join(folder, "data");
  adminTokenFile = join(folder, "admin-token");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const listOf = async (service: TokenService): Promise<UserToken[]> => (await service.api<UserToken[]>("GET", "/api/user-tokens/service")).body;
const statusWith = async (service: TokenService, token: string | undefined): Promise<number> => (await service.api("GET", "/api/users/me", undefined, token)).status;

it("every answered write survives kill -9, and each value still works", async () => {
  const { answeredWrites, auditEntries } = await killRounds(planOn(data));
  expect(answeredWrites).toBeGreaterThanOrEqual(fewestWrites);
  expect(auditEntries).toBeGreaterThanOrEqual(answeredWrites);
});

it.skipIf(whyNoPostgres() !== undefined)("also on PostgreSQL, whose server dies with it", async () => {
  const cluster = await startPostgres();
  try {
    const { answeredWrites } = await killRounds({
      ...planOn(await cluster.createDatabase("killed")),
      between: async () => {
        await cluster.crash();
        await cluster.start();
      },
    });
    expect(answeredWrites).toBeGreaterThanOrEqual(fewestWrites);
  } finally {
    await cluster.close();
  }
});

/** A slice of what `make kill-server` does for hours. */
function planOn(where: string): KillPlan {
  const random = new Random(Date.now());
  return {
    kills: 1,
    random: () => random.next(),
    start: () => startTokenService({ data: where, adminTokenFile, inProcess: false }),
    killStart: () => Promise.resolve(),
  };
}

it("a stop and a start change nothing: key, administrator, users, tokens, last uses", async () => {
  const first = await startTokenService({ data, adminTokenFile });
  const user = await first.createServiceUser("kept");
  const token = await issue(first, { name: "t", user_id: user.id, expires_in_days: 30 });
  expect(await statusWith(first, token.bearer_token)).toBe(200);
  const before = await listOf(first);
  expect(before[0]?.last_used).toEqual(expect.any(String));
  const other = await issue(first, { name: "used last", user_id: user.id });
  expect(await statusWith(first, other.bearer_token)).toBe(200);
  await first.close();
  const second = await startTokenService({ data, adminTokenFile });
  try {
    expect(second.adminToken).toBe(first.adminToken);
    const after = await listOf(second);
    expect(after[0]).toEqual(before[0]);
    expect(after[1]?.last_used).toEqual(expect.any(String));
    expect(await statusWith(second, token.bearer_token)).toBe(200);
  } finally {
    await second.close();
  }
});

it("neither the folder nor the log holds a token or its unguessable part", async () => {
  const service = await startTokenService({ data, adminTokenFile });
  const user = await service.createServiceUser("secret");
  const token = await issue(service, { name: "t", user_id: user.id });
  await statusWith(service, token.bearer_token);
  await service.api("POST", "/api/user-tokens", { name: "t", user_id: user.id });
  await service.api("POST", "/api/user-tokens", { name: "", user_id: user.id });
  await statusWith(service, `${token.bearer_token}x`);
  await service.api("PUT", `/api/user-tokens/${token.id}`, {});
  await service.close();
  const needles = [service.adminToken, token.bearer_token ?? ""].flatMap((value) => [value, value.split(".")[2] ?? "", String(claimsOf(value)["jti"])]);
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(100);
  for (const file of files) {
    const content = readFileSync(join(file.parentPath, file.name));
    for (const needle of needles) expect(content.includes(needle), `${file.name} holds ${needle}`).toBe(false);
  }
  for (const needle of needles) expect(service.logs()).not.toContain(needle);
  const mode = (path: string): number => statSync(path).mode & 0o777;
  expect([mode(join(data, "signing-key")), mode(adminTokenFile), mode(data)]).toEqual([0o600, 0o600, 0o700]);
  expect(service.logs()).not.toContain(readFileSync(join(data, "signing-key"), "utf8").trim());
});
