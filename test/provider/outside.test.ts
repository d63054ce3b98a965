// What others do at the API: revoke, delete, restore, use. A second administrator runs the stack, too.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../support/pulumi/world.ts";

const program = `
const { getServiceUserOutput, ServiceToken } = require("qualytics-servicetokens");
const rotation = { retire: { minOverlap: "0s", idleFor: "1h", maxOverlap: "1h" } };
for (const onExternalChange of ["Reissue", "Restore", "Report"]) {
  const token = new ServiceToken(onExternalChange.toLowerCase(), { serviceUser: { name: "Data Ingest" }, onExternalChange, rotation });
  exports[onExternalChange.toLowerCase()] = token.token;
}
new ServiceToken("paused", { serviceUser: { name: "Data Ingest" }, state: "Revoked" });
exports.deleted = new ServiceToken("deleted", { serviceUser: { id: process.env.USER_ID ? Number(process.env.USER_ID) : getServiceUserOutput({ name: "Data Ingest" }).userId }, rotation }).token;
`;

let world: World;
const before: Record<string, string> = {};

const idOf = async (name: string): Promise<number> => (await world.resource(name)).outputs["tokenId"] as number;
const revoke = (id: number) => world.service.api("PUT", `/api/user-tokens/${id}`, { revoke: true });

beforeAll(async () => {
  world = await startWorld({ program });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  Object.assign(before, await world.workspace.outputs());
  for (const name of ["reissue", "restore", "report", "deleted"]) await revoke(await idOf(name));
  await world.service.api("DELETE", `/api/user-tokens/${await idOf("deleted")}`);
});
afterAll(() => world.close());

test("refresh shows the truth, each resource by its name, and does nothing", async () => {
  const tokens = await world.tokens();
  const refresh = await world.workspace.refresh();
  expect(refresh.code, refresh.text).toBe(0);
  expect(refresh.text).toContain("reissue: Due now: Revision 1 was revoked elsewhere. Issuing revision 2.");
  expect(refresh.text).not.toContain("this resource");
  expect((await world.resource("paused")).outputs).toMatchObject({ tokenName: "paused", revision: 0 });
  expect((await world.resource("reissue")).outputs["state"]).toBe("Revoked");
  expect((await world.resource("deleted")).outputs["state"]).toBe("Deleted");
  expect(await world.tokens()).toEqual(tokens);
  expect(world.workspace.filesWith(before["reissue"] ?? "")).toEqual([]);
});

test("the preview says what happened and what will be done", async () => {
  const preview = await world.workspace.pulumi(["preview"]);
  expect(preview.stdout, preview.text).toContain("3 to update");
  expect(preview.stdout).toContain("Due now: Revision 1 was revoked elsewhere. Issuing revision 2.");
  expect(preview.stdout).toContain("Due now: Revision 1 was deleted elsewhere. Issuing revision 2.");
  expect(preview.stdout).toContain("Revision 1 of restore was revoked elsewhere: restored, as onExternalChange says.");
  expect(preview.stdout).toContain("onExternalChange says Report: restore it, or ask for a rotation.");
});

test("the next up repairs: a new revision, a restore, or a report", async () => {
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  const after = await world.workspace.outputs();
  expect(await world.use(after["reissue"] ?? "")).toBe(200);
  expect(after["reissue"]).not.toBe(before["reissue"]);
  expect(await world.use(after["deleted"] ?? "")).toBe(200);
  expect(after["restore"]).toBe(before["restore"]);
  expect(await world.use(before["restore"] ?? "")).toBe(200);
  expect(after["report"]).toBe(before["report"]);
  expect(await world.use(before["report"] ?? "")).toBe(401);
});

test("another administrator's credential serves as well, and use shows with a refresh", async () => {
  const admin = await world.service.createServiceUser("Deploy", "Admin");
  const token = await world.service.api<{ bearer_token: string }>("POST", "/api/user-tokens", { name: "deploy", user_id: admin.id });
  world.workspace.setEnv({ QUALYTICS_TOKEN: token.body.bearer_token });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(up.stdout).toContain("unchanged");
  expect(up.stdout).not.toContain("updated");
  expect((await world.resource("restore")).outputs["usage"]).toBe("NotUsed");
  const refreshed = await world.workspace.up("--refresh");
  expect(refreshed.code, refreshed.text).toBe(0);
  expect((await world.resource("restore")).outputs["usage"]).toBe("Used");
});

test("a token API that is away holds up no stack in which nothing was changed", async () => {
  const users = await world.service.api<{ items: { id: number; name: string }[] }>("GET", "/api/users?type=Service&name=Data Ingest");
  world.workspace.setEnv({ QUALYTICS_TIMEOUT: "1", QUALYTICS_URL: "http://127.0.0.1:1", USER_ID: String(users.body.items.find(({ name }) => name === "Data Ingest")?.id) });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(up.stdout).toContain("Whether anything is due could not be seen: The token API at 127.0.0.1:1 cannot be reached");
  world.workspace.setEnv({ QUALYTICS_URL: world.wire.url });
});

test("a token that nobody else uses stays NotUsed; destroy leaves nothing of ours", async () => {
  expect((await world.resource("deleted")).outputs).toMatchObject({ usage: "NotUsed", revision: 2 });
  const destroyed = await world.workspace.destroy();
  expect(destroyed.code, destroyed.text).toBe(0);
  expect((await world.tokens()).map(({ name }) => name)).toEqual(["deploy"]);
});
