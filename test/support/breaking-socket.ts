// An HTTP server that can do what a well-meant one cannot: reset, stop in the middle, trickle, lie. Each request
// is met by the next act of a script; the last act repeats.
import { connect, createServer as createPlain } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTls } from "node:tls";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Counted from 1, over all connections. */
  readonly number: number;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export type Act = (socket: Socket, seen: Seen) => void;

export interface BreakingSocket extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly Seen[];
  /** Open at this moment, and in all. */
  readonly connections: number;
  readonly accepted: number;
  /** Requests that were being answered at once, at most. */
  readonly atOnce: number;
}

export interface Options {
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function breakingSocket(script: readonly Act[], { port = 0, tls }: Options = {}): Promise<BreakingSocket> {
  const seen: Seen[] = [];
  const open = new Set<Socket>();
  let busy = 0;
  let atOnce = 0;
  let accepted = 0;
  const meet = (socket: Socket): void => {
    let answering = false;
    open.add(socket);
    accepted += 1;
    const done = (): void => {
      if (answering) busy -= 1;
      answering = false;
    };
    socket.on("close", () => {
      open.delete(socket);
      done();
    });
    // The other side may go while we write: that is what is being tried.
    socket.on("error", () => undefined);
    requests(socket, seen, (request) => {
      answering = true;
      busy += 1;
      atOnce = Math.max(atOnce, busy);
      socket.once("answered", done);
      const act = script[Math.min(request.number, script.length) - 1];
      act?.(socket, request);
    });
  };
  const server: Server = tls === undefined ? createPlain(meet) : createTls({ ...tls }, meet);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${bound}`,
    port: bound,
    seen,
    get connections() {
      return open.size;
    },
    get accepted() {
      return accepted;
    },
    get atOnce() {
      return atOnce;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port where nothing listens. */
export async function closedPort(): Promise<number> {
  await using socket = await breakingSocket([silence]);
  return socket.port;
}

function requests(socket: Socket, seen: Seen[], meet: (request: Seen) => void): void {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let end = received.indexOf("\r\n\r\n"); end >= 0; end = received.indexOf("\r\n\r\n")) {
      const [first = "", ...lines] = received.subarray(0, end).toString("latin1").split("\r\n");
      const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
      const length = Number(headers.get("content-length") ?? 0);
      if (received.length < end + 4 + length) return;
      const [method = "", path = ""] = first.split(" ");
      const body = received.subarray(end + 4, end + 4 + length).toString("utf8");
      received = received.subarray(end + 4 + length);
      const request = { method, path, headers, body, number: seen.length + 1, at: performance.now() };
      seen.push(request);
      meet(request);
    }
  });
}

type Fields = Readonly<Record<string, string>>;

function head(status: number, fields: Fields): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

/** A whole answer; the connection stays open. */
export function answer(status: number, body: string, fields: Fields = {}): Act {
  return (socket) => {
    socket.write(head(status, { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)), ...fields }) + body);
    socket.emit("answered");
  };
}

export function json(status: number, value: unknown, fields: Fields = {}): Act {
  return answer(status, JSON.stringify(value), fields);
}

export function html(status: number, fields: Fields = {}): Act {
  return answer(status, "<html><body>Request blocked</body></html>", { "content-type": "text/html", ...fields });
}

/** The act, some time later. */
export function after(milliseconds: number, act: Act): Act {
  return (socket, seen) => void setTimeout(() => act(socket, seen), milliseconds);
}

/** The connection is reset before a byte of the answer. */
export const reset: Act = (socket) => void socket.resetAndDestroy();

/** The connection ends in order, before a byte of the answer. */
export const hangUp: Act = (socket) => void socket.end();

export const silence: Act = () => undefined;

/** Headers that promise more than comes; then the end, or a reset. */
export function half(status: number, body: string, how: "end" | "reset"): Act {
  return (socket) => {
    socket.write(head(status, { "content-type": "application/json", "content-length": String(Buffer.byteLength(body) + 10) }) + body, () =>
      how === "end" ? socket.end() : socket.resetAndDestroy(),
    );
  };
}

/** Headers, and then silence instead of the body. */
export function stuck(status: number): Act {
  return (socket) => void socket.write(head(status, { "content-type": "application/json", "content-length": "10" }));
}

/** Something every so often, for ever: the headers' bytes, or the body's. */
export function trickle(where: "headers" | "body", every: number): Act {
  return (socket) => {
    socket.write(where === "body" ? head(200, { "transfer-encoding": "chunked" }) : "HTTP/1.1 200 OK\r\nx-slow: ");
    const timer = setInterval(() => socket.write(where === "body" ? "1\r\n \r\n" : "x"), every);
    socket.once("close", () => clearInterval(timer));
  };
}

/** A body without end, as fast as it is taken. */
export function flood(status: number): Act {
  return (socket) => {
    socket.write(head(status, { "content-type": "application/json", "transfer-encoding": "chunked" }));
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const pour = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on("drain", pour);
    pour();
  };
}

/** Not HTTP at all. */
export const nonsense: Act = (socket) => void socket.write("what?\r\n\r\n");

/** As a proxy that was asked to CONNECT: from now on the bytes go to that port and back. */
export function tunnel(port: number): Act {
  return (socket) => {
    socket.removeAllListeners("data");
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
  };
}
