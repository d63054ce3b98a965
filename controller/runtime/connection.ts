// The one connection that a kind of requests goes over: opened when it is first needed,
// replaced when it ended, retired or got other certificates. Must not know requests.
import type { Socket } from "node:net";
import type { Credentials } from "./credentials.ts";
import { Dialer, speaksHttp2 } from "./dial.ts";
import type { Protocol } from "./dial.ts";
import { Http1Link } from "./http1-link.ts";
import { Http2Link } from "./http2-link.ts";
import type { Incoming, Link, Outgoing } from "./link.ts";
import { reasonOf } from "./link.ts";
import { TransportError } from "./transport-error.ts";

export interface ConnectionOptions {
  credentials: Credentials;
  connectTimeoutMs: number;
  /** What is wanted; it is the server's to choose. */
  protocol: Protocol;
  pingMs: number;
  /** Of HTTP/1.1, at most. */
  connections: number;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #dialer: Dialer;
  readonly #closing = new AbortController();
  /** The current one, and earlier ones that still have requests under way. */
  readonly #links = new Set<Link>();
  #link: Link | undefined;
  #opening: Promise<Link> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#dialer = new Dialer(options);
  }

  /** Whether a dead server is noticed while nothing is asked. Opens a connection where there is none: it is the server that chooses. */
  pinged(signal: AbortSignal | undefined): boolean | Promise<boolean> {
    return this.#usable()?.pinged ?? this.#opened(signal).then((link) => link.pinged);
  }

  request(out: Outgoing): Promise<Incoming> {
    return this.#usable()?.request(out) ?? this.#afterOpening(out);
  }

  /** The server does not know us any more: is it because a certificate was renewed on our side? Then a new connection shows it. */
  async renew(): Promise<void> {
    const link = this.#link;
    if (link !== undefined && (await this.#dialer.hasNewMaterial().catch(() => false))) link.retire();
  }

  close(): void {
    this.#closing.abort();
    for (const link of this.#links) link.destroy();
    this.#links.clear();
    this.#link = undefined;
  }

  #usable(): Link | undefined {
    return this.#link?.usable === true ? this.#link : undefined;
  }

  async #afterOpening(out: Outgoing): Promise<Incoming> {
    return (await this.#opened(out.signal)).request(out);
  }

  #opened(signal: AbortSignal | undefined): Promise<Link> {
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return givenUp(this.#opening, signal);
  }

  async #open(): Promise<Link> {
    const { signal } = this.#closing;
    const closed = (): TransportError => new TransportError("CLOSED", "the client was closed", true);
    if (signal.aborted) throw closed();
    const socket = await this.#dialer.dial(signal);
    if (signal.aborted) {
      socket.destroy();
      throw closed();
    }
    for (const link of this.#links) if (link.ended) this.#links.delete(link);
    const link = this.#linkOver(socket);
    this.#links.add(link);
    this.#link = link;
    return link;
  }

  #linkOver(socket: Socket): Link {
    const { credentials, pingMs, connections } = this.#options;
    if (speaksHttp2(socket)) return new Http2Link(socket, credentials.server.origin, pingMs);
    return new Http1Link(socket, credentials.server.host, connections, () => this.#dialer.dial(this.#closing.signal));
  }
}

/** Waits for what others wait for too: whoever gives up alone leaves it to them. */
function givenUp<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(reasonOf(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
