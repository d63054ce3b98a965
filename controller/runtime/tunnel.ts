// A way through a proxy: a socket on which the server's bytes come out. Speaks CONNECT
// (RFC 9110) and SOCKS5 (RFC 1928, 1929); must not know what goes through.
import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { hostOf, portOf } from "./proxy.ts";
import { TransportError } from "./transport-error.ts";

/** An answer to CONNECT is a few lines. */
const longestHead = 16_384;

/** Resolves with a socket that is through. It is destroyed when the signal fires before. */
export async function tunnel(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = await opened(proxy, signal);
  const reader = new Reader(socket, signal);
  try {
    await (proxy.protocol.startsWith("socks") ? socks(proxy, { socket, reader, host, port }) : connectThrough(proxy, { socket, reader, host, port }));
    reader.release();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

interface Way {
  socket: Socket;
  reader: Reader;
  host: string;
  port: number;
}

const refused = (why: string): TransportError => new TransportError("PROXY_REFUSED", `the proxy ${why}`, true);

function opened(proxy: URL, signal: AbortSignal): Promise<Socket> {
  const at = { host: hostOf(proxy), port: portOf(proxy) };
  return new Promise((resolve, reject) => {
    const secure = proxy.protocol === "https:";
    const socket: Socket = secure ? connectTls({ ...at, ...(isIP(at.host) === 0 ? { servername: at.host } : {}) }) : connectPlain(at);
    const giveUp = (): void => void socket.destroy(new TransportError("CONNECT_TIMEOUT", "no connection to the proxy in time", true));
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    socket.once("error", reject);
    socket.once(secure ? "secureConnect" : "connect", () => {
      signal.removeEventListener("abort", giveUp);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

async function connectThrough(proxy: URL, { socket, reader, host, port }: Way): Promise<void> {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const { username, password } = credentialsOf(proxy);
  const login = username === "" ? "" : `Proxy-Authorization: Basic ${Buffer.from(`${username}:${password}`).toString("base64")}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
  const head = (await reader.until("\r\n\r\n")).toString("latin1");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status?.startsWith("2") !== true) throw refused(`answered CONNECT with ${status ?? "something that is no HTTP"}`);
}

async function socks(proxy: URL, { socket, reader, host, port }: Way): Promise<void> {
  const { username, password } = credentialsOf(proxy);
  socket.write(Buffer.from(username === "" ? [5, 1, 0] : [5, 2, 0, 2]));
  const [version, method] = await reader.take(2);
  if (version !== 5) throw refused("does not speak SOCKS5");
  if (method === 2) await socksLogin({ socket, reader, username, password });
  else if (method !== 0) throw refused("wants another way to log in: give user and password in its URL");
  // By name, so that the proxy resolves it: it may be the only one who can.
  const name = Buffer.from(host, "latin1");
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]));
  const [, answer, , kind] = await reader.take(4);
  if (answer !== 0) throw refused(`answered with SOCKS error ${answer}`);
  const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await reader.take(1))[0] ?? 0);
  await reader.take(length + 2);
}

async function socksLogin({ socket, reader, username, password }: { socket: Socket; reader: Reader; username: string; password: string }): Promise<void> {
  const [user, word] = [Buffer.from(username), Buffer.from(password)];
  socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([word.length]), word]));
  const [, status] = await reader.take(2);
  if (status !== 0) throw refused("refuses the user and password in its URL");
}

const credentialsOf = ({ username, password }: URL): { username: string; password: string } => ({ username: decodeURIComponent(username), password: decodeURIComponent(password) });

/** Takes exactly as many bytes as are asked for: what follows belongs to whoever speaks next. */
class Reader {
  readonly #socket: Socket;
  #buffer = Buffer.alloc(0);
  #failure: Error | undefined;
  #wake: () => void = () => undefined;
  readonly #listeners: readonly (readonly [string, (value: never) => void])[];
  readonly #release: () => void;

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    const fail = (error?: Error): void => {
      this.#failure ??= error ?? refused("closed the connection");
      this.#wake();
    };
    const onAbort = (): void => fail(new TransportError("CONNECT_TIMEOUT", "no way through the proxy in time", true));
    const onData = (chunk: Buffer): void => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake();
    };
    this.#listeners = [["data", onData], ["error", fail], ["close", () => fail()]];
    for (const [event, listener] of this.#listeners) socket.on(event, listener as () => void);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.#release = () => signal.removeEventListener("abort", onAbort);
  }

  async take(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) await this.#more();
    return this.#cut(count);
  }

  async until(mark: string): Promise<Buffer> {
    for (let end = this.#buffer.indexOf(mark); ; end = this.#buffer.indexOf(mark)) {
      if (end >= 0) return this.#cut(end + mark.length);
      if (this.#buffer.length > longestHead) throw refused("does not come to an end");
      await this.#more();
    }
  }

  release(): void {
    this.#release();
    this.#socket.pause();
    for (const [event, listener] of this.#listeners) this.#socket.off(event, listener as () => void);
    if (this.#buffer.length > 0) this.#socket.unshift(this.#buffer);
  }

  #cut(count: number): Buffer {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
