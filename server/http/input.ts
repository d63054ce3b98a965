// Checks what came in against its schemas. Decides that all problems of one request are
// told at once and that texts of query and path become the types their schema names; a
// body is taken as it is. Must not know what the values are for.
import { Ajv, type ValidateFunction } from "ajv";
import { type InputProblem, InvalidInput } from "../rules/refusal.ts";
import { type InputPart, missingBody, problemOf } from "./input-problem.ts";
import { type ObjectSchema, rowId } from "./input-schema.ts";

const ajv = new Ajv({ allErrors: true, verbose: true, useDefaults: true, allowUnionTypes: true });

ajv.addFormat("date-time", (text: string) => /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text.toUpperCase())));

export interface InputSchemas {
  readonly id?: boolean | undefined;
  readonly query?: ObjectSchema | undefined;
  readonly body?: ObjectSchema | undefined;
}

export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

export interface CheckedInput {
  readonly id: number;
  readonly query: unknown;
  readonly body: unknown;
}

const maxProblems = 100;
const idSchema: ObjectSchema = { type: "object", properties: { id: rowId }, required: ["id"] };

export function inputChecker(schemas: InputSchemas): (raw: RawInput) => CheckedInput {
  const path = schemas.id === true ? textPart("path", idSchema) : undefined;
  const query = schemas.query === undefined ? undefined : textPart("query", schemas.query);
  const body = schemas.body === undefined ? undefined : bodyPart(schemas.body);
  return (raw) => {
    const problems: InputProblem[] = [];
    const checked = {
      id: Number((path?.(raw.params, problems) as { id?: unknown } | undefined)?.id),
      query: query?.(raw.query, problems),
      body: body?.(raw.body, problems),
    };
    // Enough to mend them by: an answer should not be a thousand times as long as its question.
    if (problems.length > 0) throw new InvalidInput(problems.slice(0, maxProblems));
    return checked;
  };
}

type Part = (raw: unknown, problems: InputProblem[]) => unknown;

function textPart(part: InputPart, schema: ObjectSchema): Part {
  const validate = ajv.compile(schema);
  return (raw, problems) => {
    const value: Record<string, unknown> = {};
    for (const [key, property] of Object.entries(schema.properties)) {
      // A key that is given twice counts as given last.
      const given: unknown = [(raw as Record<string, unknown>)[key]].flat().at(-1);
      if (given !== undefined) value[key] = typeof given === "string" ? parsed(given, property["type"]) : given;
    }
    collect(validate, value, part, problems);
    return value;
  };
}

function bodyPart(schema: ObjectSchema): Part {
  const validate = ajv.compile(schema);
  return (raw, problems) => {
    if (raw === undefined) problems.push(missingBody());
    else collect(validate, raw, "body", problems);
    return raw;
  };
}

function collect(validate: ValidateFunction, value: unknown, part: InputPart, problems: InputProblem[]): void {
  if (!validate(value)) for (const error of (validate.errors ?? []).slice(0, maxProblems)) problems.push(problemOf(error, part));
}

/** A text that cannot be read as the type stays a text, which the schema then refuses. */
function parsed(text: string, type: unknown): unknown {
  if (type === "integer") return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : text;
  if (type === "boolean") return booleans.get(text.trim().toLowerCase()) ?? text;
  return text;
}

const booleans = new Map([
  ...["true", "t", "yes", "y", "on", "1"].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "off", "0"].map((word) => [word, false] as const),
]);
