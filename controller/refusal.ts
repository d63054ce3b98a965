// From what the apiserver refused to what the caller has to decide.
import { LifecycleError } from "../core/error.ts";
import { ApiError, isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound } from "./runtime/index.ts";

export function refusal(error: unknown, what: string): LifecycleError {
  if (error instanceof LifecycleError) return error;
  if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) {
    return new LifecycleError("conflict", "OVERTAKEN", `${what} was changed by somebody else.`, { cause: error });
  }
  if (isForbidden(error)) return new LifecycleError("denied", "KUBERNETES_FORBIDDEN", `${what}: ${text(error)}`, { cause: error });
  if (isInvalid(error) || isRefused(error)) return new LifecycleError("invalid", "KUBERNETES_INVALID", `${what}: ${text(error)}`, { cause: error });
  const retryAfter = error instanceof ApiError ? (error.retryAfterMs ?? null) : null;
  return new LifecycleError("retryable", "KUBERNETES_UNREACHABLE", `${what}: ${text(error)}`, { cause: error, retryAfter });
}

/** A webhook may deny with any of these; later it says the same. */
const isRefused = (error: unknown): boolean => error instanceof ApiError && [400, 405, 413, 415].includes(error.status);

const text = (error: unknown): string => (error instanceof Error ? error.message : "the request failed");
