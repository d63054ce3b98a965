// What went wrong, as a kind that the caller can act on and a sentence that a person can. One table: status and
// operation in, error out. The API's own words are quoted for people, cut short, and never decide anything.
import { LifecycleError } from "../core/error.ts";
import type { ErrorKind } from "../core/error.ts";
import { formatInstant } from "../core/instant.ts";
import type { SecretValue } from "../core/secret-value.ts";
import { expiryOf } from "./credential.ts";
import type { Answer, Broken } from "./exchange.ts";

export interface Operation {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Completes "the token API refused to ...". */
  readonly does: string;
  /** Twice does no more than once: it may be sent again. */
  readonly repeatable: boolean;
  /** What a 400 says that is not about the request: the target is still in use. */
  readonly inUse?: { readonly code: string; readonly message: string };
}

export interface Context {
  readonly operation: Operation;
  readonly host: string;
  /** What the call was made with: looked into for its expiry, and blotted out of whatever is quoted. */
  readonly credential: SecretValue;
  /** The API's clock, milliseconds. */
  readonly now: number;
}

interface Verdict {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
}

const MAX_QUOTE = 300;
const MAX_LISTED = 3;

/** The error for an answer that is no success. */
export function failure(answer: Answer, context: Context): LifecycleError {
  const { kind, code, message } = judge(answer, context);
  return new LifecycleError(kind, code, message, { retryAfter: answer.retryAfter });
}

function judge(answer: Answer, context: Context): Verdict {
  const { status } = answer;
  if (status >= 500) return failed(answer, context);
  return status < 400 ? redirected(answer, context) : refused(answer, context);
}

function refused(answer: Answer, context: Context): Verdict {
  const { does } = context.operation;
  const { host } = context;
  const body = parseObject(answer.text);
  const said = body === null ? "" : quote(body, context.credential);
  switch (answer.status) {
    case 401:
      return rejected(context);
    case 403:
      // The API says why in JSON; anything else was said by something in front of it.
      if (body === null)
        return { kind: "denied", code: "FIREWALL", message: `Something in front of the token API, probably its firewall, answered 403 in its place when asked to ${does}: let this program's requests to ${host} through.` };
      return { kind: "denied", code: "PERMISSION_DENIED", message: `The credential may not ${does}${said}. Service users and service tokens need the token of an administrator.` };
    case 404:
    case 410:
      // A gateway without a backend answers 404 too: nothing may be concluded from that.
      if (body === null && answer.text !== "")
        return { kind: "retryable", code: "NOT_THE_API", message: `Something at ${host} that is not the token API answered ${answer.status} when asked to ${does}: check the url, and that the deployment runs.` };
      return { kind: "missing", code: "NOT_FOUND", message: `The token API found nothing there when asked to ${does}${said}.` };
    case 407:
      return { kind: "retryable", code: "API_PROXY", message: `The proxy in front of ${host} wants a user name and a password (407): put them into HTTPS_PROXY.` };
    case 408:
    case 425:
      return failed(answer, context);
    case 429:
      return { kind: "retryable", code: "RATE_LIMITED", message: `The token API at ${host} allows no more requests for now.` };
    default:
      return unacceptable(answer.status, said, context.operation);
  }
}

/** What the API understood, and will not do as things are. */
function unacceptable(status: number, said: string, { does, repeatable, inUse }: Operation): Verdict {
  if (inUse !== undefined && (status === 400 || status === 409)) return { kind: "conflict", ...inUse };
  if (status === 409 && repeatable) return { kind: "conflict", code: "CONFLICT", message: `The token API refused to ${does}, because something else changed it${said}.` };
  if (status === 409) return { kind: "conflict", code: "NAME_TAKEN", message: `The token API refused to ${does}: the name is taken${said}.` };
  if ([413, 414, 431].includes(status)) return { kind: "invalid", code: "REQUEST_TOO_LARGE", message: `The request to ${does} is larger than the token API accepts (${status})${said}.` };
  return { kind: "invalid", code: "REQUEST_REFUSED", message: `The token API refused to ${does} (${status})${said}.` };
}

function rejected({ credential, now, operation }: Context): Verdict {
  const expiry = expiryOf(credential);
  const why =
    expiry !== null && expiry <= now
      ? `it expired on ${formatInstant(expiry).slice(0, 10)}. Put a new token in its place`
      : "the token is wrong, expired or revoked, or this deployment refuses all tokens that Qualytics issues";
  return { kind: "denied", code: "CREDENTIAL_REJECTED", message: `The token API did not accept the credential when asked to ${operation.does}: ${why}.` };
}

function redirected(answer: Answer, { host, operation }: Context): Verdict {
  const target = answer.location !== null && URL.canParse(answer.location) ? ` to ${new URL(answer.location).origin}` : "";
  // A move for good needs another url in the spec; a detour (a login page, maintenance) may end by itself.
  const kind = answer.status === 301 || answer.status === 308 ? "invalid" : "retryable";
  return { kind, code: "REDIRECTED", message: `${host} redirects${target} when asked to ${operation.does}. The credential is not sent there: set the url to where the API stands.` };
}

