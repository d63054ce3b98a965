// Sends one request and brings back a good answer or a typed error. Decides which
// connection carries it, how long it may take and what is repeated here: a 401 once
// with fresh credentials, and what the server itself asked to repeat (Retry-After).
// Everything else is the work queue's to repeat. Must not know resources.
//
// Reads and writes go over HTTP/1.1, one at a time on each kept connection: in a young
// process that is a third less work than streams on one HTTP/2 connection. Watches share
// an HTTP/2 connection, whose pings notice a dead server.
import { ApiError } from "./api-error.ts";
import type { Status } from "./api-error.ts";
import { sleep, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import { reasonOf } from "./link.ts";
import type { Incoming } from "./link.ts";
import { mostInFlight, Throttle } from "./throttle.ts";
import { TransportError } from "./transport-error.ts";

export interface RequestMeasurement {
  verb: string;
  resource: string;
  /** The HTTP status, or the error's code where nobody answered. */
  code: string;
  seconds: number;
}

export interface TransportOptions {
  credentials: Credentials;
  userAgent?: string;
  /** Connections for reads and writes at most, and so requests under way; two more are for what is urgent. Default 16. */
  connections?: number;
  /** Time until the headers of an answer. Default 15 s. */
  requestTimeoutMs?: number;
  connectTimeoutMs?: number;
  /** A connection on which nothing came for so long is asked, and ended when it stays silent as long again. Default 15 s. */
  pingMs?: number;
  /** The longest a request waits in all because the server said Retry-After. Default 30 s. */
  retryBudgetMs?: number;
  onRequest?: (measurement: RequestMeasurement) => void;
  clock?: Clock;
}

export interface ApiRequest {
  verb: string;
  resource: string;
  /** For error messages: the resource and the object's key, never content. */
  target: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  accept: string;
  contentType?: string;
  body?: string | Buffer;
  /** Repeating it changes nothing: a 503 may be tried again. */
  idempotent: boolean;
  sensitive: boolean;
  watch?: boolean;
  /** Goes out at once even while the server wants fewer requests: what keeps this process in office. */
  urgent?: boolean | undefined;
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The lease must not wait for a slow write to end. */
const urgentConnections = 2;
const retryLimit = 10;
/** A body that stands still this long is not going to end. */
const bodyTimeoutMs = 30_000;

export class Transport {
  readonly #credentials: Credentials;
  readonly #requests: Connection;
  readonly #watches: Connection;
  readonly #throttle: Throttle;
  readonly #userAgent: string;
  readonly #timeoutMs: number;
  readonly #retryBudgetMs: number;
  readonly #onRequest: ((measurement: RequestMeasurement) => void) | undefined;
  readonly #clock: Clock;

  constructor(options: TransportOptions) {
    const { credentials, connectTimeoutMs = 10_000, pingMs = 15_000, connections = mostInFlight } = options;
    this.#credentials = credentials;
    this.#userAgent = options.userAgent ?? "kubernetes-controller-runtime";
    this.#timeoutMs = options.requestTimeoutMs ?? 15_000;
    this.#retryBudgetMs = options.retryBudgetMs ?? 30_000;
    this.#onRequest = options.onRequest;
    this.#clock = options.clock ?? systemClock;
    this.#throttle = new Throttle(this.#clock, connections);
    const shared = { credentials, connectTimeoutMs, pingMs };
    this.#requests = new Connection({ ...shared, protocol: "http/1.1", connections: connections + urgentConnections });
    this.#watches = new Connection({ ...shared, protocol: "h2", connections: Infinity });
  }

  /** How many requests may be under way just now: fewer after the server said 429. */
  get limit(): number {
    return this.#throttle.limit;
  }

  /** Whether a watch may stay silent for long: where the protocol has no ping, only its end shows that the server is there. */
  watchesArePinged(signal?: AbortSignal): boolean | Promise<boolean> {
    return this.#watches.pinged(signal);
  }

  /** The body of a 2xx answer, as text. */
  async text(request: ApiRequest): Promise<string> {
    const answer = await this.#send(request);
    return read(answer, request.timeoutMs ?? bodyTimeoutMs);
  }

  /** A 2xx answer whose body is still open. The caller reads or destroys it. */
  stream(request: ApiRequest): Promise<Incoming> {
    return this.#send(request);
  }

  /** Ends every connection, also those with requests under way. */
  async close(): Promise<void> {
    this.#requests.close();
    this.#watches.close();
    await Promise.resolve();
  }

  async #send(request: ApiRequest): Promise<Incoming> {
    let waitedMs = 0;
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#once(request, attempt);
      if (answer === "unsent") continue;
      if (answer.status < 300) return answer;
      const error = await refusal(request, answer);
      if (error.status === 401 && !renewed) {
        renewed = true;
        this.#credentials.invalidate();
        await this.#over(request).renew();
        continue;
      }
      const delayMs = retryDelay(request, error);
      // Whoever set a time limit wants an answer in that time, be it a refusal.
      const budgetMs = Math.min(this.#retryBudgetMs, request.timeoutMs ?? Infinity);
      if (delayMs === undefined || attempt >= retryLimit || waitedMs + delayMs > budgetMs) throw error;
      waitedMs += delayMs;
      await sleep(this.#clock, delayMs, request.signal);
      if (request.signal?.aborted === true) throw error;
    }
  }

  /** "unsent": the connection ended before the server looked at it, or it may look at it twice. */
  async #once(request: ApiRequest, attempt: number): Promise<Incoming | "unsent"> {
    const throttled = request.watch !== true;
    const place = throttled ? this.#throttle.enter(request.urgent === true) : undefined;
    if (place !== undefined) await place;
    const sentAt = this.#clock.monotonic();
    const started = performance.now();
    let code = "<error>";
    try {
      const pending = this.#credentials.authorization();
      const answer = await this.#exchange(request, typeof pending === "object" ? await pending : pending);
      code = String(answer.status);
      if (answer.status === 429) this.#throttle.refused(sentAt);
      return answer;
    } catch (error) {
      const name = (error as { code?: unknown }).code;
      if (typeof name === "string") code = name;
      if (error instanceof TransportError && mayRepeat(request, error, attempt)) return "unsent";
      throw error;
    } finally {
      if (throttled) this.#throttle.leave();
      this.#onRequest?.({ verb: request.verb, resource: request.resource, code, seconds: (performance.now() - started) / 1000 });
    }
  }

  #exchange(request: ApiRequest, authorization: string | undefined): Promise<Incoming> {
    const { method, path, body, signal } = request;
    if (signal?.aborted === true) throw reasonOf(signal);
    const headers: Record<string, string> = { accept: request.accept, "user-agent": this.#userAgent };
    if (authorization !== undefined) headers["authorization"] = authorization;
    if (request.contentType !== undefined) headers["content-type"] = request.contentType;
    const headersTimeoutMs = request.timeoutMs ?? (request.watch === true ? bodyTimeoutMs : this.#timeoutMs);
    return this.#over(request).request({ method, path, headers, body, headersTimeoutMs, signal, urgent: request.urgent === true });
  }

  #over(request: ApiRequest): Connection {
    return request.watch === true ? this.#watches : this.#requests;
  }
}

/** A connection that ended under a request; whoever does not listen at all is the caller's to wait for. */
const ended = new Set(["ERR_HTTP2_STREAM_ERROR", "ERR_HTTP2_GOAWAY_SESSION", "ERR_HTTP2_INVALID_SESSION", "ERR_HTTP2_STREAM_CANCEL", "CONNECTION_CLOSED", "ECONNRESET", "EPIPE"]);

/** What never left may go out again; a read may once, since a connection that was kept may have ended unnoticed. */
function mayRepeat({ method, watch }: ApiRequest, error: TransportError, attempt: number): boolean {
  if (!ended.has(error.code)) return false;
  return error.unsent ? attempt < 3 : attempt === 1 && method === "GET" && watch !== true;
}

/** The whole body as text. */
function read(answer: Incoming, stillMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => answer.destroy(new TransportError("TIMEOUT", `the answer stood still for ${stillMs} ms`)), stillMs);
    answer.read({
      data(chunk) {
        // The first chunk is mostly the last: only a long body is worth a longer wait.
        if (chunks.length > 0) timer.refresh();
        chunks.push(chunk);
      },
      end(how) {
        clearTimeout(timer);
        if (how !== "whole") return reject(new TransportError("CONNECTION_CLOSED", "the answer was cut"));
        resolve((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString("utf8"));
      },
      fail(error) {
        clearTimeout(timer);
        reject(error);
      },
    });
  });
}

/** 429 is said before anything is done, so it may be repeated for every verb; a 503 may come after. */
function retryDelay(request: ApiRequest, error: ApiError): number | undefined {
  if (error.status === 429) return error.retryAfterMs ?? 1_000;
  if (error.status === 503 && request.idempotent) return error.retryAfterMs;
  return undefined;
}

async function refusal(request: ApiRequest, answer: Incoming): Promise<ApiError> {
  const text = await read(answer, bodyTimeoutMs).catch(() => "");
  const body = parseStatus(text);
  const seconds = Number(answer.retryAfter ?? body?.details?.retryAfterSeconds ?? Number.NaN);
  return new ApiError({
    what: `${request.verb} ${request.target}`,
    status: answer.status,
    body,
    retryAfterMs: Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : undefined,
    sensitive: request.sensitive,
  });
}

/** Proxies answer in HTML; only a Status is believed. */
function parseStatus(text: string): Status | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value = JSON.parse(text) as Status;
    return value.kind === "Status" ? value : undefined;
  } catch {
    return undefined;
  }
}
