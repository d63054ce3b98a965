// Connections: how many there are, who gets one, when one is used again and when it is not, and what somebody hears
// whose connection, server or patience ends.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Controller, Handler, Request } from "../../http1/exchange.ts";
import { Pool } from "../../http1/pool.ts";
import type { PoolOptions } from "../../http1/pool.ts";
import { after, answer, breakingSocket, silence } from "../support/breaking-socket.ts";
import type { Act, BreakingSocket } from "../support/breaking-socket.ts";

const idleMs = 10_000;

async function serve(script: readonly Act[], options: Partial<PoolOptions> = {}): Promise<{ socket: BreakingSocket; pool: Pool }> {
  const socket = await breakingSocket(script);
  const pool = new Pool({ host: "api.test", connections: 2, idleMs, dial: () => dial(socket.port), ...options });
  onTestFinished(async () => {
    pool.destroy(new Error("the test is over"));
    await socket[Symbol.asyncDispose]();
  });
  return { socket, pool };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** One exchange; `calls` are the names of what its handler was told, in order. */
class Asked implements Handler {
  readonly calls: string[] = [];
  readonly over: Promise<Asked>;
  status = 0;
  body = "";
  error: Error | undefined;
  controller: Controller | undefined;
  onStart: (controller: Controller) => void = () => undefined;
  onHead: (controller: Controller) => void = () => undefined;
  #end: () => void = () => undefined;

  constructor() {
    this.over = new Promise((resolve) => (this.#end = () => resolve(this)));
  }

  onRequestStart(controller: Controller): void {
    this.calls.push("start");
    this.onStart(controller);
  }

  onResponseStart(controller: Controller, status: number): void {
    this.calls.push("head");
    this.controller = controller;
    this.status = status;
    this.onHead(controller);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.body += chunk.toString("utf8");
  }

  onResponseEnd(): void {
    this.calls.push("end");
    this.#end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.calls.push("error");
    this.error = error;
    this.#end();
  }
}

const get = (path = "/"): Request => ({ method: "GET", path, headers: {}, body: null });

function ask(pool: Pool, request: Request = get(), urgent = false): Asked {
  const asked = new Asked();
  asked.controller = pool.request(request, asked, urgent);
  return asked;
}

const until = (what: () => boolean): Promise<void> => vi.waitFor(() => expect(what()).toBe(true), { timeout: 10_000, interval: 2 });
const raw = (text: string): Act => (socket) => void socket.write(text);

describe("a request", () => {
  test("has its method, path, headers, host and body, whose length counts bytes", async () => {
    const { socket, pool } = await serve([answer(200, "hi")]);
    const posted = await ask(pool, { method: "POST", path: "/a?b=c", headers: { "x-a": "1" }, body: "Zürich" }).over;
    expect(posted).toMatchObject({ status: 200, body: "hi", calls: ["start", "head", "end"] });
    await ask(pool, { method: "PUT", path: "/", headers: {}, body: Buffer.from([0x7b, 0x7d]) }).over;
    await ask(pool, { method: "POST", path: "/", headers: {}, body: null }).over;
    await ask(pool, { method: "DELETE", path: "/", headers: {}, body: null }).over;
    expect(socket.seen.map(({ method, path, body, headers }) => [method, path, body, headers.get("content-length"), headers.get("host"), headers.get("x-a")])).toEqual([
      ["POST", "/a?b=c", "Zürich", "7", "api.test", "1"],
      ["PUT", "/", "{}", "2", "api.test", undefined],
      ["POST", "/", "", "0", "api.test", undefined],
      ["DELETE", "/", "", undefined, "api.test", undefined],
    ]);
  });

  test.each<[string, Partial<Request>]>([
    ["a line break in a header", { headers: { authorization: "Bearer canary\r\nx: y" } }],
    ["a line break in a header's name", { headers: { "x: y\r\nz": "canary" } }],
    ["an empty name", { headers: { "": "canary" } }],
    ["a character that no header has", { headers: { authorization: "Bearer canary\u20ac" } }],
    ["a blank in the path", { path: "/canary HTTP/1.1" }],
    ["a path that begins nowhere", { path: "canary" }],
    ["a line break in the method", { method: "GET /canary HTTP/1.1\r\n" }],
  ])("with %s never leaves, and the error does not repeat it", async (_what, part) => {
    const { socket, pool } = await serve([answer(200, "")]);
    const { calls, error } = await ask(pool, { ...get(), ...part }).over;
    expect(calls).toEqual(["error"]);
    expect(error).toMatchObject({ code: "ERR_INVALID_CHAR" });
    expect(String(error?.stack)).not.toContain("canary");
    // Nor does it cost the connection.
    await ask(pool).over;
    expect([socket.accepted, socket.seen.length]).toEqual([1, 1]);
  });
});

describe("a connection", () => {
  test("is used again, the last one first, and there are never more than were allowed", async () => {
    const { socket, pool } = await serve([after(20, answer(200, ""))], { connections: 3 });
    await Promise.all(Array.from({ length: 20 }, () => ask(pool).over));
    expect([socket.accepted, socket.atOnce, pool.size]).toEqual([3, 3, 3]);
    await ask(pool).over;
    expect(socket.accepted).toBe(3);
  });

  test.each<[string, Act]>([
    ["the server says so", answer(200, "", { connection: "close" })],
    ["the answer ends with it", (socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nbye")],
    ["something follows that nobody asked for", raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")],
    ["the server will not keep it for a second", answer(200, "", { "keep-alive": "timeout=1, max=100" })],
  ])("is not used again where %s", async (_what, act) => {
    const { socket, pool } = await serve([act]);
    expect((await ask(pool).over).calls).toEqual(["start", "head", "end"]);
    await ask(pool).over;
    expect(socket.accepted).toBe(2);
  });

  test("that is not needed any more grows old, since the last one used is the next", async () => {
    const { socket, pool } = await serve([after(20, answer(200, ""))], { connections: 3, idleMs: 1_000 });
    await Promise.all([1, 2, 3].map(() => ask(pool).over));
    const begun = performance.now();
    while (socket.connections > 1) await ask(pool).over;
    expect(performance.now() - begun).toBeGreaterThan(500);
    expect([pool.size, socket.accepted]).toEqual([1, 3]);
  }, 20_000);

  test("ends when it was idle for its time, and when something comes that nobody asked for", async () => {
    const { socket, pool } = await serve([answer(200, "")], { idleMs: 50 });
    await ask(pool).over;
    await until(() => socket.connections === 0 && pool.size === 0);
    const late = await serve([
      (peer, seen) => {
        answer(200, "")(peer, seen);
        setTimeout(() => peer.write("HTTP/1.1 408 Request Timeout\r\n\r\n"), 20);
      },
    ]);
    await ask(late.pool).over;
    expect(late.pool.size).toBe(1);
    await until(() => late.pool.size === 0);
    expect((await ask(late.pool).over).status).toBe(200);
  });

  test("is kept for less long where the server announces to end it sooner", async () => {
    const { socket, pool } = await serve([answer(200, "", { "keep-alive": "timeout=2" })]);
    await ask(pool).over;
    const begun = performance.now();
    await until(() => socket.connections === 0);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test("that was busy for longer than its idle time is used again", async () => {
    const { socket, pool } = await serve([after(150, answer(200, ""))], { idleMs: 60 });
    await ask(pool).over;
    await ask(pool).over;
    expect(socket.accepted).toBe(1);
  });

  test("whose request had not gone out whole by the time of its answer is not used again", async () => {
    // It answers after the head, and reads nothing more.
    const server = createServer((peer) => {
      peer.on("error", () => undefined);
      peer.once("data", () => {
        peer.pause();
        peer.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const pool = new Pool({ host: "x", connections: 1, idleMs, dial: () => dial((server.address() as AddressInfo).port) });
    onTestFinished(() => void server.close());
    expect((await ask(pool, { method: "POST", path: "/", headers: {}, body: "x".repeat(8 << 20) }).over).status).toBe(413);
    expect(pool.size).toBe(0);
  });

  test("that rests is no reason to live on", async () => {
    const { pool } = await serve([answer(200, "")]);
    const unref = vi.fn();
    const ref = vi.fn();
    const opened = await dial((await serve([answer(200, "")])).socket.port);
    Object.assign(opened, { ref, unref });
    pool.add(opened);
    expect(unref).toHaveBeenCalledTimes(1);
    await ask(pool).over;
    expect([ref.mock.calls.length, unref.mock.calls.length]).toEqual([1, 2]);
  });
});

describe("who waits", () => {
  test("gets the next connection in turn, and what is urgent before all others", async () => {
    const { socket, pool } = await serve([after(10, answer(200, ""))], { connections: 1 });
    const all = ["/1", "/2", "/3"].map((path) => ask(pool, get(path)).over);
    all.push(ask(pool, get("/urgent"), true).over);
    await Promise.all(all);
    expect(socket.seen.map(({ path }) => path)[0]).toBe("/urgent");
    expect(socket.seen.map(({ path }) => path).slice(1)).toEqual(["/1", "/2", "/3"]);
  });

  test("is told that there is no connection, once each, and the next one tries again", async () => {
    let tries = 0;
    const { pool } = await serve([answer(200, "")], { dial: () => Promise.reject(Object.assign(new Error("nobody there"), { code: "ECONNREFUSED", n: (tries += 1) })) });
    const asked = await Promise.all(Array.from({ length: 5 }, () => ask(pool).over));
    expect(asked.map(({ calls, error }) => [calls, (error as { code?: string }).code])).toEqual(Array.from({ length: 5 }, () => [["error"], "ECONNREFUSED"]));
    expect([tries, pool.size]).toEqual([5, 0]);
  });

  test("takes a connection that came free while another was being opened, which is then kept", async () => {
    const gate = Promise.withResolvers<void>();
    let dialed = 0;
    const { socket, pool } = await serve([after(5, answer(200, ""))], { dial: async () => ((dialed += 1) > 1 && (await gate.promise), dial(socket.port)) });
    await Promise.all([ask(pool).over, ask(pool).over]);
    gate.resolve();
    await until(() => socket.accepted === 2);
    expect([socket.seen.length, pool.size]).toEqual([2, 2]);
  });

  test("and gives up leaves nothing behind and sends nothing", async () => {
    const { socket, pool } = await serve([after(50, answer(200, ""))], { connections: 1 });
    const first = ask(pool);
    const second = ask(pool, get("/second"));
    second.controller?.abort(new Error("enough"));
    const third = ask(pool, get("/third"));
    await Promise.all([first.over, second.over, third.over]);
    expect(second.calls).toEqual(["error"]);
    expect(second.error?.message).toBe("enough");
    expect(socket.seen.map(({ path }) => path)).toEqual(["/", "/third"]);
  });
});

describe("what breaks", () => {
  test.each<[string, Act, string[]]>([
    ["a connection that is reset before an answer", (socket) => void socket.resetAndDestroy(), ["start", "error"]],
    ["one that ends before an answer", (socket) => void socket.end(), ["start", "error"]],
    ["one that ends in the head", (socket) => void socket.end("HTTP/1.1 200"), ["start", "error"]],
    ["one that ends in the body", (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"), ["start", "head", "error"]],
    ["one that ends in a piece", (socket) => void socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel"), ["start", "head", "error"]],
  ])("%s is an error once, and not the next one's", async (_what, act, calls) => {
    const { pool } = await serve([act, answer(200, "")]);
    const asked = await ask(pool).over;
    expect(asked.calls).toEqual(calls);
    expect(asked.error).toMatchObject({ code: "ECONNRESET" });
    expect((await ask(pool).over).status).toBe(200);
  });

  test("bytes that are no answer end their connection, and are not repeated", async () => {
    const { socket, pool } = await serve([raw("canary\r\n\r\n"), answer(200, "")]);
    const { error } = await ask(pool).over;
    expect(error).toMatchObject({ code: "HTTP_PARSE" });
    expect(String(error?.stack)).not.toContain("canary");
    await ask(pool).over;
    expect(socket.accepted).toBe(2);
  });

  test("a connection that ended as soon as it stood was never used", async () => {
    const { pool } = await serve([answer(200, "")], {
      dial: () => {
        const socket = connect(1, "127.0.0.1").on("error", () => undefined);
        socket.destroy();
        return Promise.resolve(socket);
      },
    });
    const { calls, error } = await ask(pool).over;
    expect([calls, (error as { code?: string }).code]).toEqual([["error"], "ECONNRESET"]);
  });
});

describe("an exchange that is given up", () => {
  test("as it starts has not left", async () => {
    const { socket, pool } = await serve([answer(200, "")]);
    const asked = new Asked();
    asked.onStart = (controller) => controller.abort(new Error("too late"));
    pool.request(get("/first"), asked);
    expect((await asked.over).calls).toEqual(["start", "error"]);
    await ask(pool, get("/second")).over;
    expect(socket.seen.map(({ path }) => path)).toEqual(["/second"]);
  });

  test("as its answer begins hears nothing of its body", async () => {
    const { pool } = await serve([answer(200, "body")]);
    const asked = new Asked();
    asked.onHead = (controller) => controller.abort(new Error("enough"));
    pool.request(get(), asked);
    expect(await asked.over).toMatchObject({ calls: ["start", "head", "error"], body: "" });
  });

  test("in the middle of its answer is told so once, and hears no more of it", async () => {
    const { socket, pool } = await serve([raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"), answer(200, "")]);
    const asked = ask(pool);
    await until(() => asked.body === "hel");
    asked.controller?.abort(new Error("enough"));
    asked.controller?.abort(new Error("twice"));
    expect([asked.calls, asked.error?.message]).toEqual([["start", "head", "error"], "enough"]);
    await until(() => socket.connections === 0);
  });

  test("after its end touches nothing of what its connection carries now", async () => {
    const { socket, pool } = await serve([answer(200, ""), after(50, answer(200, "second"))], { connections: 1 });
    const first = await ask(pool).over;
    const second = ask(pool);
    first.controller?.abort(new Error("late"));
    first.controller?.pause();
    expect((await second.over).body).toBe("second");
    expect(socket.accepted).toBe(1);
  });

  test.each<[string, Act, number]>([
    ["without any answer takes the idle connections with it: they are as silent", silence, 0],
    ["in its answer leaves them", raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n"), 1],
  ])("%s", async (_what, act, left) => {
    const { socket, pool } = await serve([after(10, answer(200, "")), after(10, answer(200, "")), act]);
    await Promise.all([ask(pool).over, ask(pool).over]);
    expect(pool.size).toBe(2);
    const given = ask(pool);
    await until(() => (left === 0 ? socket.seen.length === 3 : given.status === 200));
    given.controller?.abort(new Error("enough"));
    expect(pool.size).toBe(left);
    await until(() => socket.connections === left);
  });
});

test("a body is held back while it is paused, and comes whole afterwards", async () => {
  const { pool } = await serve([answer(200, "x".repeat(1 << 20)), answer(200, "next")], { connections: 1 });
  const asked = ask(pool);
  await until(() => asked.body !== "");
  asked.controller?.pause();
  const held = asked.body.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked.body.length).toBe(held);
  asked.controller?.resume();
  await asked.over;
  expect(asked.body.length).toBe(1 << 20);
  expect((await ask(pool).over).body).toBe("next");
});

test("what was paused when its answer was whole pauses nobody else", async () => {
  const { socket, pool } = await serve([answer(200, "first"), answer(200, "second")], { connections: 1 });
  const asked = new Asked();
  asked.onHead = (controller) => controller.pause();
  pool.request(get(), asked);
  expect((await asked.over).body).toBe("first");
  expect((await ask(pool).over).body).toBe("second");
  expect(socket.accepted).toBe(1);
});

describe("the end", () => {
  test("ends what is under way and what waits with its reason, and takes no more", async () => {
    const { socket, pool } = await serve([silence], { connections: 1 });
    const [running, waiting] = [ask(pool), ask(pool)];
    await until(() => socket.seen.length === 1);
    pool.destroy(new Error("closed"));
    expect([running.error?.message, waiting.error?.message]).toEqual(["closed", "closed"]);
    expect((await ask(pool).over).error).toMatchObject({ code: "CLOSED" });
    await until(() => socket.connections === 0);
    expect(pool.size).toBe(0);
  });

  test("may be told beforehand: what is under way or waits goes on, what is idle ends", async () => {
    const { socket, pool } = await serve([after(30, answer(200, ""))], { connections: 1 });
    const [running, waiting] = [ask(pool), ask(pool)];
    await until(() => socket.seen.length === 1);
    pool.retire();
    expect((await running.over).status).toBe(200);
    expect((await waiting.over).status).toBe(200);
    await until(() => socket.connections === 0 && pool.size === 0);
    expect((await ask(pool).over).error).toMatchObject({ code: "CLOSED" });
  });

  test("closes a connection that was still being opened", async () => {
    const gate = Promise.withResolvers<void>();
    const { socket, pool } = await serve([answer(200, "")], { dial: async () => (await gate.promise, dial(socket.port)) });
    const asked = ask(pool);
    pool.destroy(new Error("closed"));
    gate.resolve();
    await until(() => socket.accepted === 1);
    await until(() => socket.connections === 0 && pool.size === 0);
    expect(asked.calls).toEqual(["error"]);
  });
});
