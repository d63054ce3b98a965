// HTTP/1.1 to one server: a bounded number of kept connections, one request at a time on each. Decides how many, and
// what a failure means for whoever asked; must not know what is asked.
import type { Socket } from "node:net";
import type { AnswerHeaders, Controller, Handler } from "../../http1/exchange.ts";
import { Pool } from "../../http1/pool.ts";
import { reasonOf, waiting } from "./link.ts";
import type { BodyEnd, BodyReader, Incoming, Link, Outgoing, Waiting } from "./link.ts";
import { TransportError, transportError } from "./transport-error.ts";

/** The apiserver closes an idle connection after 90 s: we are first, so that no request meets its end. */
const idleMs = 60_000;

export class Http1Link implements Link {
  readonly pinged = false;
  readonly #pool: Pool;
  #retired = false;

  /** `first` is the connection that found out the protocol. */
  constructor(first: Socket, authority: string, connections: number, dial: () => Promise<Socket>) {
    this.#pool = new Pool({ host: authority, connections, idleMs, dial });
    this.#pool.add(first);
  }

  get usable(): boolean {
    return !this.#retired;
  }

  get ended(): boolean {
    return this.#retired && this.#pool.size === 0;
  }

  request(out: Outgoing): Promise<Incoming> {
    return new Promise((resolve, reject) => new Asked(out, { resolve, reject }).over(this.#pool));
  }

  retire(): void {
    this.#retired = true;
    this.#pool.retire();
  }

  destroy(): void {
    this.#retired = true;
    this.#pool.destroy(new TransportError("CLOSED", "the client was closed"));
  }
}

interface Caller {
  resolve: (answer: Incoming) => void;
  reject: (error: Error) => void;
}

/** One request, and then its answer: what of the body comes before somebody reads it is kept. */
class Asked implements Handler, Incoming {
  status = 0;
  retryAfter: string | undefined;
  readonly #out: Outgoing;
  readonly #caller: Caller;
  readonly #wait: Waiting;
  #controller: Controller | undefined;
  #sent = false;
  #kept: Buffer[] = [];
  #reader: BodyReader | undefined;
  #end: BodyEnd | Error | undefined;

  constructor(out: Outgoing, caller: Caller) {
    this.#out = out;
    this.#caller = caller;
    this.#wait = waiting(out, (reason) => this.destroy(reason));
  }

  over(pool: Pool): void {
    const { method, path, headers, body = null, urgent } = this.#out;
    this.#controller = pool.request({ method, path, headers, body }, this, urgent);
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
    for (const chunk of this.#kept.splice(0)) reader.data(chunk);
    if (this.#end !== undefined) this.#tell(this.#end);
  }

  destroy(reason: Error = new TransportError("ABORTED", "the answer was given up")): void {
    this.#controller?.abort(reason);
  }

  onRequestStart(): void {
    this.#sent = true;
  }

  onResponseStart(_controller: Controller, status: number, headers: AnswerHeaders): void {
    this.#wait.answered();
    this.status = status;
    this.retryAfter = headers["retry-after"];
    this.#caller.resolve(this);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.#reader === undefined) this.#kept.push(chunk);
    else this.#reader.data(chunk);
  }

  onResponseEnd(): void {
    this.#over("whole");
  }

  onResponseError(_controller: Controller, error: Error): void {
    const { signal } = this.#out;
    if (this.status === 0) this.#caller.reject(signal?.aborted === true ? reasonOf(signal) : transportError(error, !this.#sent));
    this.#over((error as { code?: unknown }).code === "ECONNRESET" ? "cut" : error);
  }

  #over(end: BodyEnd | Error): void {
    this.#wait.over();
    this.#end = end;
    this.#tell(end);
  }

  #tell(end: BodyEnd | Error): void {
    if (end instanceof Error) this.#reader?.fail(end);
    else this.#reader?.end(end);
  }
}
