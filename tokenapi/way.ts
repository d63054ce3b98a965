// How a request gets out, as exchange.ts needs it: told when the first byte is about to leave, and what comes back
// piece by piece. The calls have the names of undici's handlers, which the way through a proxy is built on.

export interface Ask {
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

export interface Grip {
  abort(reason: Error): void;
}

export type AnswerHeaders = Record<string, string | string[] | undefined>;

export interface Hearer {
  /** A connection stands and nothing has been written to it yet. */
  onRequestStart(grip: Grip): void;
  onResponseStart(grip: Grip, status: number, headers: AnswerHeaders): void;
  onResponseData(grip: Grip, chunk: Buffer): void;
  onResponseEnd(): void;
  onResponseError(grip: Grip | null, error: Error): void;
}

export interface Way {
  /** What has to be loaded first is no part of a request's time; null: nothing. */
  readonly ready: Promise<void> | null;
  dispatch(ask: Ask, hearer: Hearer): void;
  /** Ends every connection, and every request under way with an error. */
  destroy(): Promise<void>;
}
