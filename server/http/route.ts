// What an endpoint consists of. Decides the shape that serving and the OpenAPI document
// are both made from; must not know any endpoint.
import type { Caller } from "../rules/authentication.ts";
import type { Role } from "../rules/role.ts";
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

/** Answers anybody. */
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

/** Answers a caller of at least this role. `scim`: an Admin, and the only place where a SCIM token works. */
export interface CallerRoute<Query = unknown, Body = unknown> extends Endpoint {
  readonly access: Role | "scim";
  readonly query?: ObjectSchema;
  readonly body?: ObjectSchema;
  readonly handle: (call: Call<Query, Body>) => Promise<unknown>;
}

export type Route = PublicRoute | CallerRoute;

/** Says which types the schemas of a route let through; the schemas are what checks them. */
export function route<Query = unknown, Body = unknown>(definition: CallerRoute<Query, Body>): Route {
  return definition as CallerRoute;
}
