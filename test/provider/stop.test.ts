// An operation that ends early, by its timeout or a cancel: at each moment that matters, chosen by the wire, against the real
// token service. Nothing that took effect is lost: a token that was asked for is delivered, and what was done is kept.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PartialFailure } from "../../provider/failure.ts";
import { endSession, stopBy } from "../../provider/session.ts";
import { create, update } from "../../provider/token-life.ts";
import { markFor } from "../../provider/mark.ts";
import type { Outputs } from "../../provider/desired.ts";
import { emptyTokenService, serviceUser } from "../support/pulumi/shared-service.ts";
import { startWire, type Wire } from "../support/pulumi/wire.ts";
import type { TokenService } from "../support/token-service.ts";

const before = { ...process.env };
const ISSUE = "POST /api/user-tokens";

let service: TokenService;
let wire: Wire;
let operation = new AbortController();

beforeAll(async () => {
  service = await emptyTokenService();
  await serviceUser(service, "Data Ingest");
  wire = await startWire(service.url);
  Object.assign(process.env, { QUALYTICS_URL: wire.url, QUALYTICS_TOKEN: service.adminToken });
  await endSession();
  stopBy(() => operation.signal);
});
afterAll(async () => {
  stopBy(() => null);
  await endSession();
  process.env = before;
  await wire.close();
});
beforeEach(() => {
  operation = new AbortController();
  wire.taken();
});

const over = (): Promise<void> => Promise.resolve(operation.abort(new Error("The operation's timeout of 5 s is over.")));

const of = (name: string) => {
  const self = `organization/urn:pulumi:dev::stop::pulumi-nodejs:dynamic/servicetokens:ServiceToken::${name}`;
  return { subject: { kind: "ServiceToken" as const, mark: markFor(self) }, inputs: { serviceUser: { name: "Data Ingest" }, baseName: name, self } };
};

interface Listed {
  readonly name: string;
  readonly active: boolean;
}
const active = async (name: string): Promise<string[]> =>
  (await service.api<Listed[]>("GET", "/api/user-tokens/service")).body.filter((token) => token.active && token.name.startsWith(`${name}-`)).map((token) => token.name.slice(-2));

async function failure(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

test("while a token is issued: it is verified and delivered", async () => {
  const { subject, inputs } = of("slow");
  wire.hold(ISSUE, over);
  const { outs } = await create(subject, inputs);
  expect(outs).toMatchObject({ revision: 1, state: "Active" });
  expect((await service.api("GET", "/api/users/me", undefined, String(outs["token"]))).status).toBe(200);
  expect(await active("slow")).toEqual(["r1"]);
});

test("while it looks: it is left at once, however long the API is silent, and nothing is done later either", async () => {
  const { subject, inputs } = of("silent");
  const silence = Promise.withResolvers<void>();
  await endSession();
  wire.hold("GET /api/users", async () => {
    await over();
    await silence.promise;
  });
  const { message } = await failure(create(subject, inputs));
  expect(message).toMatch(/^The operation's timeout of 5 s is over\. What was done until now is kept; the next update goes on from there\. Nothing was done before\. /);
  silence.resolve();
  operation = new AbortController();
  expect((await create(subject, inputs)).outs).toMatchObject({ revision: 1 });
  expect(wire.taken().filter((request) => request === ISSUE)).toHaveLength(1);
});

test("between two steps: what was done is kept with the resource and said, and the next update goes on from there", async () => {
  const { subject, inputs } = of("leaky");
  const { outs: olds } = await create(subject, inputs);
  // What leaked is revoked first, then deleted; then the next revision is issued.
  wire.hold(`PUT /api/user-tokens/${String(olds["tokenId"])}`, over);
  const failed = await failure(update(subject, olds, { ...inputs, compromised: 1 }));
  expect(failed).toBeInstanceOf(PartialFailure);
  expect(failed.message).toMatch(/ Done before: Revoked revision 1: reported as compromised\. The next pulumi up goes on: /);
  expect(await active("leaky")).toEqual([]);
  const { properties } = failed as PartialFailure;
  expect((properties as Outputs)["record"]).toMatch(/ compromised[.,]/);
  operation = new AbortController();
  const { outs } = await update(subject, properties as Outputs, { ...inputs, compromised: 1 });
  expect(outs).toMatchObject({ revision: 2 });
  expect(await active("leaky")).toEqual(["r2"]);
});
