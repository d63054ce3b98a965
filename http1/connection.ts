// One open connection, one exchange at a time on it. Decides whether it may carry another; must not know who waits
// for one, nor how it was opened.
import type { Socket } from "node:net";
import { AnswerParser } from "./answer-parser.ts";
import type { AnswerHeaders, Carrier, Exchange } from "./exchange.ts";
import { HttpError } from "./http-error.ts";
import { requestHead } from "./request-head.ts";

export interface ConnectionOwner {
  /** It may carry the next exchange. */
  onFree(connection: Connection): void;
  /** It carries nothing more. `silent`: its last exchange was given up before an answer began. */
  onGone(connection: Connection, silent: boolean): void;
}

/** So much sooner than the server announces: no request is to meet its end. */
const EARLIER = 1_000;

export class Connection implements Carrier {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #owner: ConnectionOwner;
  readonly #parser = new AnswerParser(this);
  #active: Exchange | null = null;
  #idleMs: number;
  #announced = "";
  #failure: Error | null = null;
  #gone = false;

  /** `host` is what the Host header says. `idleMs`: how long it is kept while it carries nothing. */
  constructor(socket: Socket, host: string, idleMs: number, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#host = host;
    this.#idleMs = idleMs;
    this.#owner = owner;
    socket.setTimeout(idleMs);
    socket.on("timeout", () => {
      if (this.#active === null) this.drop();
    });
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("end", () => this.#ended());
    socket.on("error", (error) => (this.#failure ??= error));
    socket.on("close", () => this.#close());
  }

  send(exchange: Exchange): void {
    let head: string;
    try {
      head = requestHead(exchange.request, this.#host);
    } catch (error) {
      exchange.fail(error as HttpError);
      this.#owner.onFree(this);
      return;
    }
    exchange.carrier = this;
    this.#active = exchange;
    this.#socket.ref();
    this.#parser.begin(exchange.request.method);
    exchange.start();
    // It may have been given up there, and the connection with it.
    if (this.#active === exchange) this.#write(head, exchange.request.body);
  }

  /** Kept, but no reason for the process to live on. */
  rest(): void {
    this.#socket.unref();
  }

  drop(): void {
    const silent = this.#active !== null && !this.#active.answered;
    this.#active = null;
    this.#socket.destroy();
    this.#leave(silent);
  }

  /** Ends it, and what it carries with this error. */
  end(reason: Error): void {
    this.#fail(reason);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  head(status: number, headers: AnswerHeaders): void {
    const announced = headers["keep-alive"];
    if (announced !== undefined && announced !== this.#announced) this.#keepFor(announced);
    this.#active?.head(status, headers);
  }

  data(chunk: Buffer): void {
    this.#active?.data(chunk);
  }

  // What fits into one write goes out as one: each is a call into the kernel, and over TLS a record.
  #write(head: string, body: string | Buffer | null): void {
    if (body === null) this.#socket.write(head, "latin1");
    else if (typeof body === "string") this.#socket.write(Buffer.from(head + body, "utf8"));
    else {
      this.#socket.cork();
      this.#socket.write(head, "latin1");
      this.#socket.write(body);
      this.#socket.uncork();
    }
  }

  #receive(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (!this.#parser.done) return;
    if (this.#active !== null) this.#finish();
    // Nobody asked.
    else if (!this.#parser.persistent) this.drop();
  }

  #finish(): void {
    const exchange = this.#active;
    this.#active = null;
    // A request that has not gone out whole by the time of its answer never will.
    const reusable = this.#parser.persistent && this.#idleMs > 0 && this.#socket.writableLength === 0;
    if (!reusable) this.#socket.destroy();
    else if (this.#socket.isPaused()) this.#socket.resume();
    exchange?.end();
    if (reusable) this.#owner.onFree(this);
    else this.#leave(false);
  }

  #ended(): void {
    if (this.#active !== null && this.#parser.close()) this.#finish();
    this.#close();
  }

  #close(): void {
    this.#fail(this.#failure ?? new HttpError("ECONNRESET", "the connection ended before the answer was whole"));
  }

  #fail(error: Error): void {
    const exchange = this.#active;
    this.#active = null;
    this.#socket.destroy();
    exchange?.fail(error);
    this.#leave(false);
  }

  #leave(silent: boolean): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#owner.onGone(this, silent);
  }

  #keepFor(announced: string): void {
    this.#announced = announced;
    const seconds = /(?:^|[,\s])timeout=(\d{1,9})/.exec(announced)?.[1];
    if (seconds === undefined) return;
    this.#idleMs = Math.max(0, Math.min(this.#idleMs, Number(seconds) * 1_000 - EARLIER));
    this.#socket.setTimeout(this.#idleMs);
  }
}
