// From anything thrown to an answer. Decides status, body and headers of every error;
// must not know which endpoint failed. Nothing of an unexpected error gets out.
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { InvalidInput, Refusal, type RefusalKind } from "../rules/refusal.ts";
import { DatabaseUnavailable } from "../storage/database.ts";

const statuses: Readonly<Record<RefusalKind, number>> = {
  unauthenticated: 401,
  denied: 403,
  refused: 400,
  missing: 404,
  conflict: 409,
  limited: 429,
};

const texts: Readonly<Record<number, string>> = {
  400: "Bad request.",
  413: "The request body is too large.",
  415: "Unsupported media type: send application/json.",
};

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof InvalidInput) {
    reply.code(422).send({ detail: error.problems });
    return;
  }
  if (error instanceof Refusal) {
    if (error.kind === "unauthenticated") reply.header("www-authenticate", "Bearer");
    if (error.retryAfterSeconds !== undefined) reply.header("retry-after", String(error.retryAfterSeconds));
    reply.code(statuses[error.kind]).send({ detail: error.message });
    return;
  }
  if (error instanceof DatabaseUnavailable) {
    request.log.error({ reason: String(error.cause) }, "Database unavailable");
    reply.code(503).header("retry-after", "1").send({ detail: error.message });
    return;
  }
  answerOther(error as FastifyError, request, reply);
}

function answerOther(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    reply.code(status).send({ detail: texts[status] ?? error.message });
    return;
  }
  // Field by field: a driver's error carries the query's values with it.
  request.log.error({ code: error.code, message: error.message, stack: error.stack, method: request.method, path: request.routeOptions.url }, "Request failed");
  reply.code(500).send({ detail: "Internal Server Error" });
}

export function answerUnknownPath(_request: FastifyRequest, reply: FastifyReply): void {
  reply.code(404).send({ detail: "Not Found" });
}
