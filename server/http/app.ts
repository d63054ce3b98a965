// The HTTP face of the service. Decides what every answer has in common; the routes
// decide the rest.
import { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions, fastify } from "fastify";
import type { Logger } from "pino";
import type { Service } from "../rules/service.ts";
import type { Settings } from "../settings/settings.ts";
import { logRequests } from "./access-log.ts";
import { auditRoutes } from "./audit-routes.ts";
import { serveCliAuthorization } from "./cli-routes.ts";
import { answerBrokenRequest } from "./client-error.ts";
import { serveRoutes } from "./endpoint.ts";
import { answerError, answerUnknownPath } from "./error-answer.ts";
import { type FaultPlan, injectFaults } from "./fault.ts";
import { readJsonBodies } from "./json-body.ts";
import type { Metrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { servePage, showPageNotFound } from "./page.ts";
import { everywhere, protect } from "./protection.ts";
import { publicRoutes } from "./public-routes.ts";
import { RateLimits } from "./rate-limits.ts";
import { requestId } from "./request-id.ts";
import { FailuresOnly, requestLog } from "./request-log.ts";
import type { PublicRoute, Route } from "./route.ts";
import { scimRoutes } from "./scim-routes.ts";
import { serveSession } from "./session-routes.ts";
import { tagRoutes } from "./tag-routes.ts";
import { teamRoutes } from "./team-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { userRoutes } from "./user-routes.ts";

/** How often connections are looked at that took too long. */
const checkIntervalMs = 1_000;

const described: readonly Route[] = [...publicRoutes, ...userRoutes, ...tokenRoutes, ...teamRoutes, ...tagRoutes, ...auditRoutes, ...scimRoutes];
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

export interface AppParts {
  readonly service: Service;
  readonly logger: Logger;
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly faults: FaultPlan;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export function buildApp({ service, logger, settings, metrics, faults, tls }: AppParts): FastifyInstance {
  const limits = new RateLimits(settings, (kind) => metrics.limited(kind));
  const app = fastify(optionsFor(settings, logger, tls));
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    if (!showPageNotFound(request, reply)) answerUnknownPath(request, reply);
  });
  protect(app, limits, { uriLength: settings.uriLength, tls: tls !== undefined });
  metrics.observe(app);
  if (settings.accessLog) logRequests(app, logger);
  injectFaults(app, faults);
  readJsonBodies(app);
  app.register(
    (api, _options, done) => {
      // Answers hold tokens and names: no cache on the way may keep them.
      api.addHook("onRequest", forbidStoring);
      serveRoutes(api, { service, limits, routes: [...described, openApi] });
      done();
    },
    { prefix: "/api" },
  );
  app.register((page, _options, done) => {
    page.addHook("onRequest", forbidStoring);
    serveSession(page, service, limits);
    serveCliAuthorization(page, service, limits);
    done();
  });
  servePage(app);
  return app;
}

function forbidStoring(_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header("cache-control", "no-store");
  done();
}

function optionsFor(settings: Settings, logger: Logger, tls: AppParts["tls"]): FastifyServerOptions {
  const connections = { maxHeaderSize: settings.headerBytes, headersTimeout: settings.headersTimeout, requestTimeout: settings.requestTimeout, connectionsCheckingInterval: checkIntervalMs };
  return {
    loggerInstance: logger.child({}, { level: "warn" }) as FastifyBaseLogger,
    genReqId: requestId,
    childLoggerFactory: requestLog,
    logController: new FailuresOnly({ requestIdLogLabel: "requestId" }),
    bodyLimit: settings.bodyBytes,
    requestTimeout: settings.requestTimeout,
    connectionTimeout: settings.idleTimeout,
    forceCloseConnections: "idle",
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    clientErrorHandler: answerBrokenRequest,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_000 },
    // A path that cannot be read meets no hook.
    frameworkErrors: (error, request, reply) => answerError(error, request, reply.headers(everywhere)),
    ...(tls === undefined ? { http: connections } : { https: { ...connections, ...tls } }),
  } as FastifyServerOptions;
}
