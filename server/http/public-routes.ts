// What anybody may ask: whether the service is well and what it is. Decides those
// answers; must not know any user.
import { createRequire } from "node:module";
import { type Database, DatabaseUnavailable } from "../storage/database.ts";
import type { PublicRoute } from "./route.ts";

/** By the package's own name: the sources and the built files lie at different depths. */
const { version } = createRequire(import.meta.url)("qualytics-servicetokens/package.json") as { version: string };

/** A database that hangs is no better than one that is gone: both are told within this time. */
const patienceMs = 3_000;

async function askDatabase(database: Database): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DatabaseUnavailable(new Error(`no answer within ${patienceMs} ms`))), patienceMs);
  });
  try {
    await Promise.race([database.query("select 1"), late]);
  } finally {
    clearTimeout(timer);
  }
}

const health: PublicRoute = {
  method: "GET",
  path: "/health",
  summary: "204 while the service and its database answer; 503 when the database does not",
  access: "public",
  success: 204,
  handle: async ({ database }) => void (await askDatabase(database)),
};

const status: PublicRoute = {
  method: "GET",
  path: "/status",
  summary: "Whether the parts behind the service are reachable; 503 when the database is not",
  access: "public",
  success: 200,
  answer: "Status",
  handle: async ({ database }) => {
    await askDatabase(database);
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
