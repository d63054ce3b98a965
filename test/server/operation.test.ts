// Running it: HTTPS and its renewal, a stop under load, faults and clocks for development,
// metrics, and encodings of long answers.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as ask } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { pino } from "pino";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "undici";
import { afterAll, expect, it } from "vitest";
import { encodingFor } from "../../server/http/encoding.ts";
import { parseFaults } from "../../server/http/fault.ts";
import { startServer } from "../../server/start.ts";
import { seedTokens } from "../bench/server-seed.ts";
import { CertificateAuthority } from "../support/certificate.ts";
import { type TokenService, type TokenServiceOptions, startTokenService } from "../support/token-service.ts";
import { onEachStorage } from "./storages.ts";
import { issue } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "token-operation-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withService<Result>(options: TokenServiceOptions["server"], use: (service: TokenService) => Promise<Result>, data = "memory:"): Promise<Result> {
  const service = await startTokenService({ data, ...(options === undefined ? {} : { server: options }) });
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

/** The session's cookie, given to a browser that names no origin. */
function cookieGiven(url: string, ca: string, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = ask(`${url}/session`, { ca, agent: false, method: "POST", headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" } }, (response) => {
      response.resume().on("end", () => resolve(response.headers["set-cookie"]?.[0] ?? ""));
    });
    sent.on("error", reject).end(JSON.stringify({ token }));
  });
}

it("speaks HTTPS, takes a new certificate without a restart, and keeps the old one when the new one is broken", { timeout: 300_000 }, async () => {
  const authority = new CertificateAuthority();
  const [cert, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  const write = (pair: { cert: string; key: string }): void => {
    writeFileSync(cert, pair.cert);
    writeFileSync(key, pair.key);
  };
  write(authority.serverCertificate());
  const lines: string[] = [];
  const server = await startServer({
    listen: "127.0.0.1:0", data: "memory:", adminTokenFile: join(folder, "tls-admin"), tlsCert: cert, tlsKey: key,
    logger: pino({}, { write: (line: string) => void lines.push(line) }),
  });
  const serial = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = ask(`${server.url}/api/health`, { ca: authority.cert, agent: false }, (response) => {
        expect([response.statusCode, response.headers["strict-transport-security"]]).toEqual([204, expect.stringContaining("max-age")]);
        const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
        response.resume().on("end", () => resolve(serialNumber));
      });
      sent.on("error", reject).end();
    });
  try {
    expect(server.url).toMatch(/^https:/);
    expect(await cookieGiven(server.url, authority.cert, readFileSync(join(folder, "tls-admin"), "utf8").trim())).toMatch(/^__Host-.*; Secure/);
    const first = await serial();
    write(authority.serverCertificate());
    await server.reload();
    const second = await serial();
    expect(second).not.toBe(first);
    writeFileSync(key, "broken");
    await server.reload();
    expect(await serial()).toBe(second);
    expect(lines.join("")).toContain("The certificate in use stays");
    // Without being told: the files are looked at.
    write(authority.serverCertificate());
    while ((await serial()) === second) await sleep(100);
  } finally {
    await server.close();
  }
});

it.each([
  [{ tlsCert: "/nowhere.crt" }, "--tls-key"],
  [{ tlsCert: "/nowhere.crt", tlsKey: "/nowhere.key" }, "/nowhere.crt"],
])("names what HTTPS lacks: %j", async (tls, words) => {
  await expect(startServer({ listen: "127.0.0.1:0", data: "memory:", adminTokenFile: join(folder, "t"), ...tls })).rejects.toMatchObject({ code: "tls-unusable", message: expect.stringContaining(words) });
});

/** A request whose work has begun: the service said that it may go on. `all` is everything that came until the connection ended. */
async function begin({ url, adminToken }: TokenService): Promise<{ all: Promise<string> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  const all = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  const begun = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes("100 Continue")) resolve();
    });
  });
  socket.on("error", () => undefined).write(`GET /api/users/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\nexpect: 100-continue\r\n\r\n`);
  await Promise.race([begun, all]);
  return { all };
}

it("goes wrong on purpose, and spares health", async () => {
  await withService({ fault: ["429@100%"] }, async (service) => {
    const limited = await service.api("GET", "/api/users/me");
    expect([limited.status, limited.headers.get("retry-after"), limited.headers.get("x-servicetokens-fault")]).toEqual([429, "1", "429"]);
    expect([(await service.api("GET", "/api/health")).status, (await service.api("GET", "/api/status")).status]).toEqual([204, 200]);
    expect(service.logs()).toContain("Development settings are on");
  });
  await withService({ fault: ["cut@100%"] }, async (service) => {
    await expect(service.api("GET", "/api/users/me")).rejects.toThrow();
  });
});

it.each(["slow@20%", "429:1s@20%", "slow:x@20%", "lost@0%", "lost@101%", "explode@1%", ""])("the fault %j is none", (text) => {
  expect(() => parseFaults([text])).toThrow(expect.objectContaining({ code: "settings-unusable" }));
});

it("runs on a clock that is ahead, and refuses such things on PostgreSQL unless told twice", async () => {
  await withService({ clockOffset: "720h" }, async (service) => {
    const token = await issue(service, { name: "t", expires_in_days: 1 });
    expect(Date.parse(token.created) - Date.now()).toBeGreaterThan(719 * 3_600_000);
  });
  const postgres = { listen: "127.0.0.1:0", data: "postgres://nobody@127.0.0.1:1/x", adminTokenFile: join(folder, "t") };
  for (const asked of [{ clockOffset: "1h" }, { fault: ["429@1%"] }, { development: true }, { fault: ["429@1%"], developmentOnPostgres: true }]) {
    await expect(startServer({ ...postgres, ...asked })).rejects.toMatchObject({ code: "settings-unusable", message: expect.stringContaining("--development-on-postgres") });
  }
  await expect(startServer({ ...postgres, fault: ["429@1%"], development: true, developmentOnPostgres: true })).rejects.toMatchObject({ code: "database-unreachable" });
  await expect(startServer({ ...postgres, data: "memory:", clockOffset: "soon" })).rejects.toMatchObject({ code: "settings-unusable" });
});

