// Sends one request and brings back a good answer or a typed error. Decides which
// connection carries it, how long it may take and what is repeated here: a 401 once
// with fresh credentials, and what the server itself asked to repeat (Retry-After).
// Everything else is the work queue's to repeat. Must not know resources.
//
// Reads and writes share one HTTP/2 connection, watches another: a long list or watch
// must not hold the flow-control window that a write waits for.
import { Pool } from "undici";
import type { Dispatcher } from "undici";
import { ApiError } from "./api-error.ts";
import type { Status } from "./api-error.ts";
import { sleep, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { credentialConnector } from "./connector.ts";
import type { Credentials } from "./credentials.ts";
import { layGhosts } from "./ghost-streams.ts";

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
  /** Connections where the server speaks only HTTP/1.1; with HTTP/2 one is opened. Default 32. */
  connections?: number;
  /** Time until the headers of an answer. Default 15 s. */
  requestTimeoutMs?: number;
  connectTimeoutMs?: number;
  /** HTTP/2 ping on a connection that carries watches; a second unanswered one ends it. Default 15 s. */
  watchPingMs?: number;
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
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export type ResponseBody = Dispatcher.ResponseData["body"];

const retryLimit = 10;

export class Transport {
  readonly #credentials: Credentials;
  readonly #pool: Pool;
  readonly #watchPool: Pool;
  readonly #userAgent: string;
  readonly #timeoutMs: number;
  readonly #retryBudgetMs: number;
  readonly #onRequest: ((measurement: RequestMeasurement) => void) | undefined;
  readonly #clock: Clock;

  constructor(options: TransportOptions) {
    layGhosts();
    const connect = credentialConnector(options.credentials, options.connectTimeoutMs ?? 10_000);
    // undici's default of 4 s would also close idle HTTP/2 sessions; the apiserver's own limit is 90 s.
    const shared = { connect, allowH2: true, keepAliveTimeout: 60_000 };
    this.#credentials = options.credentials;
    this.#userAgent = options.userAgent ?? "kubernetes-controller-runtime";
    this.#timeoutMs = options.requestTimeoutMs ?? 15_000;
    this.#retryBudgetMs = options.retryBudgetMs ?? 30_000;
    this.#onRequest = options.onRequest;
    this.#clock = options.clock ?? systemClock;
    this.#pool = new Pool(options.credentials.server.origin, {
      ...shared,
      connections: options.connections ?? 32,
      headersTimeout: this.#timeoutMs,
      bodyTimeout: 30_000,
      h2Options: { pingInterval: 30_000 },
    });
    this.#watchPool = new Pool(options.credentials.server.origin, {
      ...shared,
      connections: options.connections ?? 32,
      headersTimeout: 30_000,
      bodyTimeout: 0,
      h2Options: { pingInterval: options.watchPingMs ?? 15_000 },
    });
  }

  /** The body of a 2xx answer, as text. */
  async text(request: ApiRequest): Promise<string> {
    const body = await this.#send(request);
    return body.text();
  }

  /** The open body of a 2xx answer. The caller reads or destroys it. */
  stream(request: ApiRequest): Promise<ResponseBody> {
    return this.#send(request);
  }

  /** Ends every connection, also those with requests under way. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#watchPool.destroy()]);
  }

  async #send(request: ApiRequest): Promise<ResponseBody> {
    let waitedMs = 0;
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#once(request);
      if (answer.status < 300) return answer.body;
      const error = await refusal(request, answer);
      if (error.status === 401 && !renewed) {
        renewed = true;
        this.#credentials.invalidate();
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

  async #once(request: ApiRequest): Promise<{ status: number; retryAfter: string | undefined; body: ResponseBody }> {
    const started = performance.now();
    let code = "<error>";
    try {
      const pending = this.#credentials.authorization();
      const authorization = typeof pending === "object" ? await pending : pending;
      const response = await (request.watch === true ? this.#watchPool : this.#pool).request(this.#options(request, authorization));
      code = String(response.statusCode);
      const retryAfter = response.headers["retry-after"];
      return { status: response.statusCode, retryAfter: typeof retryAfter === "string" ? retryAfter : undefined, body: response.body };
    } catch (error) {
      const name = (error as { code?: unknown }).code;
      if (typeof name === "string") code = name;
      throw error;
    } finally {
      this.#onRequest?.({ verb: request.verb, resource: request.resource, code, seconds: (performance.now() - started) / 1000 });
    }
  }

  #options(request: ApiRequest, authorization: string | undefined): Dispatcher.RequestOptions {
    const headers: Record<string, string> = { accept: request.accept, "user-agent": this.#userAgent };
    if (authorization !== undefined) headers["authorization"] = authorization;
    if (request.contentType !== undefined) headers["content-type"] = request.contentType;
    return {
      path: request.path,
      method: request.method,
      headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.timeoutMs === undefined ? {} : { headersTimeout: request.timeoutMs, bodyTimeout: request.timeoutMs }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
  }
}

/** 429 is said before anything is done, so it may be repeated for every verb; a 503 may come after. */
function retryDelay(request: ApiRequest, error: ApiError): number | undefined {
  if (error.status === 429) return error.retryAfterMs ?? 1_000;
  if (error.status === 503 && request.idempotent) return error.retryAfterMs;
  return undefined;
}

async function refusal(request: ApiRequest, answer: { status: number; retryAfter: string | undefined; body: ResponseBody }): Promise<ApiError> {
  const text = await answer.body.text().catch(() => "");
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
