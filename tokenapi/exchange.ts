// One request and its answer over a way out, told apart by what the caller has to know when it breaks:
// whether the request had been sent. Only here are the HTTP library's errors seen, and none of them gets out:
// some carry the bytes that were received, which may hold a token.
import type { Measured } from "./clock-offset.ts";
import { codeOf } from "./credential.ts";
import type { AnswerHeaders, Ask, Grip, Hearer, Way } from "./way.ts";

export interface Answer {
  readonly is: "answer";
  readonly status: number;
  readonly text: string;
  readonly retryAfter: number | null;
  readonly location: string | null;
  /** The API's clock minus ours as this answer shows it; null: it shows none. */
  readonly clockOffset: Measured | null;
}

export interface Broken {
  readonly is: "broken";
  /** False: it certainly never left. */
  readonly sent: boolean;
  readonly why: "unreachable" | "unresolved" | "certificate" | "proxy" | "late" | "lost" | "large";
  readonly code: string | null;
}

export type Outcome = Answer | Broken;

export interface Exchange {
  readonly request: Ask;
  /** Bytes of an answer's body. */
  readonly limit: number;
  /** Milliseconds until the request is sent, from there until an answer begins, and between its pieces. */
  readonly patience: number;
  /** Milliseconds from sending to the last byte, however steadily they trickle in. */
  readonly longest: number;
}

/** Error pages are read for a sentence at most. */
const ERROR_LIMIT = 1_048_576;
/** The Date header counts whole seconds: a smaller difference is none. */
const CLOCK_GRAIN = 1_500;

export function exchange(way: Way, terms: Exchange): Promise<Outcome> {
  const begin = (): Promise<Outcome> => new Promise((resolve) => way.dispatch(terms.request, new Reader(terms, resolve)));
  return way.ready === null ? begin() : way.ready.then(begin);
}

class Reader implements Hearer {
  readonly #terms: Exchange;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  #controller: Grip | null = null;
  #settled = false;
  #size = 0;
  /** By the monotonic clock, as is what was received. */
  #sentAt: number | null = null;
  #receivedAt = 0;
  /** The same moment by the clock that may jump. */
  #receivedOn = 0;
  #status = 0;
  #headers: AnswerHeaders = {};

  constructor(terms: Exchange, resolve: (outcome: Outcome) => void) {
    this.#terms = terms;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#giveUp(this.#sentAt === null ? "unreachable" : "late"), terms.patience);
  }

  // Called once a connection stands, just before the first byte is written to it: the line between
  // "never sent" and "may have been worked on". What was given up by then must not leave any more.
  onRequestStart(controller: Grip): void {
    this.#controller = controller;
    if (this.#settled) return controller.abort(new Error("given up"));
    this.#sentAt = performance.now();
    this.#timer.refresh();
  }

  onResponseStart(_controller: Grip, status: number, headers: AnswerHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#receivedAt = performance.now();
    this.#receivedOn = Date.now();
    this.#timer.refresh();
  }

  onResponseData(_controller: Grip, chunk: Buffer): void {
    if (this.#settled) return;
    const good = this.#status < 300;
    if (this.#size + chunk.length > (good ? this.#terms.limit : ERROR_LIMIT)) return good ? this.#giveUp("large") : this.#cutOff();
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    this.#timer.refresh();
    if (performance.now() - (this.#sentAt ?? 0) > this.#terms.longest) this.#giveUp("late");
  }

  onResponseEnd(): void {
    this.#settle(this.#answer());
  }

  onResponseError(_controller: Grip | null, error: Error): void {
    const code = codeOf(error);
    const why = breakage(error, code, this.#sentAt !== null);
    // A proxy that refuses has passed nothing on.
    this.#settle({ is: "broken", sent: this.#sentAt !== null && why !== "proxy", why, code });
  }

  #settle(outcome: Outcome): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  }

  #giveUp(why: Broken["why"]): void {
    this.#settle({ is: "broken", sent: this.#sentAt !== null, why, code: null });
    this.#controller?.abort(new Error("given up"));
  }

  /** Enough of an error page was read. */
  #cutOff(): void {
    this.#settle(this.#answer());
    this.#controller?.abort(new Error("read enough"));
  }

  #answer(): Answer {
    const { "retry-after": retryAfter, location } = this.#headers;
    const date = this.#date();
    return {
      is: "answer",
      status: this.#status,
      text: Buffer.concat(this.#chunks, this.#size).toString("utf8"),
      retryAfter: parseRetryAfter(typeof retryAfter === "string" ? retryAfter : null, date ?? this.#receivedOn),
      location: typeof location === "string" ? location : null,
      clockOffset: this.#offset(date),
    };
  }

  #date(): number | null {
    const { date } = this.#headers;
    const value = typeof date === "string" ? Date.parse(date) : NaN;
    return Number.isNaN(value) ? null : value;
  }

  // The answer was dated somewhere between sending and receiving, and the date is cut to its second: both are
  // met in the middle, and a difference that these two explain is none. A cache's answer has an old date.
  #offset(date: number | null): Measured | null {
    if (date === null || this.#sentAt === null || this.#headers["age"] !== undefined) return null;
    const half = Math.max(0, this.#receivedAt - this.#sentAt) / 2;
    const offset = Math.round(date + 500 - (this.#receivedOn - half));
    return { offset: Math.abs(offset) <= CLOCK_GRAIN + half ? 0 : offset, drift: this.#receivedOn - this.#receivedAt };
  }
}

const UNRESOLVED = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_NONAME", "EAI_NODATA"]);
// The verification errors of OpenSSL as Node names them, and a name that the certificate is not for.
const CERTIFICATE =
  /^(ERR_TLS_CERT_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|HOSTNAME_MISMATCH$|UND_ERR_PRX_TLS$)/;

function breakage(error: Error, code: string | null, sent: boolean): Broken["why"] {
  // undici gives the proxy's refusals no code of their own.
  if (code === "UND_ERR_PRX_CONN" || /^Proxy (response|Authentication)/.test(error.message)) return "proxy";
  if (code !== null && CERTIFICATE.test(code)) return "certificate";
  if (code !== null && UNRESOLVED.has(code)) return "unresolved";
  return sent ? "lost" : "unreachable";
}

/** A pause of Retry-After, seconds or a date, in milliseconds; null where there is none. */
function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
