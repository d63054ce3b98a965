// Who makes a request: the holder of the token in its header or, without that header, of
// the browser's session. Decides which of the two counts, and that failures are counted;
// must not know any endpoint.
import type { FastifyRequest } from "fastify";
import type { Origin } from "../rules/audit-entry.ts";
import { type Caller, authenticate } from "../rules/authentication.ts";
import { Refusal } from "../rules/refusal.ts";
import type { Service } from "../rules/service.ts";
import { callerOfSession } from "../rules/session.ts";
import type { RateLimits } from "./rate-limits.ts";
import { refuseForeignOrigin, sessionValue } from "./session.ts";

/** An `unauthenticated` refusal when it is nobody. */
export async function callerOf(service: Service, limits: RateLimits, request: FastifyRequest): Promise<Caller> {
  return { ...(await countingFailures(limits, request, () => identify(service, request))), origin: originOf(request) };
}

/** Whoever tries many credentials is slowed down. */
export async function countingFailures<Result>(limits: RateLimits, request: FastifyRequest, attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt();
  } catch (cause) {
    if (cause instanceof Refusal && cause.kind === "unauthenticated") limits.noteFailure(request.ip);
    throw cause;
  }
}

export function originOf(request: FastifyRequest): Origin {
  return { address: request.ip, requestId: request.id };
}

async function identify(service: Service, request: FastifyRequest): Promise<Caller> {
  const { authorization } = request.headers;
  const session = authorization === undefined ? sessionValue(request) : undefined;
  if (session === undefined) return authenticate(service, authorization);
  if (request.method !== "GET" && request.method !== "HEAD") refuseForeignOrigin(request);
  return callerOfSession(service, session);
}
