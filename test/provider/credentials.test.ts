// Which credential counts, and what a person reads who has none, an expired one or a wrong one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createServerOf, request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkCredential, findCredentials } from "../../provider/credentials.ts";
import { tokenFrom } from "../../provider/token-command.ts";
import { readCredential } from "../../tokenapi/credential.ts";
import { endSession, session } from "../../provider/session.ts";
import { CertificateAuthority } from "../support/certificate.ts";
import { root } from "../support/pulumi/engine.ts";
import { emptyTokenService } from "../support/pulumi/shared-service.ts";
import { startWorld, type World } from "../support/pulumi/world.ts";

const jwt = (claims: object): string => `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
const EXPIRED = jwt({ exp: 1_700_000_000 });

const find = (env: Record<string, string>, config: Record<string, string> = {}) => findCredentials({ env, config: (key) => config[key] });
const valueOf = async (found: ReturnType<typeof find>): Promise<string> => (await readCredential(found.token)).reveal();

describe("where the credential comes from", () => {
  const config = { "qualytics:url": "https://config.example", "qualytics:token": "from-config" };
  const folder = mkdtempSync(join(tmpdir(), "credentials-"));
  const file = join(folder, "token");
  afterAll(() => rmSync(folder, { recursive: true }));

  test("the environment before a file before a command before the configuration", async () => {
    writeFileSync(file, "from-file\n");
    const env = { QUALYTICS_URL: "https://env.example", QUALYTICS_TOKEN: "from-env", QUALYTICS_TOKEN_FILE: file, QUALYTICS_TOKEN_COMMAND: "echo from-command" };
    expect(await valueOf(find(env, config))).toBe("from-env");
    expect(await valueOf(find({ ...env, QUALYTICS_TOKEN: "" }, config))).toBe("from-file");
    expect(await valueOf(find({ ...env, QUALYTICS_TOKEN: "", QUALYTICS_TOKEN_FILE: "" }, config))).toBe("from-command");
    expect(await valueOf(find({}, config))).toBe("from-config");
  });

  test("a command runs once a minute, and what it says when it fails stays with it", async () => {
    let now = 0;
    const count = join(folder, "count");
    const token = tokenFrom(`echo x >> '${count}'; wc -l < '${count}'`, () => now);
    expect([(await token()).reveal(), (await token()).reveal()]).toEqual(["1", "1"]);
    now = 61_000;
    expect((await token()).reveal()).toBe("2");
    const failing = find({ QUALYTICS_URL: "https://env.example", QUALYTICS_TOKEN_COMMAND: "echo hush >&2; echo hush; exit 3" });
    const said = await checkCredential(failing, 0).then(String, (error: Error) => error.message);
    expect(said).toBe("The command in QUALYTICS_TOKEN_COMMAND ended with exit code 3: run it by hand to see what it says.");
  });

  test("a file is read again for every call, so that it may be renewed while an update runs", async () => {
    const found = find({ QUALYTICS_URL: "https://env.example", QUALYTICS_TOKEN_FILE: file });
    writeFileSync(file, "one");
    expect(await valueOf(found)).toBe("one");
    writeFileSync(file, "two");
    expect(await valueOf(found)).toBe("two");
  });

  test("one instance is one text, however its url is written", () => {
    const urls = ["q.example", "https://q.example/", "https://q.example/api", " https://q.example/api/ "];
    expect(new Set(urls.map((url) => find({ QUALYTICS_URL: url, QUALYTICS_TOKEN: "t" }).url))).toEqual(new Set(["https://q.example"]));
  });

  test("the url may stand in the configuration and the token in the environment", () => {
    expect(find({ QUALYTICS_TOKEN: "t" }, config).url).toBe("https://config.example");
  });

  test("the configuration's token is never sent to another instance than its own", () => {
    expect(() => find({ QUALYTICS_URL: "https://other.example" }, config)).toThrow("no QUALYTICS_TOKEN goes with it");
    expect(find({ QUALYTICS_URL: "config.example/api" }, config).url).toBe("https://config.example");
  });

  test("an unreadable file and an empty one say where they are named", async () => {
    const missing = find({ QUALYTICS_URL: "https://env.example", QUALYTICS_TOKEN_FILE: join(folder, "none") });
    await expect(checkCredential(missing, 0)).rejects.toThrow("the file that QUALYTICS_TOKEN_FILE names");
  });
});

describe("the way to the API", () => {
  const before = { ...process.env };
  afterEach(async () => {
    process.env = { ...before };
    await endSession();
  });

  test("HTTP_PROXY is gone through, and NO_PROXY is not", async () => {
    const service = await emptyTokenService();
    const passed: string[] = [];
    const proxy = createServerOf((from, to) => {
      passed.push(from.url ?? "");
      from.pipe(request(from.url ?? "", { method: from.method, headers: from.headers }, (answer) => answer.pipe(to.writeHead(answer.statusCode ?? 502, answer.headers))));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    Object.assign(process.env, { QUALYTICS_URL: service.url, QUALYTICS_TOKEN: service.adminToken, HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, NO_PROXY: "" });
    expect((await session()).issuer.userId).toBeGreaterThan(0);
    expect(passed).toEqual([`${service.url}/api/users/me`]);
    await endSession();
    process.env["NO_PROXY"] = "127.0.0.1";
    await session();
    expect(passed).toHaveLength(1);
    await endSession();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  test("an expired token is refused before any call, with its source and date", async () => {
    Object.assign(process.env, { QUALYTICS_URL: "http://127.0.0.1:1", QUALYTICS_TOKEN: EXPIRED });
    const said = await session().then(String, (error: Error) => error.message);
    expect(said).toBe("The token in the environment variable QUALYTICS_TOKEN expired on 2023-11-14T22:13:20Z: put a valid token of an administrator there.");
  });

  test("a preview of something new says once what is wrong with it, and one of what exists looks for itself", () => {
    const asked = (olds: object, env: Record<string, string>): string => {
      const news = JSON.stringify({ self: "o/urn:pulumi:dev::p::t::ingest", tokenName: "ingest" });
      const ask = `const { personalToken: it } = await import(${JSON.stringify(join(root, "provider", "delegate.ts"))}); for (const _ of [1, 2]) { const { failures } = await it.check(${JSON.stringify(olds)}, ${news}); if (failures.length) throw failures; }`;
      return spawnSync(process.execPath, ["--input-type=module", "-e", ask], { env, encoding: "utf8" }).stderr;
    };
    expect(asked({}, {})).toMatch(/^warning: There is no credential for the token API: [^\n]* Nothing can be created before\.\n$/);
    expect(asked({}, { QUALYTICS_URL: "https://q.example", QUALYTICS_TOKEN: EXPIRED })).toContain("QUALYTICS_TOKEN expired on");
    expect(asked({}, { QUALYTICS_URL: "https://q.example", QUALYTICS_TOKEN: "any" })).toBe("");
    expect(asked({ tokenName: "ingest" }, {})).toBe("");
  });

  test("QUALYTICS_TIMEOUT, in seconds, ends a call that nobody answers", async () => {
    const mute = createServerOf(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    Object.assign(process.env, { QUALYTICS_URL: `http://127.0.0.1:${(mute.address() as AddressInfo).port}`, QUALYTICS_TOKEN: "x", QUALYTICS_TIMEOUT: "0.2", NO_PROXY: "127.0.0.1" });
    await expect(session()).rejects.toMatchObject({ kind: "retryable", message: expect.stringContaining("did not answer") });
    mute.closeAllConnections();
    await new Promise((resolve) => mute.close(resolve));
  });
});

