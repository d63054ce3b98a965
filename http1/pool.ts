// A bounded number of connections to one server, opened when exchanges wait and kept for the next ones. Decides which
// exchange goes next; must not know how a connection is opened, nor what is asked.
import type { Socket } from "node:net";
import { Connection } from "./connection.ts";
import type { ConnectionOwner } from "./connection.ts";
import { Exchange } from "./exchange.ts";
import type { Controller, Handler, Request } from "./exchange.ts";
import { HttpError } from "./http-error.ts";

export interface PoolOptions {
  /** What the Host header says: name, and the port where it is not the protocol's own. */
  readonly host: string;
  /** Connections at most. */
  readonly connections: number;
  /** Milliseconds that a connection is kept while it carries nothing: less than the server keeps it. */
  readonly idleMs: number;
  /** Opens a connection that is ready to be written to. What it rejects with is an exchange's error. */
  readonly dial: () => Promise<Socket>;
}

export class Pool implements ConnectionOwner {
  readonly #options: PoolOptions;
  readonly #open = new Set<Connection>();
  /** The last one used is the next: those that are not needed grow old. */
  #idle: Connection[] = [];
  #waiting: Exchange[] = [];
  #dialing = 0;
  #retired = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Connections that stand or are being opened. */
  get size(): number {
    return this.#open.size + this.#dialing;
  }

  /** `urgent` goes before all that wait. */
  request(request: Request, handler: Handler, urgent = false): Controller {
    const exchange = new Exchange(request, handler);
    if (this.#retired) {
      exchange.fail(new HttpError("CLOSED", "the connections were closed"));
      return exchange;
    }
    const connection = this.#idle.pop();
    if (connection !== undefined) connection.send(exchange);
    else {
      if (urgent) this.#waiting.unshift(exchange);
      else this.#waiting.push(exchange);
      this.#grow();
    }
    return exchange;
  }

  /** A connection that was opened elsewhere. */
  add(socket: Socket): void {
    const { host, idleMs } = this.#options;
    const connection = new Connection(socket, host, idleMs, this);
    this.#open.add(connection);
    this.onFree(connection);
  }

  /** Takes no more; what is under way or waits goes on. */
  retire(): void {
    this.#retired = true;
    this.#dropIdle();
  }

  /** Ends everything, what is under way with this error. */
  destroy(reason: Error): void {
    this.#retired = true;
    for (const exchange of this.#waiting.splice(0)) exchange.fail(reason);
    for (const connection of [...this.#open]) connection.end(reason);
  }

  onFree(connection: Connection): void {
    const next = this.#next();
    if (next !== undefined) connection.send(next);
    else if (this.#retired) connection.drop();
    else {
      this.#idle.push(connection);
      connection.rest();
    }
  }

  onGone(connection: Connection, silent: boolean): void {
    this.#open.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    // A server that went silent on one connection has mostly gone on all of them, and none of the others can tell.
    if (silent) this.#dropIdle();
    this.#grow();
  }

  #next(): Exchange | undefined {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) if (!next.over) return next;
    return undefined;
  }

  #grow(): void {
    while (this.#waiting.length > this.#dialing && this.size < this.#options.connections) void this.#dial();
  }

  async #dial(): Promise<void> {
    this.#dialing += 1;
    let opened: Socket | Error;
    try {
      opened = await this.#options.dial();
      if (opened.destroyed) opened = new HttpError("ECONNRESET", "the connection ended as soon as it stood");
    } catch (error) {
      opened = error instanceof Error ? error : new HttpError("ECONNRESET", "no connection");
    }
    this.#dialing -= 1;
    if (!(opened instanceof Error)) return this.add(opened);
    // Whoever has waited longest is told; the others have attempts of their own.
    this.#next()?.fail(opened);
    this.#grow();
  }

  #dropIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.drop();
  }
}
