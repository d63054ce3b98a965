// What anybody may ask: whether the service is well and what it is. Decides those
// answers; must not know any user.
import { createRequire } from "node:module";
import type { PublicRoute } from "./route.ts";

/** By the package's own name: the sources and the built files lie at different depths. */
const { version } = createRequire(import.meta.url)("qualytics-servicetokens/package.json") as { version: string };

const health: PublicRoute = {
  method: "GET",
  path: "/health",
  summary: "204 while the process answers",
  access: "public",
  success: 204,
  handle: () => Promise.resolve(),
};

const status: PublicRoute = {
  method: "GET",
  path: "/status",
  summary: "Whether the parts behind the service are reachable; 503 when the database is not",
  access: "public",
  success: 200,
  answer: "Status",
  handle: async ({ database }) => {
    await database.query("select 1");
    // There is no message broker here that could be down; readiness checks read the key.
    return { database_connection: "OK", rabbitmq_connection: "OK" };
  },
};

export const about = { application: "qualytics-servicetokens", description: "Qualytics API tokens: users, personal and service tokens", version };

const root: PublicRoute = {
  method: "GET",
  path: "/",
  summary: "Name and version",
  access: "public",
  success: 200,
  answer: "About",
  handle: () => Promise.resolve(about),
};

export const publicRoutes: readonly PublicRoute[] = [health, status, root];