/** 5xx, and what else says "not now": for what must not be done twice, nobody knows whether it was done. */
function failed(answer: Answer, { operation, host }: Context): Verdict {
  const { status } = answer;
  const refusedBefore = status === 425 || (status === 503 && answer.retryAfter !== null);
  if (!operation.repeatable && !refusedBefore)
    return { kind: "uncertain", code: "OUTCOME_UNKNOWN", message: `The token API answered ${status} when asked to ${operation.does}: it may have been done nevertheless.` };
  if (status >= 502 && status <= 504) return { kind: "retryable", code: "API_UNAVAILABLE", message: `The token API at ${host} is not available (${status}).` };
  return { kind: "retryable", code: "API_FAILED", message: `The token API at ${host} failed with ${status} when asked to ${operation.does}.` };
}

/** What OpenSSL says of an answer in plain HTTP. */
const NO_TLS = "ERR_SSL_WRONG_VERSION_NUMBER";

/** The error for an exchange that did not come to its end. */
export function broken(outcome: Broken, { operation, host }: Context): LifecycleError {
  const code = outcome.code === null ? "" : ` (${outcome.code})`;
  if (outcome.sent && !operation.repeatable)
    return new LifecycleError("uncertain", "OUTCOME_UNKNOWN", `${broke(outcome.why, host)}${code} when it was asked to ${operation.does}: it may have been done nevertheless.`);
  switch (outcome.why) {
    case "certificate":
      return new LifecycleError("retryable", "API_CERTIFICATE", `The certificate of ${host} is not trusted${code}. If a private authority signed it, put that authority's certificate into caBundle.`);
    case "unresolved":
      return new LifecycleError("retryable", "API_UNREACHABLE", `The name of the token API, ${host}, is not known${code}. Check the url and the name resolution here.`);
    case "unreachable":
      if (outcome.code === NO_TLS) return new LifecycleError("retryable", "API_UNREACHABLE", `What answers at ${host} speaks no TLS${code}. Check the url: it has to begin with http:// where that is meant.`);
      return new LifecycleError("retryable", "API_UNREACHABLE", `The token API at ${host} cannot be reached${code}. Check the url, that the deployment runs, and that network and proxy let this process through.`);
    case "proxy":
      return new LifecycleError("retryable", "API_PROXY", `The proxy did not let the request through to ${host}${code}. Check HTTPS_PROXY and NO_PROXY, and what the proxy allows.`);
    case "late":
      return new LifecycleError("retryable", "ANSWER_LATE", `${broke("late", host)}${code} when it was asked to ${operation.does}.`);
    case "large":
      return new LifecycleError("retryable", "ANSWER_TOO_LARGE", `${broke("large", host)} when it was asked to ${operation.does}. Check that the url is the API's.`);
    case "lost":
      return new LifecycleError("retryable", "ANSWER_LOST", `${broke("lost", host)}${code} when it was asked to ${operation.does}.`);
  }
}

function broke(why: Broken["why"], host: string): string {
  if (why === "late") return `The token API at ${host} did not answer in time`;
  if (why === "large") return `The token API at ${host} answered with more than can be right`;
  return `The connection to the token API at ${host} broke before the answer was complete`;
}

/** Whether an answer's body is a JSON object, as all of the API's own refusals are. */
export function isFromApi(answer: Answer): boolean {
  return parseObject(answer.text) !== null;
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

/** ": what the API said", or nothing. From a list of faults the places and words; never what was sent in. */
function quote(body: object, credential: SecretValue): string {
  const detail: unknown = "detail" in body ? body.detail : null;
  const words = typeof detail === "string" ? detail : Array.isArray(detail) ? faults(detail) : "";
  const text = blot(words, credential).replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim().replace(/\.+$/, "");
  if (text === "") return "";
  const letters = Array.from(text);
  return `: ${letters.length > MAX_QUOTE ? `${letters.slice(0, MAX_QUOTE).join("")}…` : text}`;
}

function faults(detail: readonly unknown[]): string {
  const lines = detail.slice(0, MAX_LISTED).flatMap((fault) => {
    if (typeof fault !== "object" || fault === null || !("msg" in fault) || typeof fault.msg !== "string") return [];
    const place = "loc" in fault && Array.isArray(fault.loc) ? fault.loc.filter((part) => typeof part === "string" || typeof part === "number").join(".") : "";
    return [place === "" ? fault.msg : `${place}: ${fault.msg}`];
  });
  return detail.length > MAX_LISTED ? `${lines.join("; ")}; and ${detail.length - MAX_LISTED} more` : lines.join("; ");
}

/** An API that echoes what it was sent must not make us print it. */
function blot(text: string, credential: SecretValue): string {
  return text.replaceAll(credential.reveal(), "[REDACTED]").replace(/\beyJ[\w-]{5,}(\.[\w-]*){0,2}/g, "[REDACTED]");
}
