// A line for every request, for who wants one. Decides what it tells: never a header, a
// body or a query, which may hold names and secrets.
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";

export function logRequests(app: FastifyInstance, logger: Logger): void {
  app.addHook("onResponse", (request, reply, done) => {
    logger.info(
      {
        requestId: request.id,
        method: request.method,
        // The route, not the URL: an unknown path is somebody's typing.
        path: request.routeOptions.url ?? "unknown",
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
      },
      "Request",
    );
    done();
  });
}
