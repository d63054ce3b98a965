// The plugin on the raw protocol: asked by a client as the engine asks, over the same handlers, against the real token
// service. The real CLI has its own tests (plugin-up.test.ts).
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../support/pulumi/engine.ts";
import { emptyTokenService, serviceUser } from "../support/pulumi/shared-service.ts";
import { startWire, type Wire } from "../support/pulumi/wire.ts";
import type { TokenService } from "../support/token-service.ts";

type Values = { readonly [name: string]: unknown };
interface Message {
  [method: string]: (...args: never[]) => unknown;
}

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const URN = "urn:pulumi:dev::tokens::servicetokens:index:ServiceToken::ingest";

let service: TokenService;
let wire: Wire;
let child: ChildProcess;
let client: { [method: string]: (request: unknown, callback: (error: { details: string } | null, response: never) => void) => void } & { close(): void };

/** Calls a method with the fields of its request set by name. */
function call(method: string, type: string, fields: { readonly [setter: string]: unknown } = {}): Promise<Message> {
  const messages = providerPb as unknown as { [type: string]: new () => Message };
  const request = new (messages[type] as new () => Message)();
  for (const [setter, value] of Object.entries(fields)) {
    const isStruct = typeof value === "object" && value !== null && !Array.isArray(value);
    (request[setter] as (value: unknown) => void)(isStruct ? structPb.Struct.fromJavaScript(value as never) : value);
  }
  return new Promise((resolve, reject) => {
    client[method]?.(request, (error, response) => (error ? reject(new Error(error.details)) : resolve(response)));
  });
}

const values = (message: Message, getter: string): Values => (message[getter] as () => { toJavaScript(): Values })().toJavaScript();

