// Service users: made, taken over, changed, deactivated and reactivated; a token of one that the same up makes.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../support/pulumi/world.ts";

const program = `
const { ServiceToken, ServiceUser, PersonalToken } = require("qualytics-servicetokens");
const user = new ServiceUser("ingest", { name: process.env.NAME, role: process.env.ROLE, teams: ["Public"], deletionPolicy: process.env.POLICY });
const quick = { retire: { when: "Deadline", minOverlap: "0s", maxOverlap: "0s" }, keepRevokedFor: "0s" };
exports.byId = new ServiceToken("by-id", { serviceUser: { id: user.userId }, rotation: quick }).token;
exports.byName = new ServiceToken("by-name", { serviceUser: { name: user.name }, rotation: quick }).token;
exports.personal = new PersonalToken("mine", { expiresInDays: 7 }).token;
exports.user = user.user;
exports.userId = user.userId;
`;

interface ListedUser {
  readonly id: number;
  readonly name: string;
  readonly role: string;
  readonly deleted_at: string | null;
}

let world: World;
const users = async (): Promise<readonly ListedUser[]> =>
  (await world.service.api<{ items: ListedUser[] }>("GET", "/api/users?type=Service&include_deleted=true")).body.items;
const only = async (name: string): Promise<ListedUser | undefined> => (await users()).find((user) => user.name === name);

beforeAll(async () => {
  world = await startWorld({ program, users: [], env: { NAME: "Data Load" } });
});
afterAll(() => world.close());

test("a preview of everything new knows nothing yet and changes nothing", async () => {
  const preview = await world.workspace.pulumi(["preview"]);
  expect(preview.code, preview.text).toBe(0);
  expect(preview.stdout).toContain("5 to create");
  expect(await only("Data Load")).toBeUndefined();
});

test("one up makes a user, tokens of it by id and by name, and a personal token", async () => {
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  const outputs = await world.workspace.outputs();
  expect(outputs["user"]).toBe("data_load@service");
  expect(await only("Data Load")).toMatchObject({ id: outputs["userId"], role: "Member", deleted_at: null });
  for (const name of ["byId", "byName", "personal"]) expect(await world.use(outputs[name] ?? "")).toBe(200);
  expect(await world.tokens()).toHaveLength(2);
  const personal = (await world.service.api<{ name: string }[]>("GET", "/api/user-tokens")).body;
  expect(personal.filter(({ name }) => name.startsWith("mine-"))).toHaveLength(1);
});

test("nothing changes in the next up, and two lists more serve the personal token", async () => {
  world.wire.taken();
  const up = await world.workspace.up();
  expect(up.stdout, up.text).toContain("5 unchanged");
  expect(world.wire.taken().sort()).toEqual(["GET /api/user-tokens", "GET /api/user-tokens/service", "GET /api/users", "GET /api/users/me"]);
});

test("another role is an update of the user and leaves its tokens alone", async () => {
  world.workspace.setEnv({ ROLE: "Manager" });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(up.stdout).toContain("1 updated");
  expect((await only("Data Load"))?.role).toBe("Manager");
});

test("another name is another user: the tokens move on to it, with an overlap, and the old user stays", async () => {
  world.workspace.setEnv({ NAME: "Data Export", POLICY: "Deactivate" });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  const { byId = "", userId } = await world.workspace.outputs();
  expect(await only("Data Export")).toMatchObject({ id: userId, deleted_at: null });
  expect(await only("Data Load")).toMatchObject({ deleted_at: null });
  expect(await world.use(byId)).toBe(200);
  expect((await world.tokens()).filter(({ active }) => active)).toHaveLength(4);
});

test("the token API away: nothing is held up where nothing was changed; a change fails, and says how it goes on", async () => {
  world.workspace.setEnv({ QUALYTICS_URL: "http://127.0.0.1:1", QUALYTICS_TIMEOUT: "1" });
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(up.stdout).toMatch(/ServiceUser ingest .*warning: Whether anything is due could not be seen: The token API at 127\.0\.0\.1:1 cannot be reached/);
  world.workspace.setEnv({ ROLE: "Editor" });
  const failed = await world.workspace.up();
  expect(failed.code).not.toBe(0);
  expect(failed.text).toMatch(/cannot be reached .* Nothing was done before\. The next pulumi up looks again, and goes on from there\./);
  world.workspace.setEnv({ QUALYTICS_URL: world.wire.url, QUALYTICS_TIMEOUT: null, ROLE: "Manager" });
});

test("one with a token of somebody else is not deactivated, and the failure says how it goes on", async () => {
  const { userId } = await world.workspace.outputs();
  const { body } = await world.service.api<{ id: number }>("POST", "/api/user-tokens", { name: "by hand", user_id: userId });
  const refused = await world.workspace.destroy();
  expect(refused.code).not.toBe(0);
  expect(refused.text).toMatch(/one active token.* Or set deletionPolicy: "Orphan"\. Nothing was done before\. The next pulumi up or destroy looks again/);
  expect((await only("Data Export"))?.deleted_at).toBeNull();
  await world.service.api("PUT", `/api/user-tokens/${body.id}`, { revoke: true });
  expect((await world.workspace.up()).code).toBe(0);
});

test("Deactivate deactivates at destroy, and the next up reactivates", async () => {
  const destroyed = await world.workspace.destroy();
  expect(destroyed.code, destroyed.text).toBe(0);
  expect((await only("Data Export"))?.deleted_at).not.toBeNull();
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  expect(up.stdout).toContain("There is a service user named Data Export already: it is taken over.");
  expect((await only("Data Export"))?.deleted_at).toBeNull();
  expect(await only("Data Load")).toMatchObject({ deleted_at: null });
});
