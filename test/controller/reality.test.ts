// The API as it is in earnest: asked little, gone for long, overloaded, and behind credentials that change.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startFront, type Call, type Front } from "../support/front.ts";
import { applyIssuer, credential, issuer as otherIssuer, serviceToken, startScene, until, type Scene } from "../support/scene.ts";

/** Few, so that few tokens are more than there are workers. */
const WORKERS = 4;
const FEW = 5;
const ALL = 25;
const PATIENT = 10;

let scene: Scene;
let front: Front;
/** The operator's own administrator, whose role can be taken away. */
let admin: { readonly id: number; readonly token: string };

beforeAll(async () => {
  scene = await startScene();
  front = await startFront(scene.service.url);
  const user = await scene.service.createServiceUser("Token Operator", "Admin");
  const { body } = await scene.service.api<{ bearer_token: string }>("POST", "/api/user-tokens", { name: "operator", user_id: user.id });
  admin = { id: user.id, token: body.bearer_token };
  await applyIssuer(scene, { url: front.url });
  await scene.apply(credential(admin.token));
  await scene.operator("--leader-elect=true", "--concurrency", String(WORKERS));
});

afterAll(async () => {
  await scene.close();
  await front.close();
});

beforeEach(() => front.heal());

interface Listed {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[]; readonly token?: { revision: number } };
}

const objects = (kind: string): Promise<readonly Listed[]> => scene.all<Listed>(kind);
const condition = (object: Listed | undefined, type = "Ready"): { status: string; reason: string; message: string } | undefined => object?.status?.conditions?.find((each) => each.type === type);
const allReady = async (count: number, milliseconds = 120_000): Promise<unknown> =>
  until(`${count} are Ready`, async () => {
    const items = await objects("servicetoken");
    return items.length === count && items.every((item) => condition(item)?.status === "True");
  }, milliseconds);
const issuer = async (): Promise<{ status: string; reason: string; message: string } | undefined> => condition((await objects("tokenissuer"))[0]);
const ours = async (): Promise<string> => JSON.stringify((await scene.tokens()).map(({ id, active }) => [id, active]).sort());
const isList = ({ method, path }: { method: string; path: string }): boolean => method === "GET" && path === "/api/user-tokens/service";

/** What is asked from now on until so many lists were answered. */
async function nextLists(count: number): Promise<readonly Call[]> {
  front.forget();
  await until(`${count} lists`, () => Promise.resolve(front.calls().filter(isList).length >= count), 60_000);
  return front.calls();
}

/** What is asked of an issuer in peace: by what, how often. */
async function askedInPeace(): Promise<{ lists: number; users: number; others: number }> {
  await nextLists(1);
  const calls = await nextLists(2);
  const lists = calls.filter(isList).length;
  const users = calls.filter(({ method, path }) => method === "GET" && path.startsWith("/api/users?")).length;
  return { lists, users, others: calls.length - lists - users };
}

/** The operator works with the issuer as it was applied last. */
const worked = async (): Promise<unknown> =>
  until("the issuer works so", async () => {
    const { metadata, status } = (await scene.read<{ metadata: { generation: number }; status?: { observedGeneration?: number } }>("tokenissuer/qualytics")) ?? {};
    return status?.observedGeneration === metadata?.generation;
  }, 60_000);

test("an issuer that is edited while a token is issued: its answer is waited for, and that token is delivered", async () => {
  await until("it is ready", async () => (await issuer())?.status === "True", 60_000);
  const answered = Promise.withResolvers<void>();
  front.rule((method) => (method === "POST" ? { hold: answered.promise } : null));
  const posts = (): Call[] => front.calls().filter(({ method }) => method === "POST");
  await scene.apply(serviceToken("begun"));
  await until("its POST is under way", () => Promise.resolve(posts().length > 0), 60_000);
  await scene.apply(otherIssuer(front.url, { limits: { maxInFlight: 31 } }));
  await worked();
  answered.resolve();
  await allReady(1);
  expect([posts().length, (await scene.status("begun")).token?.revision, (await scene.tokens()).length]).toEqual([1, 1, 2]);
  await scene.remove("servicetoken/begun");
});

