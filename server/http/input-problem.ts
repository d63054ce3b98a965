// From the validator's findings to the API's 422 body, which is pydantic's (version 2).
// Decides type and wording of each; must not know which endpoint was called.
import type { ErrorObject } from "ajv";
import type { InputProblem } from "../rules/refusal.ts";

export type InputPart = "body" | "query" | "path";

type Wording = Pick<InputProblem, "type" | "msg" | "ctx">;

const typeWordings: Readonly<Record<string, Wording>> = {
  string: { type: "string_type", msg: "Input should be a valid string" },
  integer: { type: "int_type", msg: "Input should be a valid integer" },
  boolean: { type: "bool_type", msg: "Input should be a valid boolean" },
  array: { type: "list_type", msg: "Input should be a valid list" },
  object: { type: "model_attributes_type", msg: "Input should be a valid dictionary or object to extract fields from" },
};

/** What a query or path text that is none of its type is called: it was parsed, not given. */
const parsingWordings: Readonly<Record<string, Wording>> = {
  integer: { type: "int_parsing", msg: "Input should be a valid integer, unable to parse string as an integer" },
  boolean: { type: "bool_parsing", msg: "Input should be a valid boolean, unable to interpret input" },
};

const wordings: Readonly<Record<string, (error: ErrorObject) => Wording>> = {
  required: () => ({ type: "missing", msg: "Field required" }),
  minimum: ({ params }) => ({ type: "greater_than_equal", msg: `Input should be greater than or equal to ${params["limit"]}`, ctx: { ge: params["limit"] } }),
  maximum: ({ params }) => ({ type: "less_than_equal", msg: `Input should be less than or equal to ${params["limit"]}`, ctx: { le: params["limit"] } }),
  minLength: ({ params }) => ({
    type: "string_too_short",
    msg: `String should have at least ${params["limit"]} character${params["limit"] === 1 ? "" : "s"}`,
    ctx: { min_length: params["limit"] },
  }),
  maxLength: ({ params }) => ({ type: "string_too_long", msg: `String should have at most ${params["limit"]} characters`, ctx: { max_length: params["limit"] } }),
  maxItems: ({ params }) => ({ type: "too_long", msg: `List should have at most ${params["limit"]} items`, ctx: { field_type: "List", max_length: params["limit"] } }),
  // The one pattern in use forbids what is no character that can be stored.
  pattern: () => ({ type: "string_unicode", msg: "Input should be a valid string without NUL or unpaired surrogate characters" }),
  format: () => ({ type: "datetime_parsing", msg: "Input should be a valid datetime, for example 2026-01-15T10:30:00Z" }),
  enum: ({ params }) => enumWording(params["allowedValues"] as unknown[]),
};

export function problemOf(error: ErrorObject, part: InputPart): InputProblem {
  const loc: (string | number)[] = [part, ...pathOf(error.instancePath)];
  if (error.keyword === "required") loc.push(String(error.params["missingProperty"]));
  const wording = error.keyword === "type" ? typeWording(error, part) : (wordings[error.keyword]?.(error) ?? { type: "value_error", msg: error.message ?? "Invalid" });
  return { type: wording.type, loc, msg: wording.msg, input: error.data, ...(wording.ctx === undefined ? {} : { ctx: wording.ctx }) };
}

export function missingBody(): InputProblem {
  return { type: "missing", loc: ["body"], msg: "Field required", input: null };
}

export function brokenJson(position: number, why: string): InputProblem {
  return { type: "json_invalid", loc: ["body", position], msg: "JSON decode error", input: {}, ctx: { error: why } };
}

function typeWording({ params, data }: ErrorObject, part: InputPart): Wording {
  const expected = String(Array.isArray(params["type"]) ? params["type"][0] : params["type"]).split(",", 1)[0] ?? "";
  if (expected === "integer" && typeof data === "number") {
    return { type: "int_from_float", msg: "Input should be a valid integer, got a number with a fractional part" };
  }
  const parsed = part === "body" ? undefined : parsingWordings[expected];
  return parsed ?? typeWordings[expected] ?? { type: "value_error", msg: "Input has the wrong type" };
}

function enumWording(allowed: readonly unknown[]): Wording {
  const quoted = allowed.filter((value) => value !== null).map((value) => `'${String(value)}'`);
  const last = quoted.pop() ?? "";
  const expected = quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
  return { type: "enum", msg: `Input should be ${expected}`, ctx: { expected } };
}

function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step.replaceAll("~1", "/").replaceAll("~0", "~")));
}
