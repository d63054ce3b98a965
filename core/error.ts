// Errors typed by what the caller has to decide, not by where they came from.

export type ErrorKind =
  | "retryable" // passes by itself: try again later, with back-off
  | "uncertain" // the request may have taken effect: look before anything is repeated
  | "conflict" // somebody else was faster, or the name is taken: look again
  | "missing" // what was addressed is not there
  | "denied" // the credential is wrong, expired or may not do this
  | "invalid" // the other side will never accept this: the spec has to change
  | "terminal"; // nothing this process does will help

/** An error whose text is safe to show: no secret, no body of a request. */
export class LifecycleError extends Error {
  readonly kind: ErrorKind;
  /** Stable, for programs: UPPER_SNAKE. */
  readonly code: string;
  /** Milliseconds after which the other side said to come back, where it said so. */
  readonly retryAfter: number | null;

  constructor(kind: ErrorKind, code: string, message: string, options: { cause?: unknown; retryAfter?: number | null } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LifecycleError";
    this.kind = kind;
    this.code = code;
    this.retryAfter = options.retryAfter ?? null;
  }
}

/** Whether `error` is one of ours and of one of these kinds. */
export function isKind(error: unknown, ...kinds: ErrorKind[]): error is LifecycleError {
  return error instanceof LifecycleError && kinds.includes(error.kind);
}
