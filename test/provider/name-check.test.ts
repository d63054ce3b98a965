// Tokens that bear a new resource's mark: named once, by whoever sees them first, check or the create after it.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { markFor } from "../../provider/mark.ts";
import { endSession } from "../../provider/session.ts";
import { tokenHandlers } from "../../provider/token-handlers.ts";
import { readRecorded, replay, type Replay } from "../support/pulumi/recorded.ts";

const self = "organization/urn:pulumi:dev::named::pulumi-nodejs:dynamic/servicetokens:ServiceToken::held";
const mark = markFor(self);
/** Somebody uses it, so no create clears it. */
const stranger = { id: 77, name: `held-${mark}-r1`, active: true, created: "2026-01-15T10:30:00Z", expiration: null, last_used: "2026-01-16T10:30:00Z" };

const before = { ...process.env };
let api: Replay;

beforeAll(async () => {
  const recorded = readRecorded(new URL("states/0.1.0.json", import.meta.url));
  const [known] = recorded.answers["/api/user-tokens/service"] as object[];
  api = await replay({ ...recorded, answers: { ...recorded.answers, "/api/user-tokens/service": [{ ...known, ...stranger }] } });
  Object.assign(process.env, { QUALYTICS_URL: api.url, QUALYTICS_TOKEN: "not-looked-at" });
  await endSession();
});
afterAll(async () => {
  await endSession();
  process.env = before;
  await api.close();
});

test("a token that bears the mark is named once in an update, by check", async () => {
  const said: string[] = [];
  const written = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const { check, create } = tokenHandlers("ServiceToken");
  const { inputs, failures } = await check({}, { serviceUser: { name: "Data Ingest" }, state: "Revoked", self });
  await create(inputs);
  written.mockRestore();
  expect(failures).toEqual([]);
  expect(said.filter((line) => line.includes(stranger.name))).toEqual([expect.stringContaining("and no resource of this stack knows it")]);
  expect(api.writes).toEqual([]);
});
