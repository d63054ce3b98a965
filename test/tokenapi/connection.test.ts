// How the client gets a connection: nobody there, certificates, proxies, and what is used again or closed.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { SecretValue } from "../../core/secret-value.ts";
import { createTokenApi } from "../../tokenapi/client.ts";
import type { HttpTokenApi, TokenApiOptions } from "../../tokenapi/client.ts";
import { after, answer, closedPort, flood, hangUp, html, json, silence, tunnel } from "../support/breaking-socket.ts";
import type { Act, BreakingSocket } from "../support/breaking-socket.ts";
import { CertificateAuthority } from "../support/certificate.ts";
import { calls, canary, failing, fine, gone, issue, issued, open, quick, script, scripted, sleep } from "../support/scripted-api.ts";

describe("nobody there", () => {
  it.each([
    ["GET", "retryable"],
    ["POST", "retryable"],
  ] as const)("is nothing sent: %s", async (method, kind) => {
    const error = await failing(calls[method](open(`http://127.0.0.1:${await closedPort()}`)));
    expect(error).toMatchObject({ kind, code: "API_UNREACHABLE" });
    expect(error.message).toContain("(ECONNREFUSED)");
  });

  it("is asked again, a POST too: it never left", async () => {
    const port = await closedPort();
    const api = open(`http://127.0.0.1:${port}`, { timing: { base: 400, cap: 400, tries: 20 }, timeout: 4_000 });
    const call = issue(api);
    await sleep(50);
    const socket = await scripted([issued], { port });
    await call;
    expect(socket.seen).toHaveLength(1);
    expect(api.requests.issue).toBeGreaterThan(1);
  });

  it("is somebody without TLS", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const error = await failing(calls.GET(open(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { timing: { ...quick, tries: 1 } })));
    expect(error).toMatchObject({ kind: "retryable", code: "API_UNREACHABLE" });
    expect(error.message).toContain("it has to begin with http:// where that is meant");
  });

  it("is a name that nobody knows", async () => {
    const error = await failing(issue(open("http://nowhere.invalid", { timing: { ...quick, tries: 1 } })));
    expect(error).toMatchObject({ kind: "retryable", code: "API_UNREACHABLE" });
    expect(error.message).toContain("nowhere.invalid");
  });
});

describe("TLS", () => {
  const authority = new CertificateAuthority();

  async function secured(options: Partial<TokenApiOptions>): Promise<{ api: HttpTokenApi; socket: BreakingSocket }> {
    const socket = await scripted([issued], { tls: authority.serverCertificate() });
    return { socket, api: open(socket.url, options) };
  }

  it("trusts the authority in caBundle", async () => {
    const { api, socket } = await secured({ caBundle: authority.cert });
    await issue(api);
    expect(socket.seen).toHaveLength(1);
  });

  it.each([
    ["nobody", {}],
    ["another authority", { caBundle: new CertificateAuthority().cert }],
  ])("tells what to do where a certificate is signed by %s, and sends nothing", async (_who, options) => {
    const { api, socket } = await secured(options);
    const error = await failing(issue(api));
    expect(error).toMatchObject({ kind: "retryable", code: "API_CERTIFICATE" });
    expect(error.message).toContain("caBundle");
    expect(socket.seen).toHaveLength(0);
    expect(api.requests.issue).toBe(1);
  });

  it("refuses a caBundle that holds none, at once", () => {
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    for (const caBundle of ["", "no", broken]) {
      expect(() => open("https://127.0.0.1", { caBundle })).toThrow(expect.objectContaining({ kind: "invalid", code: "CA_BUNDLE_INVALID" }));
    }
  });

  it("is not waited for without end", async () => {
    const { socket } = await script([silence]);
    const error = await failing(issue(open(socket.url.replace("http:", "https:"), { timing: { ...quick, tries: 1 }, timeout: 100 })));
    expect(error).toMatchObject({ kind: "retryable", code: "API_UNREACHABLE" });
  });
});

