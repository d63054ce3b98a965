// The contract of the API on PostgreSQL, and what only a shared database can show: two
// services on one, and a database that goes away.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPostgres } from "../../server/storage/postgres.ts";
import { startTokenService } from "../support/token-service.ts";
import { apiContract } from "./contract/all.ts";
import { type PostgresCluster, startPostgres, whyNoPostgres } from "./postgres-cluster.ts";
import { type UserToken, type World, buildWorld, detailOf, issue } from "./world.ts";

const missing = whyNoPostgres();
if (missing !== undefined) console.log(`Skipped, the contract on PostgreSQL: ${missing}.`);

describe.skipIf(missing !== undefined)("on PostgreSQL", () => {
  let cluster: PostgresCluster;
  let world: World;

  beforeAll(async () => {
    cluster = await startPostgres();
    const url = await cluster.createDatabase("contract");
    world = await buildWorld(url, () => openPostgres(url, () => undefined));
  });

  afterAll(async () => {
    await world.close();
    await cluster.close();
  });

  apiContract(() => world);

  it("two services on one database are one: keys, revocations and last uses are shared at once", async () => {
    const data = await cluster.createDatabase("shared");
    // At the same moment: they take turns at the schema and agree on a key.
    const [one, two] = await Promise.all([startTokenService({ data }), startTokenService({ data })]);
    try {
      const user = await one.createServiceUser("shared");
      const token = await issue(one, { name: "t", user_id: user.id });
      const works = async (service: typeof one): Promise<boolean> => (await service.api("GET", "/api/users/me", undefined, token.bearer_token)).status === 200;
      const used = async (service: typeof one): Promise<string | null | undefined> => (await service.api<UserToken[]>("GET", "/api/user-tokens/service")).body[0]?.last_used;
      // Read first by the one that was not asked: reading makes a service write what it still holds.
      expect(await works(one)).toBe(true);
      expect(await used(two)).toEqual(expect.any(String));
      expect(await works(two)).toBe(true);
      for (let round = 0; round < 5; round += 1) {
        await one.api("PUT", `/api/user-tokens/${token.id}`, { revoke: true });
        expect([await works(two), await works(one)]).toEqual([false, false]);
        await two.api("PUT", `/api/user-tokens/${token.id}`, { revoke: false });
        expect([await works(one), await works(two)]).toEqual([true, true]);
      }
      expect((await two.api("GET", "/api/users/me", undefined, one.adminToken)).status).toBe(200);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  it("a database that goes away is 503 with a time to come back, and heals by itself", async () => {
    const data = await cluster.createDatabase("restarted");
    const service = await startTokenService({ data });
    try {
      await cluster.stop();
      for (const path of ["/api/users/me", "/api/status", "/api/health"]) {
        const answer = await service.api("GET", path);
        expect([answer.status, answer.headers.get("retry-after"), answer.body]).toEqual([503, "1", { detail: "The database cannot be reached." }]);
      }
      await cluster.start();
      expect((await service.api("GET", "/api/health")).status).toBe(204);
      expect((await service.api("GET", "/api/users/me")).status).toBe(200);
      expect(service.logs()).not.toContain(service.adminToken);
    } finally {
      await service.close();
    }
  });

  it("what is changed past the service counts at once; what it did not expect is told to its log only", async () => {
    const data = await cluster.createDatabase("past");
    const service = await startTokenService({ data });
    const database = await openPostgres(data, () => undefined);
    try {
      const user = await service.createServiceUser("leaver");
      const token = await issue(service, { name: "t", user_id: user.id });
      expect((await service.api("GET", "/api/users/me", undefined, token.bearer_token)).status).toBe(200);
      // By the API a user with active tokens cannot go; whoever is gone all the same has no token that works.
      await database.query("update servicetokens.account set deleted = now() where id = $1", [user.id]);
      expect(detailOf(await service.api("GET", "/api/users/me", undefined, token.bearer_token), 401)).toBe("The token's user is deactivated.");
      await database.query("update servicetokens.account set deleted = null where id = $1", [user.id]);
      // An expiration that was brought forward ends the token, though the JWT says another one.
      const timed = await issue(service, { name: "timed", user_id: user.id, expires_in_days: 30 });
      await database.query("update servicetokens.token set expiration = now() - interval '1 second' where id = $1", [timed.id]);
      expect(detailOf(await service.api("GET", "/api/users/me", undefined, timed.bearer_token), 401)).toBe("The token has expired.");
      // A row that was given to somebody else gives nobody their rights.
      const admin = await service.api("GET", "/api/users/me");
      await database.query("update servicetokens.token set account_id = $2 where id = $1", [token.id, admin.body["id"]]);
      expect(detailOf(await service.api("GET", "/api/users/me", undefined, token.bearer_token), 401)).toBe("The token does not exist.");
      await database.query("alter table servicetokens.audit rename to audit_elsewhere");
      const answer = await service.api("POST", "/api/user-tokens", { name: "a telling name" });
      expect([answer.status, answer.body]).toEqual([500, { detail: "Internal Server Error" }]);
      await database.query("alter table servicetokens.audit_elsewhere rename to audit");
      expect((await service.api<UserToken[]>("GET", "/api/user-tokens")).body.map(({ name }) => name)).toEqual(["bootstrap", "t"]);
      const failures = service.logs().split("\n").filter((line) => line.includes("Request failed"));
      expect(failures.map((line) => (JSON.parse(line) as { requestId: string }).requestId)).toEqual([answer.headers.get("x-request-id")]);
      expect(failures[0]).not.toContain("a telling name");
    } finally {
      await database.close();
      await service.close();
    }
  });

  it("an address where no database is says so without the password", async () => {
    await expect(startTokenService({ data: "postgres://someone:sesame@127.0.0.1:1/nothing" })).rejects.toMatchObject({
      code: "database-unreachable",
      message: expect.not.stringContaining("sesame"),
    });
  });
});
