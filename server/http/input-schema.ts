// The JSON Schemas of what comes in. Decides every limit that can be checked without
// looking at data; the validator and the OpenAPI document both read them from here.
import { auditActions } from "../rules/audit-entry.ts";
import { roles } from "../rules/role.ts";

export type Schema = Readonly<Record<string, unknown>>;
export interface ObjectSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** PostgreSQL stores no NUL, and half a surrogate pair would be stored as another character. */
const storable = "^[^\\u0000\\ud800-\\udfff]*$";
const maxNameLength = 255;
const maxLifetimeDays = 365;

/** Lengths count code points, not UTF-16 units. */
const name: Schema = { type: "string", minLength: 1, maxLength: maxNameLength, pattern: storable };
const search: Schema = { type: "string", maxLength: maxNameLength, pattern: storable };
const role: Schema = { enum: [...roles] };
const direction: Schema = { enum: ["asc", "desc"] };
const teamNames: Schema = { type: ["array", "null"], items: { type: "string", maxLength: maxNameLength, pattern: storable }, maxItems: 1_000 };
export const rowId: Schema = { type: "integer", maximum: Number.MAX_SAFE_INTEGER };

export const newUserBody: ObjectSchema = {
  type: "object",
  properties: { name, role, teams: teamNames },
  required: ["name", "role"],
};

export const userChangeBody: ObjectSchema = {
  type: "object",
  properties: { role: { enum: [...roles, null] }, teams: teamNames },
};

export const newTokenBody: ObjectSchema = {
  type: "object",
  properties: {
    name,
    expires_in_days: { type: ["integer", "null"], minimum: 1, maximum: maxLifetimeDays, description: "null or absent: the token never expires" },
    scim_endpoints_only: { type: "boolean", default: false },
    user_id: { type: ["integer", "null"], maximum: Number.MAX_SAFE_INTEGER, description: "The service user it is for; absent: the caller" },
  },
  required: ["name"],
};

export const tokenChangeBody: ObjectSchema = {
  type: "object",
  properties: { revoke: { type: "boolean", default: true, description: "false restores the token" } },
};

const paging: Readonly<Record<string, Schema>> = {
  page: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER, default: 1 },
  size: { type: "integer", minimum: 1, maximum: 100, default: 50 },
};

export const userListQuery: ObjectSchema = {
  type: "object",
  properties: {
    ...paging,
    type: { enum: ["Service", "Human"] },
    name: search,
    role,
    team: search,
    sort: { enum: ["name", "created", "role", "last_login"] },
    sort_dir: direction,
    sort_name: direction,
    sort_created: direction,
    include_deleted: { type: "boolean", default: false },
  },
};

export const userListingQuery: ObjectSchema = { type: "object", properties: { type: { enum: ["Service", "Human"] } } };

export const teamListQuery: ObjectSchema = { type: "object", properties: { ...paging, name: search } };

export const pageQuery: ObjectSchema = { type: "object", properties: paging };

const moment: Schema = { type: "string", format: "date-time", maxLength: 40 };

export const auditQuery: ObjectSchema = {
  type: "object",
  properties: {
    ...paging,
    action: { enum: [...auditActions] },
    token_id: rowId,
    user_id: { ...rowId, description: "Whom it was done to" },
    actor_id: { ...rowId, description: "Who did it" },
    since: { ...moment, description: "From this moment on" },
    until: { ...moment, description: "Before this moment" },
  },
};

export const scimListQuery: ObjectSchema = {
  type: "object",
  properties: {
    startIndex: { type: "integer", default: 1 },
    count: { type: "integer", default: 100 },
    filter: { type: "string", pattern: storable },
  },
};
