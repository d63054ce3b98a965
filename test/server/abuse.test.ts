// What no well-behaved client does: too much, too long, too slow, too deep. Each has its
// answer, and the service goes on answering others.
import { type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TokenService, startTokenService } from "../support/token-service.ts";
import { onEachStorage } from "./storages.ts";
import { detailOf, forge, issue, problemsOf } from "./world.ts";

const rates = { addressRate: { perSecond: 1_000, burst: 100_000 }, identityRate: { perSecond: 0.5, burst: 200 }, failureRate: { perSecond: 0.5, burst: 30 } };

let service: TokenService;

/** What a socket is told until it is closed. */
function raw(send: (socket: Socket) => void, patienceMs = 15_000): Promise<string> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.setTimeout(patienceMs, () => socket.destroy(new Error("The connection stayed open.")));
    socket.on("connect", () => send(socket));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (cause) => (chunks.length > 0 || (cause as NodeJS.ErrnoException).code === "ECONNRESET" || (cause as NodeJS.ErrnoException).code === "EPIPE" ? undefined : reject(cause)));
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

const alive = async (): Promise<void> => expect((await service.api("GET", "/api/health")).status).toBe(204);
const from = async (address: string, headers: Record<string, string>, path = "/api/users/me"): Promise<Response> => fetch(`${service.url}${path}`, { headers: { "x-forwarded-for": address, ...headers } });

