// How a call gets through: one connection pool a client, the gate, the tries, the credential of each try. It
// knows operations and statuses, and nothing of what an answer means.
import { X509Certificate } from "node:crypto";
import { LifecycleError } from "../core/error.ts";
import type { SecretValue } from "../core/secret-value.ts";
import type { Address } from "./address.ts";
import { systemClock } from "./clock.ts";
import { ClockOffset } from "./clock-offset.ts";
import { readCredential } from "./credential.ts";
import type { Credential } from "./credential.ts";
import { Direct } from "./direct.ts";
import { exchange } from "./exchange.ts";
import type { Answer, Exchange, Outcome } from "./exchange.ts";
import { broken, failure } from "./failure.ts";
import type { Context, Operation } from "./failure.ts";
import { Gate } from "./gate.ts";
import { Proxied } from "./proxied.ts";
import type { Proxy } from "./proxied.ts";
import { pause, throttled, worthRepeating } from "./retry.ts";
import type { Timing } from "./retry.ts";
import type { Ask, Way } from "./way.ts";

export interface TransportOptions {
  readonly address: Address;
  readonly token: Credential;
  readonly timeout: number;
  readonly caBundle: string | null;
  readonly maxInFlight: number;
  readonly requestsPerSecond: number | null;
  readonly userAgent: string;
  readonly proxy: Proxy | null;
  readonly timing: Timing;
  readonly operations: readonly Operation[];
}

export interface Call {
  readonly operation: Operation;
  /** Below the API's base, with the query. */
  readonly path: string;
  readonly body?: object;
  /** Bytes of the answer; default 1 MiB. */
  readonly limit?: number;
  /** Another one than the client's own. */
  readonly credential?: SecretValue;
  /** Which answers besides 2xx the caller wants to see instead of an error. */
  readonly accepts?: (answer: Answer) => boolean;
}

const DEFAULT_LIMIT = 1_048_576;

const closed = (): LifecycleError => new LifecycleError("retryable", "CLIENT_CLOSED", "The client of the token API was closed before the call was through.");

export class Transport {
  /** Requests sent, repeats included, by operation. */
  readonly requests: Record<string, number>;
  readonly #options: TransportOptions;
  readonly #way: Way;
  readonly #gate: Gate;
  readonly #clockOffset = new ClockOffset(systemClock);
  #closing: Promise<void> | null = null;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.requests = Object.fromEntries(options.operations.map(({ name }) => [name, 0]));
    this.#way = wayFor(options);
    this.#gate = new Gate({ maxInFlight: options.maxInFlight, requestsPerSecond: options.requestsPerSecond, recovery: options.timing.recovery });
  }

  get clockOffset(): number {
    return this.#clockOffset.now;
  }

  /** How many calls may be in flight just now. */
  get limit(): number {
    return this.#gate.limit;
  }

  /** The answer, when it is a 2xx or one that the call accepts; anything else is thrown. */
  async send(call: Call): Promise<Answer> {
    const begun = performance.now();
    let credential = await this.#credential(call);
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const { outcome, wait } = await this.#try(call, credential, { attempt, begun });
      if (wait !== null) {
        await this.#gate.rest(wait);
        credential = await this.#credential(call);
        continue;
      }
      if (outcome.is === "answer" && outcome.status === 401 && !renewed) {
        // The token may have been exchanged since it was read: a refused call was not worked on, whatever it is.
        renewed = true;
        const fresh = await this.#credential(call);
        if (fresh.reveal() !== credential.reveal()) {
          credential = fresh;
          continue;
        }
      }
      return this.#settle(call, outcome, credential);
    }
  }

  close(): Promise<void> {
    this.#gate.end(closed());
    return (this.#closing ??= this.#way.destroy());
  }

  #credential(call: Call): Promise<SecretValue> | SecretValue {
    return call.credential === undefined ? readCredential(this.#options.token) : call.credential;
  }

  async #try(call: Call, credential: SecretValue, { attempt, begun }: { attempt: number; begun: number }): Promise<{ outcome: Outcome; wait: number | null }> {
    const pass = await this.#gate.enter();
    try {
      const { name } = call.operation;
      this.requests[name] = (this.requests[name] ?? 0) + 1;
      const outcome = await exchange(this.#way, this.#exchange(call, credential));
      if (outcome.is === "answer" && outcome.clockOffset !== null) this.#clockOffset.note(outcome.clockOffset);
      const wait = this.#wait(outcome, call.operation, { attempt, begun });
      if (throttled(outcome)) this.#gate.slow(pass, wait ?? this.#backlog(outcome));
      else if (outcome.is === "answer" && outcome.status < 500) this.#gate.well();
      return { outcome, wait };
    } finally {
      this.#gate.leave();
    }
  }

  #exchange(call: Call, credential: SecretValue): Exchange {
    const { address, userAgent, timeout } = this.#options;
    // What must not be done twice waits longer than the server will: its answer is worth more than our time.
    const patience = call.operation.repeatable ? timeout : timeout * 2;
    const headers: Record<string, string> = { authorization: `Bearer ${credential.reveal()}`, accept: "application/json", "user-agent": userAgent };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    const request: Ask = {
      origin: address.origin,
      path: `${address.base}${call.path}`,
      method: call.operation.method,
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
    };
    return { request, limit: call.limit ?? DEFAULT_LIMIT, patience, longest: patience * 10 };
  }

  /** The pause before the next try; null: this was the last. A slow API is not waited for four times over. */
  #wait(outcome: Outcome, operation: Operation, { attempt, begun }: { attempt: number; begun: number }): number | null {
    if (this.#closing !== null || !worthRepeating(outcome, operation.repeatable)) return null;
    const wait = pause(outcome, attempt, this.#options.timing);
    return wait === null || performance.now() + wait - begun > this.#options.timeout * 2 ? null : wait;
  }

  /** How long the others hold back after a call that gave up. */
  #backlog(outcome: Outcome): number {
    const asked = outcome.is === "answer" ? outcome.retryAfter : null;
    return Math.min(asked ?? this.#options.timing.base, this.#options.timing.longestRetryAfter);
  }

  #settle(call: Call, outcome: Outcome, credential: SecretValue): Answer {
    const context: Context = { operation: call.operation, host: this.#options.address.host, credential, now: Date.now() + this.clockOffset };
    if (outcome.is === "broken") {
      if (this.#closing !== null && (call.operation.repeatable || !outcome.sent)) throw closed();
      throw broken(outcome, context);
    }
    if ((outcome.status >= 200 && outcome.status < 300) || call.accepts?.(outcome) === true) return outcome;
    throw failure(outcome, context);
  }
}

function wayFor({ timeout, caBundle, maxInFlight, proxy }: TransportOptions): Way {
  const options = { connections: maxInFlight, connectTimeout: Math.min(10_000, timeout), ca: caBundle === null ? null : checkedBundle(caBundle) };
  return proxy === null ? new Direct(options) : new Proxied(proxy, options);
}

function checkedBundle(bundle: string): string {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
    if (blocks.length > 0) return bundle;
  } catch {
    // Said below, together with the empty one.
  }
  throw new LifecycleError("invalid", "CA_BUNDLE_INVALID", "caBundle holds no certificate that can be read: put one or more in PEM there, each with its BEGIN CERTIFICATE line.");
}