onEachStorage((storage) => {
  it("a stop lets the answers under way finish", async () => {
    const service = await startTokenService({ data: await storage.place(), server: { fault: ["slow:1s@100%"], ...storage.meant } });
    const { all } = await begin(service);
    await service.close();
    expect(await all).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK[^]*"admin"/);
    await expect(fetch(service.url)).rejects.toThrow();
    // Nor does it wait for more: the connection goes with its answer.
    expect(service.logs()).not.toContain("took too long");
  });

  it("a stop does not wait for ever", async () => {
    const service = await startTokenService({ data: await storage.place(), server: { fault: ["slow:1h@100%"], stopTimeout: 200, ...storage.meant } });
    const { all } = await begin(service);
    await service.close();
    expect(await all).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  });

  it("an answer that is lost was done all the same", async () => {
    const data = await storage.place();
    const adminTokenFile = join(mkdtempSync(join(folder, "lost-")), "admin");
    const lossy = await startTokenService({ data, adminTokenFile, server: { fault: ["lost@100%"], ...storage.meant } });
    await expect(lossy.api("POST", "/api/user-tokens", { name: "lost" })).rejects.toThrow();
    await lossy.close();
    const whole = await startTokenService({ data, adminTokenFile });
    const names = (await whole.api<{ name: string }[]>("GET", "/api/user-tokens")).body.map(({ name }) => name);
    await whole.close();
    expect(names).toEqual(["bootstrap", "lost"]);
  });

  it("counts for Prometheus, on an address of its own, without a name or a path that somebody typed", async () => {
    const server = await startServer({ listen: "127.0.0.1:0", data: await storage.place(), adminTokenFile: join(mkdtempSync(join(folder, "metrics-")), "admin"), metrics: "127.0.0.1:0", logger: pino({ level: "silent" }) });
    try {
      await fetch(`${server.url}/api/users/me`);
      await fetch(`${server.url}/typed-by-somebody`);
      const text = await (await fetch(server.metricsUrl ?? "")).text();
      expect(text).toContain('servicetokens_server_request_duration_seconds_count{method="GET",route="/api/users/me",status="401"} 1');
      expect(text).toContain('servicetokens_server_tokens{state="active"} 1');
      expect(text).toContain('servicetokens_server_changes_total{action="token.issued"} 1');
      expect(text).toContain("servicetokens_server_database_up 1");
      expect(text).not.toContain("typed-by-somebody");
      expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  it("a long list is compressed for who asks, and an answer with a fresh token never is", async () => {
    await withService({}, async (service) => {
      const user = await service.createServiceUser("many");
      for (let count = 0; count < 12; count += 1) await issue(service, { name: `t${count}`, user_id: user.id });
      const get = async (encoding: string): Promise<[string | undefined, Buffer]> => {
        const { headers, body } = await request(`${service.url}/api/user-tokens/service`, { headers: { authorization: `Bearer ${service.adminToken}`, "accept-encoding": encoding } });
        expect(headers["vary"]).toBe("accept-encoding");
        return [headers["content-encoding"] as string | undefined, Buffer.from(await body.arrayBuffer())];
      };
      const [none, plain] = await get("identity");
      const [gzip, zipped] = await get("gzip");
      const [br, brotli] = await get("gzip, br");
      expect([none, gzip, br]).toEqual([undefined, "gzip", "br"]);
      expect([gunzipSync(zipped), brotliDecompressSync(brotli)]).toEqual([plain, plain]);
      expect(JSON.parse(String(plain))).toHaveLength(12);
      const { headers, body } = await request(`${service.url}/api/user-tokens`, {
        method: "POST", headers: { authorization: `Bearer ${service.adminToken}`, "accept-encoding": "gzip", "content-type": "application/json" }, body: JSON.stringify({ name: "x".repeat(255) }),
      });
      await body.dump();
      expect(headers["content-encoding"]).toBeUndefined();
    }, await storage.place());
  });

  it("whoever asks for a long list and does not take it is cut off", async () => {
    const data = await storage.place();
    // More than the kernel keeps between the two.
    await seedTokens(data, 20_000);
    const hour = 3_600_000;
    const service = await startTokenService({ data, server: { idleTimeout: 300, headersTimeout: hour, requestTimeout: hour } });
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    socket.pause().write(`GET /api/user-tokens/service HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${service.adminToken}\r\n\r\n`);
    // Who does not read is told only when they write; each time is a sign of life, so it is a rare one.
    const knock = setInterval(() => socket.write("GET /api/health HTTP/1.1\r\nhost: x\r\n\r\n"), 1_000);
    const gone = await new Promise<unknown>((resolve) => socket.on("error", resolve));
    clearInterval(knock);
    socket.destroy();
    expect(gone).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
    expect((await service.api("GET", "/api/health")).status).toBe(204);
    await service.close();
  });
});

it.each([
  [undefined, undefined], ["", undefined], ["deflate", undefined], ["gzip", "gzip"], ["GZIP;q=0.5, br;q=0.4", "gzip"], ["br;q=0, gzip;q=0", undefined], ["*", "br"], ["*;q=0", undefined], ["identity, br", "br"],
])("accept-encoding %j gets %s", (header, encoding) => {
  expect(encodingFor(header)).toBe(encoding);
});