onEachStorage((storage) => {
  beforeAll(async () => {
    const data = await storage.place();
    service = await startTokenService({ data, server: { ...rates, headersTimeout: 400, requestTimeout: 900, idleTimeout: 3_000, trustProxy: ["127.0.0.1"], bodyBytes: 300_000, accessLog: true } });
  });

  afterAll(() => service.close());

  describe("too much", () => {
    it("of failed authentications from one address is 429 with a time, while valid tokens and others pass", async () => {
      const statuses = [];
      for (let count = 0; count < 33; count += 1) statuses.push((await from("203.0.113.1", { authorization: "Bearer x.y.z" })).status);
      expect(statuses.slice(0, 30)).toEqual(Array(30).fill(401));
      expect(statuses.slice(30)).toContain(429);
      const limited = await from("203.0.113.1", {});
      expect([limited.status, Number(limited.headers.get("retry-after"))]).toEqual([429, expect.any(Number)]);
      expect(Number(limited.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect((await from("203.0.113.1", { authorization: `Bearer ${service.adminToken}` })).status).toBe(200);
      expect((await from("203.0.113.2", { authorization: "Bearer x.y.z" })).status).toBe(401);
    });

    it("of one user is 429, by whatever address, and leaves other users alone", async () => {
      const user = await service.createServiceUser("eager");
      const token = await issue(service, { name: "t", user_id: user.id });
      const statuses = [];
      for (let count = 0; count < 206; count += 1) statuses.push((await service.api("GET", "/api/users/me", undefined, token.bearer_token)).status);
      expect(statuses.slice(0, 200)).toEqual(Array(200).fill(200));
      expect(statuses.slice(200)).toContain(429);
      const limited = await from("203.0.113.9", { authorization: `Bearer ${token.bearer_token}` });
      expect([limited.status, (await limited.json()) as unknown]).toEqual([429, { detail: expect.stringContaining("this user") }]);
      expect((await service.api("GET", "/api/users/me")).status).toBe(200);
    });
  });

  describe("too long", () => {
    it("a URI is 414, below and above what can be read at all", async () => {
      expect(detailOf(await service.api("GET", `/api/users?name=${"x".repeat(5_000)}`), 414)).toContain("4096");
      expect(await raw((socket) => socket.write(`GET /${"x".repeat(200_000)} HTTP/1.1\r\nhost: x\r\n\r\n`))).toMatch(/^HTTP\/1\.1 414 /);
    });

    it("headers are 431, as with a token of a megabyte", async () => {
      const told = await raw((socket) => socket.write(`GET /api/users/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${"a.".repeat(500_000)}\r\n\r\n`));
      expect(told).toMatch(/^HTTP\/1\.1 431 /);
      expect(told).toContain('{"detail":');
    });

    it("a token that just fits is refused like any other", async () => {
      expect((await service.api("GET", "/api/users/me", undefined, forge({ alg: "HS256", typ: "JWT" }, { pad: "x".repeat(9_000) }, "k"))).status).toBe(401);
    });

    it("a body is 413, also one that does not say its length", async () => {
      const chunks = `${"4000\r\n".concat("x".repeat(0x4000), "\r\n").repeat(25)}0\r\n\r\n`;
      const told = await raw((socket) => socket.write(`POST /api/users HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${service.adminToken}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`));
      expect(told).toMatch(/^HTTP\/1\.1 413 /);
    });
  });

  describe("too slow", () => {
    it("headers that do not come are 408, and the connection is closed", async () => {
      expect(await raw((socket) => socket.write("GET /api/health HTTP/1.1\r\nhost: x\r\n"))).toMatch(/^HTTP\/1\.1 408 /);
    });

    it("a body that trickles in is cut off", async () => {
      const started = performance.now();
      const told = await raw((socket) => {
        socket.write(`POST /api/users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${service.adminToken}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`);
        const drip = setInterval(() => socket.write(" "), 100);
        socket.on("close", () => clearInterval(drip));
      });
      expect(told).toMatch(/^HTTP\/1\.1 408 /);
      expect(performance.now() - started).toBeGreaterThan(800);
    });
  });

  describe("too deep or broken", () => {
    const post = (body: string): ReturnType<TokenService["api"]> =>
      fetch(`${service.url}/api/user-tokens`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${service.adminToken}` }, body }).then(async (response) => ({
        status: response.status, headers: response.headers, body: (await response.json()) as never,
      }));

    it("nested JSON is 422 and takes no stack", async () => {
      for (const [open, close] of [["[", "]"], ['{"name":', "}"]] as const) {
        const problems = problemsOf(await post(open.repeat(30_000) + "1" + close.repeat(30_000)));
        expect(problems).toEqual([{ type: "json_invalid", loc: ["body", expect.any(Number)], msg: "JSON decode error", input: {}, ctx: { error: expect.stringContaining("nested") } }]);
      }
      expect(problemsOf(await post(`{"name":"${"[".repeat(5_000)}"}`)).map(({ type }) => type)).toEqual(["string_too_long"]);
      await alive();
    });

    it("a thousand mistakes are answered with the first hundred", async () => {
      const answer = await service.api("POST", "/api/users", { name: "n", role: "Member", teams: Array(50_000).fill(1) });
      expect(problemsOf(answer)).toHaveLength(100);
    });

    it("what is no HTTP is 400", async () => {
      expect(await raw((socket) => socket.write("HELLO\r\n\r\n"))).toMatch(/^HTTP\/1\.1 400 /);
      await alive();
    });
  });

  describe("tricks", () => {
    it.each(["<script>alert(1)</script>", "Robert'); drop table servicetokens.token; --", "a\u202Egnp.exe", "\u200B\uFEFFzero", "𝕬𝖉𝖒𝖎𝖓", "../../etc/passwd", "${jndi:ldap://x}", "{{7*7}}", "\u0007bell\n\r\nSet-Cookie: x"])(
      "in the name %j change nothing but the name",
      async (name) => {
        const { body: user } = await service.api<{ id: number; name: string; user_id: string }>("POST", "/api/users", { name: `${name} u`, role: "Member" });
        expect([user.name, user.user_id]).toEqual([`${name} u`, expect.stringMatching(/^[a-z0-9_-]+@service$/)]);
        const answer = await service.api<{ name: string }>("POST", "/api/user-tokens", { name, user_id: user.id });
        expect([answer.status, answer.body.name, answer.headers.get("content-type")]).toEqual([200, name, "application/json; charset=utf-8"]);
        const found = await service.api<{ items: { id: number }[] }>("GET", `/api/users?name=${encodeURIComponent(`${name} u`)}`);
        expect(found.body.items.map(({ id }) => id)).toEqual([user.id]);
      },
    );

    it("answers carry what keeps a browser from using them", async () => {
      for (const [path, token] of [["/api/users/me", undefined], ["/api/users/me", null], ["/api/nothing", undefined], ["/elsewhere", null], ["/api/%ff", null]] as const) {
        const { headers } = await service.api("GET", path, undefined, token);
        expect(["content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-resource-policy"].map((name) => headers.get(name)), path).toEqual([
          expect.stringContaining("default-src 'none'"), "nosniff", "no-referrer", "same-origin",
        ]);
      }
      const page = (await service.api("GET", "/", undefined, null)).headers.get("content-security-policy");
      expect(page).toContain("default-src");
      expect(page).not.toMatch(/unsafe-(inline|eval)/);
    });

    it("nobody learns who is a user: every stranger is told the same", async () => {
      const { body: me } = await service.api("GET", "/api/users/me");
      const claims = (userId: unknown): Record<string, unknown> => ({ iss: "qualytics", user_id: userId, sub: "x", iat: 1, jti: "x" });
      const answers = [];
      for (const token of [forge({ alg: "HS256", typ: "JWT" }, claims(me["id"]), "wrong"), forge({ alg: "HS256", typ: "JWT" }, claims(999_999), "wrong"), "x.y.z"]) {
        const { status, body } = await service.api("GET", `/api/users/${String(me["id"])}`, undefined, token);
        answers.push([status, body]);
      }
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    });

    it("a request id is kept where it is harmless, and made up where it is not", async () => {
      const idOf = async (given: string): Promise<string | null> => (await fetch(`${service.url}/api/health`, { headers: { "x-request-id": given } })).headers.get("x-request-id");
      expect(await idOf("trace-7:a.b")).toBe("trace-7:a.b");
      for (const odd of ["x".repeat(65), "a b", "<b>"]) expect(await idOf(odd)).toMatch(/^[0-9a-f-]{36}$/);
      await sleep(50);
      expect(service.logs()).toMatch(/"requestId":"trace-7:a\.b".*"msg":"Request"/);
    });
  });
});
