// One request and what becomes of it, told piece by piece. The calls have the names of undici's handlers, so that
// a dispatcher of that library can stand in for a pool. Decides that an end is told once; must not know connections.

export interface Request {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A Buffer is sent as it is and never copied: it may be wiped once the answer is there. */
  readonly body: string | Buffer | null;
}

/** Names in lower case; a field that came several times is joined by commas, as RFC 9110 section 5.3 allows. */
export type AnswerHeaders = Readonly<Record<string, string>>;

export interface Controller {
  /** Ends it with this error; its connection goes with it. Nothing happens where it has ended. */
  abort(reason: Error): void;
  /** Reads nothing more until `resume`: what has been received by then still comes. */
  pause(): void;
  resume(): void;
}

export interface Handler {
  /** A connection stands and nothing has been written to it: what is aborted by now has certainly not left. */
  onRequestStart(controller: Controller): void;
  onResponseStart(controller: Controller, status: number, headers: AnswerHeaders): void;
  onResponseData(controller: Controller, chunk: Buffer): void;
  /** The answer came whole. This or `onResponseError` is the last call, and comes once. */
  onResponseEnd(): void;
  onResponseError(controller: Controller, error: Error): void;
}

/** What carries an exchange while it is under way. */
export interface Carrier {
  drop(): void;
  pause(): void;
  resume(): void;
}

export class Exchange implements Controller {
  readonly request: Request;
  /** Null: it waits for a connection, or it is over. */
  carrier: Carrier | null = null;
  /** Whether an answer has begun. */
  answered = false;
  #over = false;
  readonly #handler: Handler;

  constructor(request: Request, handler: Handler) {
    this.request = request;
    this.#handler = handler;
  }

  get over(): boolean {
    return this.#over;
  }

  abort(reason: Error): void {
    if (this.#over) return;
    this.carrier?.drop();
    this.fail(reason);
  }

  pause(): void {
    this.carrier?.pause();
  }

  resume(): void {
    this.carrier?.resume();
  }

  start(): void {
    this.#handler.onRequestStart(this);
  }

  head(status: number, headers: AnswerHeaders): void {
    this.answered = true;
    this.#handler.onResponseStart(this, status, headers);
  }

  data(chunk: Buffer): void {
    this.#handler.onResponseData(this, chunk);
  }

  end(): void {
    if (this.#over) return;
    this.#finish();
    this.#handler.onResponseEnd();
  }

  fail(error: Error): void {
    if (this.#over) return;
    this.#finish();
    this.#handler.onResponseError(this, error);
  }

  #finish(): void {
    this.#over = true;
    this.carrier = null;
  }
}
