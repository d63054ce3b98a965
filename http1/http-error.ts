// What went wrong on a connection, by a code that callers may compare.

export type HttpErrorCode =
  /** The server's bytes are no HTTP/1.1 answer. */
  | "HTTP_PARSE"
  /** The connection ended before the answer was whole. */
  | "ECONNRESET"
  /** A method, path or header that cannot be written: it did not leave. */
  | "ERR_INVALID_CHAR"
  /** The pool was closed. */
  | "CLOSED";

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;

  /** The message never holds what was received: that may be a secret. */
  constructor(code: HttpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
