// The apiserver said no. Decides what of its answer may be kept: enough to act on
// and to tell a person, never a value that the request carried. A 422 quotes the
// refused value and an admission webhook may quote anything, so for sensitive
// resources the server's sentence is dropped and only its structure stays.
import type { Resource } from "./resource.ts";
import { TransportError } from "./transport-error.ts";
import { safePart } from "./safe-sentence.ts";

export interface StatusCause {
  field?: string;
  reason?: string;
}

/** The parts of a meta/v1 Status that are read. */
export interface Status {
  kind?: string;
  code?: number;
  reason?: string;
  message?: string;
  details?: { retryAfterSeconds?: number; causes?: { field?: string; reason?: string }[] };
}

export interface Refusal {
  /** `PATCH secrets data/ingest-token`: what was asked, without its content. */
  what: string;
  status: number;
  body: Status | undefined;
  retryAfterMs: number | undefined;
  sensitive: boolean;
}

const longestMessage = 500;

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** The server's machine-readable reason: NotFound, AlreadyExists, Conflict, Expired, Invalid… */
  readonly reason: string;
  readonly code = "KUBE_API";
  readonly causes: readonly StatusCause[];
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(refusal: Refusal) {
    const reason = refusal.body?.reason ?? "";
    const causes = (refusal.body?.details?.causes ?? []).slice(0, 10).map(bounded);
    super(`${refusal.what}: ${refusal.status} ${reason}${explanation(refusal, causes)}`.trimEnd());
    this.status = refusal.status;
    this.reason = reason;
    this.causes = causes;
    this.retryAfterMs = refusal.retryAfterMs;
  }
}

function bounded(cause: { field?: string; reason?: string }): StatusCause {
  return {
    ...(typeof cause.field === "string" ? { field: cause.field.slice(0, 200) } : {}),
    ...(typeof cause.reason === "string" ? { reason: cause.reason.slice(0, 100) } : {}),
  };
}

function explanation(refusal: Refusal, causes: readonly StatusCause[]): string {
  const message = refusal.body?.message ?? "";
  if (!refusal.sensitive) return message === "" ? "" : `: ${message.slice(0, longestMessage)}`;
  const safe = safePart(message);
  if (safe !== undefined) return `: ${safe.slice(0, longestMessage)}`;
  const fields = causes.map((cause) => `${cause.field ?? "?"} ${cause.reason ?? ""}`.trim()).join(", ");
  return fields === "" ? "" : `: ${fields}`;
}

/** An ERROR event inside a watch stream carries a Status instead of an object. */
export function streamError(resource: Resource, status: Status): ApiError {
  const seconds = status.details?.retryAfterSeconds;
  return new ApiError({
    what: `WATCH ${resource.plural}`,
    status: status.code ?? 500,
    body: status,
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
    sensitive: resource.sensitive,
  });
}

const hasStatus = (error: unknown, status: number): error is ApiError => error instanceof ApiError && error.status === status;

export const isNotFound = (error: unknown): error is ApiError => hasStatus(error, 404);
export const isForbidden = (error: unknown): error is ApiError => hasStatus(error, 403);
export const isUnauthorized = (error: unknown): error is ApiError => hasStatus(error, 401);
export const isInvalid = (error: unknown): error is ApiError => hasStatus(error, 422);
export const isTooManyRequests = (error: unknown): error is ApiError => hasStatus(error, 429);
/** Both are 409; the reason tells them apart. */
export const isAlreadyExists = (error: unknown): error is ApiError => hasStatus(error, 409) && error.reason === "AlreadyExists";
/** A resourceVersion or uid that is no longer the object's, or a field that another manager owns. */
export const isConflict = (error: unknown): error is ApiError => hasStatus(error, 409) && error.reason !== "AlreadyExists";
/** The resource version is too old to resume from. */
export const isGone = (error: unknown): error is ApiError =>
  hasStatus(error, 410) || (error instanceof ApiError && (error.reason === "Expired" || error.reason === "Gone"));
/** The resource version is from the future: the server's history went back, as after a restore. */
export const isVersionTooLarge = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.causes.some((cause) => cause.reason === "ResourceVersionTooLarge") || (error.status === 504 && error.message.includes("Too large resource version")));

/** The request may have reached the server or not: nobody answered. */
export function isTransportError(error: unknown): boolean {
  if (error instanceof TransportError) return true;
  if (!(error instanceof Error) || error instanceof ApiError) return false;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && (code.startsWith("ERR_HTTP2") || /^E[A-Z_]+$/.test(code));
}

/** Worth repeating later without any change on our side. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status === 408 || error.status >= 500 || isConflict(error);
  return isTransportError(error);
}
