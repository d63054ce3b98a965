// The OpenAPI document. Decides how routes are written down; what they take and give is
// read from the schemas that check them, so that the two cannot differ.
import { whoMayAsk } from "../rules/access.ts";
import { answerSchemas } from "./answer-schema.ts";
import { type ObjectSchema, rowId } from "./input-schema.ts";
import { about } from "./public-routes.ts";
import { type CallerRoute, type Route, endpointOf } from "./route.ts";

type Json = Record<string, unknown>;

const errorTexts: Readonly<Record<string, string>> = {
  400: "Refused by a rule",
  401: "No valid token",
  403: "Not allowed for this role or token",
  404: "Not found",
  409: "Taken already",
  413: "The body is too large",
  414: "The URI is too long",
  415: "Not JSON",
  422: "Invalid input",
  429: "Too many requests: Retry-After says when to come back",
  431: "The headers are too long",
  503: "The database cannot be reached: Retry-After says when to come back",
};

export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `/api${route.path.replaceAll(":id", "{id}")}`;
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: about.application, description: about.description, version: about.version },
    paths,
    components: { schemas: answerSchemas, securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
  };
}

function operation(route: Route): Json {
  const success = { [route.success]: { description: "Success", ...(route.answer === undefined ? {} : jsonContent(answerOf(route.answer, route.many))) } };
  if (route.access === "public") return { summary: route.summary, responses: { ...success, ...errors(["400", "414", "429", "431", "503"]) } };
  const parameters = parametersOf(route);
  return {
    summary: route.summary,
    description: `For ${whoMayAsk(endpointOf(route)).join(", ")}.`,
    security: [{ bearer: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: { required: true, ...jsonContent(route.body) } }),
    responses: { ...success, ...errors() },
  };
}

function parametersOf(route: CallerRoute): Json[] {
  const path = route.path.includes(":id") ? [{ name: "id", in: "path", required: true, schema: rowId }] : [];
  return [...path, ...queryParameters(route.query)];
}

function queryParameters(query: ObjectSchema | undefined): Json[] {
  return Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: query?.required?.includes(name) ?? false,
    schema,
  }));
}

function errors(statuses: readonly string[] = Object.keys(errorTexts)): Json {
  return Object.fromEntries(
    statuses.map((status) => [status, errorTexts[status]] as const).map(([status, description]) => [
      status,
      { description, ...jsonContent({ $ref: `#/components/schemas/${status === "422" ? "HTTPValidationError" : "Error"}` }) },
    ]),
  );
}

function answerOf(name: string, many: boolean | undefined): Json {
  const one = { $ref: `#/components/schemas/${name}` };
  return many === true ? { type: "array", items: one } : one;
}

function jsonContent(schema: unknown): Json {
  return { content: { "application/json": { schema } } };
}
