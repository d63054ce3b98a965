// The log of one request, whose lines bear its id. Decides that only failures are told, and
// that a request has no logger of its own before its first line: few have anything to say.
import { type FastifyBaseLogger, LogController } from "fastify";

type Bindings = Parameters<FastifyBaseLogger["child"]>[0];
type ChildOptions = Parameters<FastifyBaseLogger["child"]>[1];
type Line = Parameters<FastifyBaseLogger["info"]>;

class RequestLog {
  readonly #parent: FastifyBaseLogger;
  readonly #bindings: Bindings;
  readonly #options: ChildOptions;
  #own: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options: ChildOptions) {
    this.#parent = parent;
    this.#bindings = bindings;
    this.#options = options;
  }

  get level(): string {
    return this.#parent.level;
  }

  child(bindings: Bindings, options?: ChildOptions): FastifyBaseLogger {
    return this.#log().child(bindings, options);
  }

  fatal(...line: Line): void {
    this.#log().fatal(...line);
  }

  error(...line: Line): void {
    this.#log().error(...line);
  }

  warn(...line: Line): void {
    this.#log().warn(...line);
  }

  info(...line: Line): void {
    this.#log().info(...line);
  }

  debug(...line: Line): void {
    this.#log().debug(...line);
  }

  trace(...line: Line): void {
    this.#log().trace(...line);
  }

  silent(...line: Line): void {
    this.#log().silent(...line);
  }

  #log(): FastifyBaseLogger {
    return (this.#own ??= this.#parent.child(this.#bindings, this.#options));
  }
}

/** One line a request would be most of the log and none of it news. */
export class FailuresOnly extends LogController {
  override incomingRequest(): void {
    // Nothing has failed yet.
  }

  override requestCompleted(...[error, ...rest]: Parameters<LogController["requestCompleted"]>): void {
    if (error !== null && error !== undefined) super.requestCompleted(error, ...rest);
  }
}

export function requestLog(parent: FastifyBaseLogger, bindings: Bindings, options: ChildOptions): FastifyBaseLogger {
  return new RequestLog(parent, bindings, options) as unknown as FastifyBaseLogger;
}
