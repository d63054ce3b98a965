// Straight to the API over HTTP/1.1, one request at a time on each kept connection: after a break there is no doubt
// which request was under way. Decides how a connection is opened; a request's bytes are held back until it stands.
import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import { Pool } from "../http1/pool.ts";
import type { Ask, Hearer, Way } from "./way.ts";

export interface DirectOptions {
  readonly connections: number;
  readonly connectTimeout: number;
  readonly ca: string | null;
}

/** Shorter than any server keeps an idle connection, so that no request meets its end. */
const IDLE = 4_000;

export class Direct implements Way {
  readonly ready = null;
  readonly #options: DirectOptions;
  /** By origin. */
  readonly #pools = new Map<string, Pool>();
  #destroyed = false;
  #context: SecureContext | null = null;

  constructor(options: DirectOptions) {
    this.#options = options;
  }

  dispatch(ask: Ask, hearer: Hearer): void {
    if (this.#destroyed) return hearer.onResponseError(null, new Error("closed"));
    let pool = this.#pools.get(ask.origin);
    if (pool === undefined) this.#pools.set(ask.origin, (pool = this.#open(new URL(ask.origin))));
    pool.request(ask, hearer);
  }

  destroy(): Promise<void> {
    this.#destroyed = true;
    for (const pool of this.#pools.values()) pool.destroy(new Error("closed"));
    return Promise.resolve();
  }

  #open(url: URL): Pool {
    const { connections, connectTimeout } = this.#options;
    const secure = url.protocol === "https:";
    // An address of IPv6 stands in brackets there.
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const port = Number(url.port === "" ? (secure ? 443 : 80) : url.port);
    /** The last connection's ticket: the next is spared the exchange of keys. */
    let session: Buffer | undefined;
    const dial = (): Promise<Socket> => {
      const socket = secure ? this.#secure(host, port, session) : connectPlain({ host, port });
      socket.on("session", (ticket) => (session = ticket));
      socket.setNoDelay(true);
      return standing(socket, secure ? "secureConnect" : "connect", connectTimeout);
    };
    return new Pool({ host: url.host, connections, idleMs: IDLE, dial });
  }

  #secure(host: string, port: number, session: Buffer | undefined): Socket {
    const { ca } = this.#options;
    this.#context ??= createSecureContext(ca === null ? {} : { ca });
    return connectTls({
      host,
      port,
      secureContext: this.#context,
      ALPNProtocols: ["http/1.1"],
      // An address is no name for SNI; the certificate is held against it all the same.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(session === undefined ? {} : { session }),
    });
  }
}

function standing(socket: Socket, event: string, timeout: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => socket.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" })), timeout);
    // They stay: an error that comes when nobody else listens yet would end the process.
    socket.on("error", reject);
    socket.once("close", () => {
      clearTimeout(late);
      reject(Object.assign(new Error("the connection ended before it stood"), { code: "ECONNRESET" }));
    });
    socket.once(event, () => {
      clearTimeout(late);
      resolve(socket);
    });
  });
}
