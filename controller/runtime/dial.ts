// Opens connections with the TLS material of the moment. Certificates and CAs are
// rotated on disk: they are asked for at each new connection. Must not know what is said
// on a connection, only which protocol the server chose.
import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { SecureContext, TLSSocket } from "node:tls";
import type { Credentials, TlsMaterial } from "./credentials.ts";
import { hostOf, portOf } from "./proxy.ts";
import { TransportError, transportError } from "./transport-error.ts";
import { tunnel } from "./tunnel.ts";

/** Then the kernel asks a silent peer, and gives it up ten seconds later: the only ping that HTTP/1.1 has. */
const keepAliveMs = 15_000;

export type Protocol = "http/1.1" | "h2";

export interface DialerOptions {
  credentials: Credentials;
  connectTimeoutMs: number;
  /** A server that does not speak it is spoken to in what it does speak. */
  protocol: Protocol;
}

const both: Protocol[] = ["h2", "http/1.1"];

export class Dialer {
  readonly #credentials: Credentials;
  readonly #timeoutMs: number;
  /** A server that is offered both takes h2. */
  #offered: Protocol[];
  #fingerprint = "";
  #context: SecureContext | undefined;
  #session: Buffer | undefined;

  constructor({ credentials, connectTimeoutMs, protocol }: DialerOptions) {
    this.#credentials = credentials;
    this.#timeoutMs = connectTimeoutMs;
    this.#offered = protocol === "h2" ? both : [protocol];
  }

  /** Whether a connection opened now would be another than those there are: for a client certificate that was renewed. */
  async hasNewMaterial(): Promise<boolean> {
    const before = this.#fingerprint;
    return JSON.stringify(await this.#credentials.tls()) !== before;
  }

  async dial(closing: AbortSignal): Promise<Socket> {
    try {
      return await this.#once(closing);
    } catch (error) {
      if (this.#offered === both || (error as { code?: unknown }).code !== "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL") throw error;
      this.#offered = both;
      return this.#once(closing);
    }
  }

  async #once(closing: AbortSignal): Promise<Socket> {
    const material = await this.#credentials.tls();
    const limit = AbortSignal.any([closing, AbortSignal.timeout(this.#timeoutMs)]);
    const { server, proxy } = this.#credentials;
    const host = hostOf(server);
    const port = portOf(server);
    const through = proxy === undefined ? undefined : await tunnel(proxy, host, port, limit);
    const socket = server.protocol === "https:" ? await this.#secure(material, { host, port, through, limit }) : (through ?? (await plain({ host, port }, limit)));
    socket.setNoDelay(true);
    (through ?? socket).setKeepAlive(true, keepAliveMs);
    return socket;
  }

  #secure(material: TlsMaterial, at: { host: string; port: number; through: Socket | undefined; limit: AbortSignal }): Promise<Socket> {
    const { host, port, through, limit } = at;
    const servername = material.servername ?? host;
    const socket = connectTls({
      ...(through === undefined ? { host, port } : { socket: through }),
      // An address is no name for SNI; the certificate is held against it all the same.
      ...(isIP(servername) === 0 ? { servername } : {}),
      ...(material.servername === undefined && through !== undefined ? { host } : {}),
      ...(material.insecure === true ? { rejectUnauthorized: false } : {}),
      ...(this.#session === undefined ? {} : { session: this.#session }),
      secureContext: this.#contextFor(material),
      ALPNProtocols: this.#offered,
    });
    socket.on("session", (session) => (this.#session = session));
    return settled(socket, "secureConnect", limit);
  }

  #contextFor(material: TlsMaterial): SecureContext {
    const fingerprint = JSON.stringify(material);
    if (this.#context !== undefined && fingerprint === this.#fingerprint) return this.#context;
    const { ca, cert, key } = material;
    this.#context = createSecureContext({ ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) });
    this.#fingerprint = fingerprint;
    // A session of another identity, or one that another authority vouched for, is not taken up again.
    this.#session = undefined;
    return this.#context;
  }
}

/** What the server chose, or HTTP/1.1 where it was not asked. */
export const speaksHttp2 = (socket: Socket): boolean => (socket as Partial<TLSSocket>).alpnProtocol === "h2";

function plain(at: { host: string; port: number }, limit: AbortSignal): Promise<Socket> {
  return settled(connectPlain(at), "connect", limit);
}

function settled(socket: Socket, ready: string, limit: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      socket.destroy();
      reject(new TransportError("CONNECT_TIMEOUT", "no connection in time", true));
    };
    const done = (): void => limit.removeEventListener("abort", giveUp);
    limit.addEventListener("abort", giveUp, { once: true });
    if (limit.aborted) giveUp();
    socket.once("error", (error) => {
      done();
      reject(transportError(error, true));
    });
    socket.once("close", () => {
      done();
      reject(new TransportError("CONNECTION_CLOSED", "the connection was closed before it was ready", true));
    });
    socket.once(ready, () => {
      done();
      resolve(socket);
    });
  });
}
