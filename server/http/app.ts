// The HTTP face of the service. Decides what every answer has in common; the routes
// decide the rest.
import { type FastifyBaseLogger, type FastifyInstance, fastify } from "fastify";
import type { Service } from "../rules/service.ts";
import { serveRoutes } from "./endpoint.ts";
import { answerError, answerUnknownPath } from "./error-answer.ts";
import { serveFrontPage } from "./front-page.ts";
import { readJsonBodies } from "./json-body.ts";
import { openApiDocument } from "./openapi.ts";
import { publicRoutes } from "./public-routes.ts";
import type { PublicRoute, Route } from "./route.ts";
import { scimRoutes } from "./scim-routes.ts";
import { tagRoutes } from "./tag-routes.ts";
import { teamRoutes } from "./team-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { userRoutes } from "./user-routes.ts";

const bodyLimitBytes = 256 * 1024;

const described: readonly Route[] = [...publicRoutes, ...userRoutes, ...tokenRoutes, ...teamRoutes, ...tagRoutes, ...scimRoutes];
const document = openApiDocument(described);

/** Public: tools fetch it before they have a token. It does not list itself. */
const openApi: PublicRoute = {
  method: "GET",
  path: "/openapi.json",
  summary: "This document",
  access: "public",
  success: 200,
  handle: () => Promise.resolve(document),
};

export function buildApp(service: Service, logger: FastifyBaseLogger): FastifyInstance {
  const app = fastify({
    // One line a request would be most of the log and none of it news: failures only.
    loggerInstance: logger.child({}, { level: "warn" }),
    bodyLimit: bodyLimitBytes,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_000 },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerUnknownPath);
  readJsonBodies(app);
  app.register(
    (api, _options, done) => {
      // Answers hold tokens and names: no cache on the way may keep them.
      api.addHook("onRequest", async (_request, reply) => {
        reply.header("cache-control", "no-store");
      });
      serveRoutes(api, service, [...described, openApi]);
      done();
    },
    { prefix: "/api" },
  );
  serveFrontPage(app);
  return app;
}
