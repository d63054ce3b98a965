// What one connection to the server does for transport.ts, whatever protocol it speaks.
// The part that both protocols share: a request has a time limit until its headers, can
// be given up by a signal at any time, and its body says whether it came whole.
import { TransportError } from "./transport-error.ts";

export interface Outgoing {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | undefined;
  /** Time until the headers of the answer. */
  headersTimeoutMs: number;
  signal: AbortSignal | undefined;
  /** Goes before all that wait for a connection. */
  urgent: boolean;
}

/** `cut`: the connection went in the middle. `reset`: the server gave this one answer up. */
export type BodyEnd = "whole" | "cut" | "reset";

/** Is told of an end or a failure once, after the last chunk. */
export interface BodyReader {
  data(chunk: Buffer): void;
  end(how: BodyEnd): void;
  fail(error: Error): void;
}

/** An answer whose body is still to come. Whoever has it reads it, once, or gives it up. */
export interface Incoming {
  readonly status: number;
  readonly retryAfter: string | undefined;
  read(reader: BodyReader): void;
  /** A reader is told of the reason. */
  destroy(reason?: Error): void;
}

export interface Link {
  /** Whether a dead peer is noticed while nothing is asked: HTTP/2 has a ping, HTTP/1.1 has none. */
  readonly pinged: boolean;
  /** False once nothing more can be asked here. */
  readonly usable: boolean;
  /** True once nothing is under way here any more, and nothing can be. */
  readonly ended: boolean;
  request(out: Outgoing): Promise<Incoming>;
  /** Takes no more requests; what is under way goes on. */
  retire(): void;
  destroy(): void;
}

export interface Waiting {
  /** The headers are here: the time limit is over, the signal still counts. */
  answered(): void;
  /** The exchange is over, however it ended. */
  over(): void;
}

/** Calls `giveUp` when the headers do not come in time, or when the signal fires. */
export function waiting({ headersTimeoutMs, signal }: Outgoing, giveUp: (reason: Error) => void): Waiting {
  const timer = setTimeout(() => giveUp(new TransportError("TIMEOUT", `no answer within ${headersTimeoutMs} ms`)), headersTimeoutMs);
  const onAbort = (): void => giveUp(reasonOf(signal));
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    answered: () => clearTimeout(timer),
    over() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new TransportError("ABORTED", "the request was given up");
}
