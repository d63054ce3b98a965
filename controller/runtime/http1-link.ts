// HTTP/1.1, for servers and proxies that speak nothing newer: a bounded number of kept
// connections, one request at a time on each. Must not know what is asked.
import type { Agent as HttpAgent, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { reasonOf, waiting } from "./link.ts";
import type { Incoming, Link, Outgoing } from "./link.ts";
import { TransportError, transportError } from "./transport-error.ts";

// Not imported: an import of node:http reads all of its exports, and one of them loads the library of fetch.
const { Agent, request: httpRequest } = process.getBuiltinModule("node:http");

/** The apiserver closes an idle connection after 90 s: we are first, so that no request meets its end. */
const idleMs = 60_000;

export class Http1Link implements Link {
  readonly pinged = false;
  readonly #agent: HttpAgent;
  readonly #authority: string;
  #retired = false;

  /** `first` is the connection that found out the protocol. */
  constructor(first: Socket, authority: string, connections: number, dial: () => Promise<Socket>) {
    this.#authority = authority;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, timeout: idleMs });
    let spare: Socket | undefined = first;
    // Called without its options: who is asked does not change.
    this.#agent.createConnection = (_options, done) => {
      const ready = spare;
      spare = undefined;
      if (ready !== undefined && !ready.destroyed) return ready;
      dial().then(
        (socket) => done?.(null, socket),
        (error: unknown) => done?.(transportError(error, true), undefined as never),
      );
      return undefined;
    };
  }

  get usable(): boolean {
    return !this.#retired;
  }

  get ended(): boolean {
    return this.#retired && Object.keys(this.#agent.sockets).length === 0;
  }

  request(out: Outgoing): Promise<Incoming> {
    return new Promise((resolve, reject) => {
      const length = out.body === undefined ? {} : { "content-length": String(Buffer.byteLength(out.body)) };
      const headers = { host: this.#authority, ...out.headers, ...length };
      const sent = httpRequest({ agent: this.#agent, method: out.method, path: out.path, headers });
      let message: IncomingMessage | undefined;
      const wait = waiting(out, (reason) => {
        message?.destroy(reason);
        sent.destroy(reason);
        reject(reason);
      });
      sent.on("error", (error) => {
        wait.over();
        reject(out.signal?.aborted === true ? reasonOf(out.signal) : transportError(error));
      });
      sent.once("response", (response) => {
        wait.answered();
        message = response;
        response.on("error", () => undefined);
        response.once("close", () => wait.over());
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], body: response, whole: () => response.complete });
      });
      sent.once("close", () => {
        if (message !== undefined) return;
        wait.over();
        reject(new TransportError("CONNECTION_CLOSED", "the connection was closed before an answer"));
      });
      sent.end(out.body);
    });
  }

  retire(): void {
    this.#retired = true;
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    this.#agent.maxFreeSockets = 0;
  }

  destroy(): void {
    this.#retired = true;
    this.#agent.destroy();
  }
}
