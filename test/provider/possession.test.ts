// Whether a value is a certain token's secret: proved by use against the real token service, and never guessed.
import { afterAll, beforeAll, expect, test } from "vitest";
import { LifecycleError } from "../../core/error.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { createTokenApi } from "../../tokenapi/client.ts";
import { systemClock } from "../../tokenapi/clock.ts";
import { prove, type Bench } from "../../tokenapi/possession.ts";
import { emptyTokenService, serviceUser } from "../support/pulumi/shared-service.ts";
import type { TokenService } from "../support/token-service.ts";

interface Issued {
  readonly id: number;
  readonly bearer_token: string;
}

let service: TokenService;
let bench: Bench;
let close: () => Promise<void>;
const issued: { [name: string]: Issued } = {};

async function issue(name: string, user: number, scim = false): Promise<void> {
  issued[name] = (await service.api<Issued>("POST", "/api/user-tokens", { name, user_id: user, scim_endpoints_only: scim })).body;
}

beforeAll(async () => {
  service = await emptyTokenService();
  const ingest = await serviceUser(service, "Data Ingest");
  const { id: admin } = await service.createServiceUser("Scim", "Admin");
  for (const name of ["one", "two"]) await issue(name, ingest);
  await issue("other", admin);
  await issue("scim", admin, true);
  const api = createTokenApi({ url: service.url, token: new SecretValue(service.adminToken) });
  close = () => api.close();
  bench = {
    api,
    clock: systemClock,
    list: "service",
    async ownerOf(value) {
      const { status, body } = await service.api<{ id: number }>("GET", "/api/users/me", undefined, value.reveal());
      return status === 200 ? body.id : null;
    },
  };
});
afterAll(() => close());

const remote = async (name: string) => {
  const found = (await bench.api.tokens("service")).find((token) => token.id === issued[name]?.id);
  if (!found) throw new Error(`no token ${name}`);
  return found;
};
const secret = (name: string): SecretValue => new SecretValue(issued[name]?.bearer_token ?? "");
const refusal = async (token: string, value: SecretValue): Promise<string> => {
  const error: unknown = await prove(bench, await remote(token), value).then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LifecycleError);
  const { message } = error as LifecycleError;
  expect(message).not.toContain(value.reveal());
  return message;
};

test("the holder of the secret is believed, and what the list shows then is our use", async () => {
  const before = await remote("one");
  const { token, scim } = await prove(bench, before, secret("one"));
  expect(scim).toBe(false);
  expect(token.lastUsed ?? 0).toBeGreaterThan(before.lastUsed ?? 0);
});

test("a SCIM token is told from others", async () => {
  expect((await prove(bench, await remote("scim"), secret("scim"))).scim).toBe(true);
});

test("another token's secret is not, of the same owner or of another", async () => {
  expect(await refusal("one", secret("two"))).toContain("the list does not show a use of that token");
  expect(await refusal("one", secret("other"))).toContain("belongs to another user");
  expect(await refusal("one", secret("scim"))).toContain("the list does not show a use of that token");
});

test("nor is one that does not authenticate, nor that of a revoked token", async () => {
  expect(await refusal("one", new SecretValue("no-token"))).toContain("does not authenticate");
  await service.api("PUT", `/api/user-tokens/${issued["two"]?.id}`, { revoke: true });
  expect(await refusal("two", secret("two"))).toContain("is revoked");
});

test("while others of its owner are in use at the same moments, nobody is believed", { timeout: 60_000 }, async () => {
  await service.api("PUT", `/api/user-tokens/${issued["two"]?.id}`, { revoke: false });
  let over = false;
  const busy = (async () => {
    while (!over) {
      for (const name of ["one", "two"]) await service.api("GET", "/api/users/me", undefined, issued[name]?.bearer_token ?? "");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  expect(await refusal("one", secret("two"))).toContain("cannot be told");
  over = true;
  await busy;
});
