// What an endpoint consists of. Decides the shape that serving and the OpenAPI document
// are both made from; must not know any endpoint.
import { type Endpoint as AccessRow, isEndpoint, mayAsk } from "../rules/access.ts";
import type { Caller } from "../rules/authentication.ts";
import type { Service } from "../rules/service.ts";
import type { ObjectSchema } from "./input-schema.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface Endpoint {
  readonly method: Method;
  /** Below /api, with `:id` for a row's id. */
  readonly path: string;
  readonly summary: string;
  readonly success: 200 | 204;
  /** Name of the answer's schema; a list of it when `many`. */
  readonly answer?: string;
  readonly many?: boolean;
}

/** Answers anybody; the table in rules/access.ts says the same. */
export interface PublicRoute extends Endpoint {
  readonly access: "public";
  readonly handle: (service: Service) => Promise<unknown>;
}

export interface Call<Query = unknown, Body = unknown> {
  readonly service: Service;
  readonly caller: Caller;
  /** Of the path; not a number where the path has none. */
  readonly id: number;
  readonly query: Query;
  readonly body: Body;
}

/** Answers a caller whom the table in rules/access.ts lets ask. */
export interface CallerRoute<Query = unknown, Body = unknown> extends Endpoint {
  readonly access: "caller";
  readonly query?: ObjectSchema;
  readonly body?: ObjectSchema;
  readonly handle: (call: Call<Query, Body>) => Promise<unknown>;
}

export type Route = PublicRoute | CallerRoute;

/** Says which types the schemas of a route let through; the schemas are what checks them. */
export function route<Query = unknown, Body = unknown>(definition: Omit<CallerRoute<Query, Body>, "access">): Route {
  return { ...definition, access: "caller" } as CallerRoute;
}

/** The route's row in the table of who may ask; a route without one is a mistake that shows at start. */
export function endpointOf({ method, path, access }: Route): AccessRow {
  const name = `${method} ${path}`;
  if (!isEndpoint(name)) throw new Error(`${name} has no row in rules/access.ts.`);
  if (mayAsk(name, "nobody") !== (access === "public")) throw new Error(`${name} is ${access} and its row in rules/access.ts says otherwise.`);
  return name;
}
