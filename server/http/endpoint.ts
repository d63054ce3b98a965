// Serves routes. Decides the order of what happens to a request: who asks, may they,
// is the input right, then the rule; and that a known path answers 405 to other methods.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Endpoint, mayAsk, whoMayAsk } from "../rules/access.ts";
import type { Caller } from "../rules/authentication.ts";
import { Refusal } from "../rules/refusal.ts";
import type { Service } from "../rules/service.ts";
import { sendJson } from "./encoding.ts";
import { inputChecker } from "./input.ts";
import type { RateLimits } from "./rate-limits.ts";
import { callerOf } from "./request-caller.ts";
import { type CallerRoute, type Method, type PublicRoute, type Route, endpointOf } from "./route.ts";

const methods: readonly (Method | "OPTIONS" | "TRACE" | "QUERY")[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];
/** Where a request keeps who makes it, from the first check to its handler. */
const callerKey = Symbol("caller");
type AskedRequest = FastifyRequest & { [callerKey]: Caller | null };

export interface Serving {
  readonly service: Service;
  readonly limits: RateLimits;
  readonly routes: readonly Route[];
}

export function serveRoutes(app: FastifyInstance, serving: Serving): void {
  app.decorateRequest(callerKey, null);
  for (const route of serving.routes) {
    if (route.access === "public") servePublic(app, serving.service, route);
    else serveCaller(app, serving, route);
  }
  for (const [path, known] of Map.groupBy(serving.routes, ({ path }) => path)) refuseOtherMethods(app, path, known);
}

function servePublic(app: FastifyInstance, service: Service, route: PublicRoute): void {
  endpointOf(route);
  app.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => send(request, reply, route, await route.handle(service)),
  });
}

function serveCaller(app: FastifyInstance, { service, limits }: Serving, route: CallerRoute): void {
  const endpoint = endpointOf(route);
  const check = inputChecker({ id: route.path.includes(":id"), query: route.query, body: route.body });
  app.route({
    method: route.method,
    url: route.path,
    // Before the body is read: who may not ask need not be listened to.
    onRequest: async (request) => {
      const caller = await callerOf(service, limits, request);
      limits.admitUser(caller.account.id);
      refuseAccess(endpoint, caller);
      (request as AskedRequest)[callerKey] = caller;
    },
    handler: async (request, reply) => {
      const caller = (request as AskedRequest)[callerKey];
      if (caller === null) throw new Error("A request reached its handler without a caller.");
      const input = check({ params: request.params, query: request.query, body: request.body });
      return send(request, reply, route, await route.handle({ service, caller, ...input }));
    },
  });
}

function send(request: FastifyRequest, reply: FastifyReply, route: Route, answer: unknown): FastifyReply {
  return route.success === 204 ? reply.code(204).send() : sendJson(request, reply, answer);
}

function refuseAccess(endpoint: Endpoint, { scimOnly, account }: Caller): void {
  if (mayAsk(endpoint, scimOnly ? "SCIM token" : account.role) && mayAsk(endpoint, account.role)) return;
  if (scimOnly && !mayAsk(endpoint, "SCIM token")) throw new Refusal("denied", "This token is limited to /api/scim/v2.");
  throw new Refusal("denied", `This needs the role ${whoMayAsk(endpoint)[0] ?? "Admin"}.`);
}

function refuseOtherMethods(app: FastifyInstance, path: string, known: readonly Route[]): void {
  const allowed: readonly string[] = known.map(({ method }) => method);
  const others = methods.filter((method) => !allowed.includes(method));
  app.route({
    method: others,
    url: path,
    exposeHeadRoute: false,
    onRequest: async (_request, reply) => reply.code(405).header("allow", allowed.join(", ")).send({ detail: "Method Not Allowed" }),
    handler: (_request, reply) => reply,
  });
}
