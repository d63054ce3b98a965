// Nobody answered. Decides how such a failure is told, and whether the request is known
// to have gone nowhere; must not know what was asked.

export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: string;
  /** The server certainly did not work on it: it may be sent again, whatever it is. */
  readonly unsent: boolean;

  constructor(code: string, message: string, unsent = false) {
    super(message);
    this.code = code;
    this.unsent = unsent;
  }
}

/** A thrown value of node's network modules as one of ours. */
export function transportError(error: unknown, unsent = false): TransportError {
  if (error instanceof TransportError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : "the connection failed";
  return new TransportError(typeof code === "string" ? code : "CONNECTION_FAILED", message, unsent);
}
