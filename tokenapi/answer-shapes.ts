// What an answer of the API has to look like, as schemas: strict about what decisions rest on, tolerant of the rest.
// Decides nothing about what it means.
import type { Options } from "ajv";

export interface RawToken {
  id: number;
  name: string;
  active: boolean;
  created?: string;
  created_at?: string;
  expiration?: string | null;
  last_used?: string | null;
  user: { id: number };
}

export interface RawUser {
  id: number;
  user_id: string;
  name?: string | null;
  user_name?: string | null;
  role?: string | null;
  user_type?: string | null;
  teams?: (string | { name: string })[] | null;
  deleted_at?: string | null;
}

export interface RawPage {
  items: RawUser[];
  total?: number | null;
  total_count?: number | null;
  size?: number | null;
}

const id = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const count = { type: "integer", minimum: 0, nullable: true };
const text = { type: "string" };
const optionalText = { type: "string", nullable: true };

const tokenSchema = {
  type: "object",
  required: ["id", "name", "active", "user"],
  properties: {
    id,
    name: text,
    active: { type: "boolean" },
    created: text,
    created_at: text,
    expiration: optionalText,
    last_used: optionalText,
    user: { type: "object", required: ["id", "user_id"], properties: { id, user_id: text } },
  },
};
const issuedSchema = {
  ...tokenSchema,
  required: [...tokenSchema.required, "bearer_token"],
  properties: { ...tokenSchema.properties, bearer_token: { type: "string", minLength: 1 } },
};
const userSchema = {
  type: "object",
  required: ["id", "user_id"],
  properties: {
    id,
    user_id: text,
    name: optionalText,
    user_name: optionalText,
    role: optionalText,
    user_type: optionalText,
    teams: {
      type: "array",
      nullable: true,
      items: { anyOf: [text, { type: "object", required: ["name"], properties: { name: text } }] },
    },
    deleted_at: optionalText,
  },
};
const pageSchema = {
  type: "object",
  required: ["items"],
  properties: { items: { type: "array", items: userSchema }, total: count, total_count: count, size: count },
};

export const SHAPES = {
  token: tokenSchema,
  issued: issuedSchema,
  tokens: { type: "array", items: tokenSchema },
  user: userSchema,
  users: { type: "array", items: userSchema },
  page: pageSchema,
};

/** What has passed each. */
export interface Shaped {
  token: RawToken;
  issued: RawToken & { bearer_token: string };
  tokens: RawToken[];
  user: RawUser;
  users: RawUser[];
  page: RawPage;
}

// The schemas are ours, and stand above: the meta-schema would cost every start more than they do.
export const SHAPE_OPTIONS: Options = { strict: true, meta: false, validateSchema: false };