beforeAll(async () => {
  service = await emptyTokenService();
  await serviceUser(service, "Data Ingest");
  wire = await startWire(service.url);
  child = spawn(process.execPath, [join(root, "provider", "plugin", "main.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], QUALYTICS_URL: wire.url, QUALYTICS_TOKEN: service.adminToken },
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    child.once("exit", (code) => reject(new Error(`the plugin ended with ${String(code)}`)));
  });
  const Client = (providerGrpc as unknown as { ResourceProviderClient: new (...args: unknown[]) => typeof client }).ResourceProviderClient;
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  await call("configure", "ConfigureRequest", { setArgs: {}, setId: "3c2e8a0e-5d38-4f4c-9f0a-2d6b3a3a4c11" });
}, 300_000);

test("its process loads nothing of the SDK but the protocol", () => {
  const loaded = `const { createRequire } = await import("node:module"); await import(${JSON.stringify(join(root, "provider", "plugin", "service.ts"))}); console.log(Object.keys(createRequire("/").cache).join("\\n"));`;
  const files = execFileSync(process.execPath, ["--input-type=module", "-e", loaded], { encoding: "utf8" }).split("\n");
  const sdk = files.filter((file) => file.includes("/@pulumi/pulumi/"));
  expect(sdk.length).toBeGreaterThan(0);
  expect(sdk.filter((file) => !file.includes("/@pulumi/pulumi/proto/"))).toEqual([]);
});
afterAll(async () => {
  client.close();
  child.kill("SIGKILL");
  await wire.close();
});

const inputs = { serviceUser: { name: "Data Ingest" }, tokenName: "data-ingest", expiresInDays: 30 };

describe("what is refused", () => {
  test("all errors of a resource at once, each with its path", async () => {
    const checked = await call("check", "CheckRequest", { setUrn: URN, setNews: { serviceUser: "x", expireInDays: 3, rotation: { retire: { when: "Never" } } } });
    const failures = (checked["getFailuresList"] as () => Message[])().map((failure) => [(failure["getProperty"] as () => string)(), (failure["getReason"] as () => string)()]);
    expect(failures.map(([property]) => property).sort()).toEqual(["expireInDays", "rotation.retire.when", "serviceUser"]);
    expect(failures.find(([property]) => property === "expireInDays")?.[1]).toBe("there is no expireInDays: did you mean expiresInDays?");
  });

  test("a resource, a function and a setting that are none", async () => {
    await expect(call("check", "CheckRequest", { setUrn: URN.replace("ServiceToken", "Token"), setNews: {} })).rejects.toThrow("servicetokens has no resource servicetokens:index:Token");
    await expect(call("invoke", "InvokeRequest", { setTok: "servicetokens:index:getToken", setArgs: {} })).rejects.toThrow("servicetokens has no function");
    const checked = await call("checkConfig", "CheckRequest", { setNews: { tokn: "x" } });
    expect((checked["getFailuresList"] as () => Message[])()).toHaveLength(1);
  });
});

describe("the life of a token", () => {
  let id = "";
  let outputs: Values = {};

  test("check gives the default name, and lets the unknown through", async () => {
    const checked = await call("check", "CheckRequest", { setUrn: URN, setNews: { serviceUser: { id: UNKNOWN } } });
    expect((checked["getFailuresList"] as () => Message[])()).toEqual([]);
    expect(values(checked, "getInputs")).toEqual({ serviceUser: { id: UNKNOWN }, tokenName: "ingest" });
  });

  test("a preview of a create knows what it can, and asks nothing of the API", async () => {
    const created = await call("create", "CreateRequest", { setUrn: URN, setProperties: inputs, setPreview: true });
    expect(values(created, "getProperties")).toMatchObject({ state: "Active", token: { ...SECRET, value: UNKNOWN }, tokenId: UNKNOWN });
    expect((await service.api<unknown[]>("GET", "/api/user-tokens/service")).body).toEqual([]);
  });

  test("create gives the token as a secret", async () => {
    const created = await call("create", "CreateRequest", { setUrn: URN, setProperties: inputs, setTimeout: 60 });
    id = (created["getId"] as () => string)();
    outputs = values(created, "getProperties");
    const { value } = outputs["token"] as { value: string };
    expect(outputs["token"]).toMatchObject(SECRET);
    expect((await service.api("GET", "/api/users/me", undefined, value)).status).toBe(200);
    expect(outputs).toMatchObject({ revision: 1, state: "Active", tokenName: expect.stringContaining(`-${id}-r1`) });
    expect(outputs).not.toHaveProperty("__provider");
  });

  const diff = async (news: Values): Promise<{ changes: number; detail: string[] }> => {
    const found = await call("diff", "DiffRequest", { setUrn: URN, setId: id, setOlds: outputs, setOldInputs: inputs, setNews: news });
    return { changes: (found["getChanges"] as () => number)(), detail: (found["getDiffsList"] as () => string[])() };
  };

  test("no change is none; a change is told by its path, and that the value changes with it", async () => {
    expect(await diff(inputs)).toEqual({ changes: 1, detail: [] });
    expect(await diff({ ...inputs, deletionPolicy: "Revoke" })).toEqual({ changes: 2, detail: ["deletionPolicy"] });
    expect(await diff({ ...inputs, trigger: 2 })).toEqual({ changes: 2, detail: ["trigger", "token"] });
  });

  test("a preview of an update that does not rotate keeps the value; one that does makes it unknown", async () => {
    const update = async (news: Values): Promise<Values> =>
      values(await call("update", "UpdateRequest", { setUrn: URN, setId: id, setOlds: outputs, setOldInputs: inputs, setNews: news, setPreview: true }), "getProperties");
    expect(await update({ ...inputs, deletionPolicy: "Revoke" })).toMatchObject({ token: outputs["token"], tokenId: outputs["tokenId"], revision: 1, deletionPolicy: "Revoke" });
    expect(await update({ ...inputs, trigger: 2 })).toMatchObject({ token: { ...SECRET, value: UNKNOWN }, state: "Active" });
  });

  test("an update rotates, and both are valid", async () => {
    const { value: first } = outputs["token"] as { value: string };
    const news = { ...inputs, trigger: 2 };
    outputs = values(await call("update", "UpdateRequest", { setUrn: URN, setId: id, setOlds: outputs, setOldInputs: inputs, setNews: news }), "getProperties");
    const { value: second } = outputs["token"] as { value: string };
    expect(outputs["revision"]).toBe(2);
    for (const value of [first, second]) expect((await service.api("GET", "/api/users/me", undefined, value)).status).toBe(200);
  });

  test("read tells the same; delete ends both", async () => {
    const read = await call("read", "ReadRequest", { setUrn: URN, setId: id, setProperties: outputs, setInputs: inputs });
    expect((read["getId"] as () => string)()).toBe(id);
    expect(values(read, "getProperties")["token"]).toEqual(outputs["token"]);
    const elsewhere = { ...outputs, record: String(outputs["record"]).replace(/http\S+/, "https://was.example") };
    await expect(call("delete", "DeleteRequest", { setUrn: URN, setId: id, setProperties: elsewhere })).rejects.toThrow('"pulumi state delete" lets it go');
    await call("delete", "DeleteRequest", { setUrn: URN, setId: id, setProperties: outputs });
    expect((await service.api<unknown[]>("GET", "/api/user-tokens/service")).body).toEqual([]);
  });
});

test("import by id or name: what it needs to say, and a successor with the next update", async () => {
  const owner = await serviceUser(service, "Data Ingest");
  const { body: made } = await service.api<{ id: number }>("POST", "/api/user-tokens", { name: "by hand", user_id: owner, expires_in_days: 30 });
  const urn = URN.replace("::ingest", "::by-hand");
  const read = await call("read", "ReadRequest", { setUrn: urn, setId: "by hand" });
  expect(values(read, "getInputs")).toEqual({ serviceUser: { id: owner }, tokenName: "by hand", expiresInDays: 30 });
  expect(values(read, "getProperties")).toMatchObject({ tokenId: made.id, revision: 1, state: "Active" });
  await expect(call("read", "ReadRequest", { setUrn: urn, setId: "none" })).rejects.toThrow('There is no service token with the id or name "none"');
});

test("a service user is looked up", async () => {
  const found = await call("invoke", "InvokeRequest", { setTok: "servicetokens:index:getServiceUser", setArgs: { name: "Data Ingest" } });
  expect(values(found, "getReturn")).toMatchObject({ name: "Data Ingest", user: "data_ingest@service", state: "Active" });
  await expect(call("invoke", "InvokeRequest", { setTok: "servicetokens:index:getServiceUser", setArgs: { name: "Nobody" } })).rejects.toThrow('There is no service user named "Nobody"');
});

test("an operation's timeout ends what only looks, however long the API is silent", async () => {
  const silence = Promise.withResolvers<void>();
  wire.hold("GET /api/user-tokens/service", () => silence.promise);
  const read = call("read", "ReadRequest", { setUrn: URN, setId: "none", setTimeout: 1 });
  await expect(read).rejects.toThrow("The operation's timeout of 1 s is over.");
  silence.resolve();
});

test("after a cancel nothing is begun, until the next configure", async () => {
  await new Promise((resolve) => client["cancel"]?.(new emptyPb.Empty(), resolve));
  const urn = URN.replace("::ingest", "::late");
  await expect(call("create", "CreateRequest", { setUrn: urn, setProperties: { ...inputs, tokenName: "late" } })).rejects.toThrow("The operation was cancelled.");
  await call("configure", "ConfigureRequest", { setArgs: {}, setId: "3c2e8a0e-5d38-4f4c-9f0a-2d6b3a3a4c11" });
  const created = await call("create", "CreateRequest", { setUrn: urn, setProperties: { ...inputs, tokenName: "late" } });
  expect(values(created, "getProperties")["revision"]).toBe(1);
});