test("one list an interval, whether there are five tokens or twenty-five", async () => {
  await scene.apply(Array.from({ length: FEW }, (_, index) => serviceToken(`few-${index}`)));
  await allReady(FEW);
  const peace = async (): Promise<void> => {
    const { lists, users, others } = await askedInPeace();
    // Beside each the service users, and nothing for each token.
    expect(Math.abs(lists - users)).toBeLessThanOrEqual(1);
    expect(others).toBe(0);
  };
  await peace();
  await scene.apply(Array.from({ length: ALL - FEW }, (_, index) => serviceToken(`many-${index}`)));
  await allReady(ALL);
  await peace();
});

test("gone for long: everything stays as it is, one event says so, and one that it is over", async () => {
  const before = await ours();
  type Said = { readonly regarding: { readonly kind: string; readonly apiVersion?: string }; readonly reason: string; readonly type: string };
  // The control plane says something of its own objects now and then.
  const events = async (): Promise<Said[]> => (JSON.parse(await scene.kubectl("get events.events.k8s.io -o json")) as { items: Said[] }).items.filter(({ regarding }) => regarding.apiVersion?.startsWith("tokens.qualytics.io/"));
  const earlier = (await events()).length;
  front.rule(() => ({ status: 503 }));
  await until("the issuer says so", async () => (await issuer())?.status === "False", 60_000);
  await nextLists(3);
  expect(await issuer()).toMatchObject({ reason: "IssuerNotReady", message: expect.stringContaining("503") as string });
  expect((await objects("servicetoken")).map((item) => condition(item)?.status)).toEqual(Array.from({ length: ALL }, () => "True"));
  expect((await events()).filter(({ type }) => type === "Warning").map(({ regarding, reason }) => [regarding.kind, reason])).toEqual([["TokenIssuer", "IssuerNotReady"]]);
  front.heal();
  await until("it is over", async () => (await issuer())?.status === "True", 60_000);
  await nextLists(2);
  // The burst of the beginning may have been summed up meanwhile.
  const since = (await events()).slice(earlier).filter(({ regarding }) => regarding.kind !== "TokenIssuer");
  expect(since).toEqual([]);
  expect(await ours()).toBe(before);
});