describe("a proxy", () => {
  const authority = new CertificateAuthority();

  async function between(act: (port: number) => Act, options: Partial<TokenApiOptions> = {}): Promise<{ api: HttpTokenApi; proxy: BreakingSocket; target: BreakingSocket }> {
    const target = await scripted([issued], { tls: authority.serverCertificate() });
    const proxy = await scripted([act(target.port)]);
    const https = proxy.url.replace("//", `//somebody:${canary}@`);
    return { target, proxy, api: open(target.url, { caBundle: authority.cert, proxy: { https }, timing: { ...quick, tries: 1 }, ...options }) };
  }

  it("is asked for a tunnel, and never sees the credential", async () => {
    const { api, proxy, target } = await between(tunnel);
    await issue(api);
    expect(target.seen).toHaveLength(1);
    expect(proxy.seen[0]).toMatchObject({ method: "CONNECT", path: `127.0.0.1:${target.port}` });
    expect(proxy.seen[0]?.headers.has("authorization")).toBe(false);
  });

  it("is passed by where NO_PROXY names the host", async () => {
    const { api, proxy, target } = await between(tunnel, { proxy: { https: "http://127.0.0.1:9", no: "127.0.0.1" } });
    await issue(api);
    expect([target.seen.length, proxy.seen.length]).toEqual([1, 0]);
  });

  it("is taken from the environment", async () => {
    const before = process.env["https_proxy"];
    onTestFinished(() => {
      if (before === undefined) delete process.env["https_proxy"];
      else process.env["https_proxy"] = before;
    });
    process.env["https_proxy"] = `http://127.0.0.1:${await closedPort()}`;
    const target = await scripted([issued], { tls: authority.serverCertificate() });
    const api = createTokenApi({ url: target.url, token: new SecretValue(canary), caBundle: authority.cert, timing: { tries: 1 } });
    onTestFinished(() => api.close());
    expect(await failing(issue(api))).toMatchObject({ kind: "retryable", code: "API_UNREACHABLE" });
    expect(target.seen).toHaveLength(0);
  });

  it.each([
    ["refuses", html(403), "API_PROXY"],
    ["wants a password", html(407), "API_PROXY"],
    ["hangs up", hangUp, "API_PROXY"],
    ["says nothing", silence, "API_UNREACHABLE"],
  ])("that %s has sent nothing", async (_what, act, code) => {
    const { api, target } = await between(() => act, { timeout: 100 });
    expect(await failing(issue(api))).toMatchObject({ kind: "retryable", code });
    expect(target.seen).toHaveLength(0);
  });

  it("that digs its tunnel too late lets nothing through that was given up", async () => {
    const { api, proxy, target } = await between((port) => after(300, tunnel(port)), { timeout: 50 });
    expect(await failing(issue(api))).toMatchObject({ kind: "retryable", code: "API_UNREACHABLE" });
    // The tunnel is dug, and closed again by the client when it finds nothing left to send.
    for (let wait = 0; proxy.connections > 0 && wait < 150; wait++) await sleep(10);
    expect([proxy.seen.length, target.seen.length]).toEqual([1, 0]);
    expect(performance.now() - (proxy.seen[0]?.at ?? 0)).toBeGreaterThan(290);
  });

  it("passes plain http on by its full address", async () => {
    const proxy = await scripted([issued]);
    await issue(open("http://token-service.invalid", { proxy: { http: proxy.url } }));
    expect(proxy.seen[0]).toMatchObject({ method: "POST", path: "http://token-service.invalid/api/user-tokens" });
  });

  it("that refuses plain http has passed nothing on", async () => {
    const proxy = await scripted([html(407)]);
    expect(await failing(issue(open("http://token-service.invalid", { proxy: { http: proxy.url } })))).toMatchObject({ kind: "retryable", code: "API_PROXY" });
  });

  it("that is none is refused without its password", () => {
    const wrong = `not a url ${canary}`;
    expect(() => open("https://127.0.0.1", { proxy: { https: wrong } })).toThrow(expect.objectContaining({ kind: "invalid", code: "PROXY_INVALID", message: expect.not.stringContaining(canary) }));
  });
});

describe("connections", () => {
  it("are used again, whatever was answered on them", async () => {
    const { api, socket } = await script([fine, gone, html(403), json(500, {}), answer(404, ""), fine], { maxInFlight: 4 });
    for (let call = 0; call < 6; call++) {
      await api.me().catch(() => undefined);
      await sleep(5);
    }
    expect(socket.seen).toHaveLength(6);
    expect(socket.accepted).toBe(1);
  });

  it.each([
    ["an answer was given up", flood(200)],
    ["enough of an error page was read", flood(404)],
  ])("are closed where %s", async (_what, act) => {
    const { api, socket } = await script([act]);
    await failing(api.me());
    for (let wait = 0; socket.connections > 0 && wait < 100; wait++) await sleep(10);
    expect(socket.connections).toBe(0);
  });
});
