// Straight to the API over node's own HTTP/1.1, one request at a time on each kept connection: after a break there is
// no doubt which request was under way. A request's bytes are held back until its connection stands.
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import type { Socket } from "node:net";
import { urlToHttpOptions } from "node:url";
import type { Ask, Grip, Hearer, Way } from "./way.ts";

// Not imported: an import of node:http reads all of its exports, and one of them loads the library of fetch.
const { Agent: PlainAgent, request: plainRequest } = process.getBuiltinModule("node:http");

export interface DirectOptions {
  readonly connections: number;
  readonly connectTimeout: number;
  readonly ca: string | null;
}

/** Where the API stands, in the words of node's HTTP: an address is read once, and not for every request. */
interface Place {
  readonly origin: string;
  readonly secure: boolean;
  readonly options: { readonly protocol: string | undefined; readonly hostname: string | undefined; readonly port?: number };
}

function placeOf(origin: string): Place {
  const { protocol, hostname, port } = urlToHttpOptions(new URL(origin));
  return { origin, secure: protocol === "https:", options: { protocol: protocol ?? undefined, hostname: hostname ?? undefined, ...(port ? { port: Number(port) } : {}) } };
}

/** Shorter than any server keeps an idle connection, so that no request meets its end. */
const IDLE = 4_000;

export class Direct implements Way {
  readonly ready = null;
  readonly #options: DirectOptions;
  readonly #plain: Agent;
  readonly #secure: SecureAgent;
  readonly #open = new Set<ClientRequest>();
  #destroyed = false;
  #place: Place | null = null;

  constructor(options: DirectOptions) {
    this.#options = options;
    const kept = { keepAlive: true, maxSockets: options.connections, timeout: IDLE };
    this.#plain = new PlainAgent(kept);
    this.#secure = new SecureAgent({ ...kept, ...(options.ca === null ? {} : { ca: options.ca }) });
  }

  dispatch(ask: Ask, hearer: Hearer): void {
    if (this.#destroyed) return hearer.onResponseError(null, new Error("closed"));
    if (this.#place?.origin !== ask.origin) this.#place = placeOf(ask.origin);
    const { secure, options: place } = this.#place;
    const length = ask.body === null ? {} : { "content-length": String(Buffer.byteLength(ask.body)) };
    const options = { ...place, path: ask.path, method: ask.method, headers: { ...ask.headers, ...length }, agent: secure ? this.#secure : this.#plain };
    const request = secure ? secureRequest(options) : plainRequest(options);
    this.#open.add(request);
    request.once("close", () => this.#open.delete(request));
    const grip: Grip = { abort: (reason) => void request.destroy(reason) };
    let over = false;
    // Errors are made only where there is something to tell.
    const settle = (tell: () => void): void => {
      if (!over) tell();
      over = true;
    };
    request.on("error", (error) => settle(() => hearer.onResponseError(grip, error)));
    request.once("socket", (socket) => this.#standing(socket, secure, request, () => {
      hearer.onRequestStart(grip);
      if (!request.destroyed) request.end(ask.body ?? undefined);
    }));
    request.once("response", (response) => hear(response, grip, hearer, settle));
  }

  destroy(): Promise<void> {
    this.#destroyed = true;
    for (const request of this.#open) request.destroy(new Error("closed"));
    this.#plain.destroy();
    this.#secure.destroy();
    return Promise.resolve();
  }

  #standing(socket: Socket, secure: boolean, request: ClientRequest, ready: () => void): void {
    if (!socket.connecting) return ready();
    const late = setTimeout(() => request.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" })), this.#options.connectTimeout);
    request.once("close", () => clearTimeout(late));
    socket.once(secure ? "secureConnect" : "connect", () => {
      clearTimeout(late);
      ready();
    });
  }
}

function hear(response: IncomingMessage, grip: Grip, hearer: Hearer, settle: (tell: () => void) => void): void {
  hearer.onResponseStart(grip, response.statusCode ?? 0, response.headers);
  response.on("data", (chunk: Buffer) => hearer.onResponseData(grip, chunk));
  response.on("error", (error) => settle(() => hearer.onResponseError(grip, error)));
  response.once("end", () => {
    if (response.complete) settle(() => hearer.onResponseEnd());
  });
  response.once("close", () => settle(() => hearer.onResponseError(grip, Object.assign(new Error("the answer was cut"), { code: "ECONNRESET" }))));
}
