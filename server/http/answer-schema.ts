// The JSON Schemas of what goes out, by name. Decides nothing that is enforced: the
// OpenAPI document shows them, and a test holds real answers against them.
import { auditActions } from "../rules/audit-entry.ts";
import { roles } from "../rules/role.ts";
import type { Schema } from "./input-schema.ts";

const id: Schema = { type: "integer" };
const text: Schema = { type: "string" };
const moment: Schema = { type: "string", format: "date-time" };
const momentOrNull: Schema = { type: ["string", "null"], format: "date-time" };
const flag: Schema = { type: "boolean" };
const count: Schema = { type: "integer", minimum: 0 };

function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function listOf(name: string): Schema {
  return { type: "array", items: { $ref: `#/components/schemas/${name}` } };
}

function page(name: string): Schema {
  return object({ items: listOf(name), total: count, total_count: count, page: count, size: count, pages: count });
}

const stub = {
  id,
  user_id: text,
  user_name: text,
  email: text,
  name: text,
  role: { type: "string", enum: [...roles] },
  user_type: { type: "string", enum: ["Service", "Human"] },
  created: moment,
};

const token = {
  id,
  created: moment,
  name: text,
  active: flag,
  expiration: momentOrNull,
  last_used: momentOrNull,
  user: { $ref: "#/components/schemas/UserStub" },
};

export const answerSchemas: Readonly<Record<string, Schema>> = {
  UserStub: object(stub),
  User: object({
    ...stub,
    teams: { type: "array", items: text },
    last_login: momentOrNull,
    created_at: moment,
    deleted_at: momentOrNull,
    created_by_id: { type: ["integer", "null"] },
  }),
  UserToken: object(token),
  GetUserToken: object({ ...token, bearer_token: { type: ["string", "null"] } }),
  GetTeam: object({ id, created: moment, name: text, users: listOf("UserStub") }),
  UserPage: page("User"),
  TeamPage: page("GetTeam"),
  AuditEntry: object({
    number: id,
    at: moment,
    action: { type: "string", enum: [...auditActions] },
    actor: object({ id: { type: ["integer", "null"] }, user_id: text, token_id: { type: ["integer", "null"] } }),
    token: { anyOf: [object({ id, name: text }), { type: "null" }] },
    user: { anyOf: [object({ id, user_id: text }), { type: "null" }] },
    address: { type: ["string", "null"] },
    request_id: { type: ["string", "null"] },
    detail: { type: ["object", "null"] },
    hash: text,
  }),
  AuditPage: page("AuditEntry"),
  GlobalTag: { type: "object" },
  GlobalTagPage: page("GlobalTag"),
  Status: object({ database_connection: text, rabbitmq_connection: text }),
  About: object({ application: text, description: text, version: text }),
  ScimList: object({
    schemas: { type: "array", items: text },
    totalResults: count,
    startIndex: count,
    itemsPerPage: count,
    Resources: { type: "array", items: { type: "object" } },
  }),
  Error: object({ detail: text }),
  HTTPValidationError: object({
    detail: {
      type: "array",
      items: {
        type: "object",
        properties: { type: text, loc: { type: "array", items: { type: ["string", "integer"] } }, msg: text, input: {}, ctx: { type: "object" } },
        required: ["type", "loc", "msg", "input"],
      },
    },
  }),
};