test("429: all of the issuer's work slows down and no other's, and is done once there is room", async () => {
  front.rule(() => ({ status: 429, headers: { "retry-after": "1" } }));
  // Each one halves what may be under way.
  await until("it is met", () => Promise.resolve(front.calls().filter(({ status }) => status === 429).length >= 4), 60_000);
  await scene.apply(Array.from({ length: PATIENT }, (_, index) => serviceToken(`patient-${index}`)));
  front.forget();
  await until("it is tried again", () => Promise.resolve(front.calls().length >= 4), 60_000);
  // Ten objects wait, and are not ten times as impatient: a few calls take as long as they are asked to.
  const [first, , , fourth] = front.calls();
  expect((fourth?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(1_900);
  // They are more than there are workers, and a token of another issuer comes all the same.
  await scene.apply([otherIssuer(scene.service.url, {}, "swift"), serviceToken("swift", { issuerRef: { name: "swift" } })]);
  await scene.ready("swift");
  expect((await objects("servicetoken")).filter(({ metadata, status }) => metadata.name.startsWith("patient-") && status?.token !== undefined)).toEqual([]);
  await scene.remove("servicetoken/swift");
  await scene.remove("tokenissuer/swift");
  front.heal();
  await allReady(ALL + PATIENT);
  await scene.kubectl(`delete servicetoken ${Array.from({ length: PATIENT }, (_, index) => `patient-${index}`).join(" ")} --timeout=120s`);
});

test("a credential that is wrong stops the issuer, is not tried for every token, and heals when it is mended", async () => {
  const before = await ours();
  await scene.apply(credential("wrong"));
  await until("the issuer says so", async () => (await issuer())?.reason === "CredentialDenied", 60_000);
  front.forget();
  await until("it is tried again", () => Promise.resolve(front.calls().length >= 2), 60_000);
  expect(front.calls().length).toBeLessThan(10);
  expect((await objects("servicetoken")).every((item) => condition(item)?.status === "True")).toBe(true);
  await scene.apply(credential(admin.token));
  await until("it is mended", async () => (await issuer())?.status === "True", 60_000);
  expect(await ours()).toBe(before);
});

test("an administrator who is one no longer is told from a wrong credential, and heals when promoted", async () => {
  const before = await ours();
  await scene.service.api("PUT", `/api/users/${admin.id}`, { role: "Member" });
  const denied = await until("the issuer says so", async () => {
    const ready = await issuer();
    return ready?.status === "False" && ready;
  }, 60_000);
  expect(denied).toMatchObject({ reason: "NotAdministrator", message: expect.stringContaining("administrator") as string });
  await nextLists(2);
  expect((await objects("servicetoken")).every((item) => condition(item)?.status === "True")).toBe(true);
  await scene.service.api("PUT", `/api/users/${admin.id}`, { role: "Admin" });
  await until("it is mended", async () => (await issuer())?.status === "True", 60_000);
  expect(await ours()).toBe(before);
});

test("a credential of somebody else is told apart too, and nothing is done with it", async () => {
  const before = await ours();
  await scene.apply(credential(scene.service.adminToken));
  const changed = await until("the tokens say so", async () => {
    const ready = condition((await objects("servicetoken"))[0]);
    return ready?.reason === "IdentityChanged" && ready;
  }, 60_000);
  expect([changed.status, changed.message]).toEqual(["Unknown", expect.stringContaining("give it a credential of the first one")]);
  await nextLists(3);
  expect(await ours()).toBe(before);
  await scene.apply(credential(admin.token));
  await allReady(ALL);
  expect(await ours()).toBe(before);
});

test("a list that suddenly lacks most tokens is not believed, and one of them is tried", async () => {
  const before = await ours();
  front.rule((method, path) => (isList({ method, path }) ? { change: (body) => JSON.stringify((JSON.parse(body) as { name: string }[]).filter(({ name }) => name.includes("few-0"))) } : null));
  const suspected = await until("the issuer says so", async () => {
    const ready = await issuer();
    return ready?.reason === "TokensSuspect" && ready;
  }, 60_000);
  expect(suspected.status).toBe("False");
  await nextLists(4);
  expect(await ours()).toBe(before);
  expect((await objects("servicetoken")).every((item) => item.status?.token?.revision === 1)).toBe(true);
  expect((await objects("servicetoken")).every((item) => condition(item)?.status === "True")).toBe(true);
  front.heal();
  await until("it is over", async () => (await issuer())?.status === "True", 60_000);
  await allReady(ALL);
  expect(await ours()).toBe(before);
});

test("tokens that are really gone are issued anew as soon as two of them were tried, however far off the next list is", async () => {
  // Whoever waited for a date would wait for longer than this test does.
  await scene.apply(otherIssuer(front.url, { resyncInterval: "10m" }));
  await worked();
  const gone = (await scene.tokens()).filter(({ name }) => /-(few|many)-/.test(name));
  expect(gone).toHaveLength(ALL);
  await Promise.all(
    gone.map(async ({ id }) => {
      await scene.service.api("PUT", `/api/user-tokens/${id}`, { revoke: true });
      await scene.service.api("DELETE", `/api/user-tokens/${id}`);
    }),
  );
  // Looked at anew, with the same credential: the list is read once.
  await scene.kubectl("label secret qualytics-admin seen=again");
  await until("all have a new revision", async () => (await objects("servicetoken")).every((item) => item.status?.token?.revision === 2 && condition(item)?.status === "True"), 180_000);
  const value = (await scene.value("few-1")) ?? "";
  expect(await scene.authenticate(value)).toBe(200);
});