describe("an API with a certificate of one's own", () => {
  const folder = mkdtempSync(join(tmpdir(), "authority-"));
  const before = { ...process.env };
  afterAll(async () => {
    process.env = before;
    rmSync(folder, { recursive: true });
    await endSession();
  });

  test("QUALYTICS_CA_FILE names who is trusted; without it, or where it cannot be read, a sentence says so", async () => {
    const service = await emptyTokenService();
    const authority = new CertificateAuthority();
    const front = createServer(authority.serverCertificate(), (from, to) => {
      const onward = request(new URL(from.url ?? "/", service.url), { method: from.method, headers: from.headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      });
      from.pipe(onward);
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    Object.assign(process.env, { QUALYTICS_URL: `https://127.0.0.1:${(front.address() as AddressInfo).port}`, QUALYTICS_TOKEN: service.adminToken });
    await expect(session()).rejects.toThrow(/certificate/);
    process.env["QUALYTICS_CA_FILE"] = join(folder, "none.pem");
    await expect(session()).rejects.toThrow(/The certificates in .*none\.pem \(QUALYTICS_CA_FILE, or qualytics:caFile in the stack configuration\) cannot be read\./);
    process.env["QUALYTICS_CA_FILE"] = join(folder, "ca.pem");
    writeFileSync(join(folder, "ca.pem"), authority.cert);
    expect((await session()).issuer.userId).toBeGreaterThan(0);
    await endSession();
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
  });
});

describe("what is said, with the real CLI", () => {
  let world: World;
  const program = `
const { ServiceToken } = require("qualytics-servicetokens");
exports.token = new ServiceToken("ingest", { serviceUser: { name: "Data Ingest" } }).token;
`;
  const env = (change: Record<string, string | null>): void => world.workspace.setEnv({ QUALYTICS_URL: null, QUALYTICS_TOKEN: null, ...change });

  beforeAll(async () => {
    world = await startWorld({ program });
  });
  afterAll(() => world.close());

  test("no credential: both ways to give one", async () => {
    env({});
    const up = await world.workspace.up();
    expect(up.code).not.toBe(0);
    expect(up.text).toContain("set QUALYTICS_URL and QUALYTICS_TOKEN (or QUALYTICS_TOKEN_FILE, or QUALYTICS_TOKEN_COMMAND)");
    expect(up.text).toContain("pulumi config set --secret qualytics:token");
    expect(up.text).toContain("--run-program");
    expect(up.text).not.toMatch(/\n\s+at .*\.js:\d+/);
  });

  test("a wrong one: the API's refusal, and where it came from", async () => {
    env({ QUALYTICS_URL: world.wire.url, QUALYTICS_TOKEN: "not-the-token" });
    const up = await world.workspace.up();
    expect(up.text).toContain("The token API did not accept the credential");
    expect(up.text).toContain("The token came from the environment variable QUALYTICS_TOKEN");
    expect(up.text).not.toContain("not-the-token");
  });

  test("the stack's configuration serves; once it is stale, refresh names --run-program, which helps", async () => {
    env({});
    const admin = await world.service.createServiceUser("Runner", "Admin");
    const issued = await world.service.api<{ id: number; bearer_token: string }>("POST", "/api/user-tokens", { name: "runner", user_id: admin.id });
    const set = await world.workspace.pulumi(["config", "set-all", "--plaintext", `qualytics:url=${world.wire.url}`, "--secret", `qualytics:token=${issued.body.bearer_token}`]);
    expect(set.code, set.text).toBe(0);
    const up = await world.workspace.up();
    expect(up.code, up.text).toBe(0);
    expect(world.workspace.filesWith(issued.body.bearer_token)).toEqual([]);
    await world.service.api("PUT", `/api/user-tokens/${issued.body.id}`, { revoke: true });
    await world.workspace.config("qualytics:token", world.service.adminToken, true);
    const stale = await world.workspace.refresh();
    expect(stale.code).not.toBe(0);
    expect(stale.text).toContain("The token came from the stack configuration (qualytics:token)");
    expect(stale.text).toContain("run them with --run-program");
    const fresh = await world.workspace.refresh("--run-program");
    expect(fresh.code, fresh.text).toBe(0);
  });

  test("the environment beats a stale configuration in destroy", async () => {
    env({ QUALYTICS_URL: world.wire.url, QUALYTICS_TOKEN: world.service.adminToken });
    const destroyed = await world.workspace.destroy();
    expect(destroyed.code, destroyed.text).toBe(0);
    expect((await world.tokens()).map(({ name }) => name)).toEqual(["runner"]);
  });
});
