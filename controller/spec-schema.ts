// A spec held against the schema that its CRD is generated from: admission may have let through what it does not take,
// by an older CRD or another apiserver's idea of it. What cannot be read is left out, its default stands in for it, and
// it is said; nothing that is read here has to be doubted afterwards. Rules across fields are validity.ts and the like.
import type { ErrorObject } from "ajv";
import { checkOf, type KindName } from "./spec-checks.ts";
import { faultOf } from "./spec-fault.ts";

export interface ReadSpec {
  /** All that the schema takes, with its defaults. */
  readonly fields: Fields;
  /** What is wrong with the rest, and what to write instead. */
  readonly problems: readonly string[];
}

type Fields = { readonly [name: string]: unknown };
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** What is handed in is taken over, and no longer what it was. */
export function readSpec(kind: KindName, raw: unknown): ReadSpec {
  const isOdd = raw !== undefined && raw !== null && !isFields(raw);
  const fields = isFields(raw) ? raw : {};
  const validate = checkOf(kind);
  const problems = new Set<string>(isOdd ? ["spec: write its fields, by their names"] : []);
  if (!validate(fields)) {
    const errors = validate.errors ?? [];
    for (const error of errors) problems.add(faultOf(error));
    for (const error of errors) leaveOut(fields, error);
    // The defaults of what was left out. That something is missing is known.
    validate(fields);
  }
  return { fields, problems: [...problems] };
}

/** A list that has something wrong in it is left out whole: what it says together nobody knows. */
function leaveOut(fields: Fields, { instancePath, keyword }: ErrorObject): void {
  if (keyword === "required") return;
  let at: unknown = fields;
  const path = instancePath.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  for (const [index, name] of path.entries()) {
    if (!isFields(at)) return;
    if (index === path.length - 1 || !isFields(at[name])) delete (at as { [name: string]: unknown })[name];
    else at = at[name];
  }
}

/** A part of them that is fields again. */
export const part = (fields: Fields, name: string): Fields => (isFields(fields[name]) ? fields[name] : {});

/** A text that has to be there; empty where it is not. */
export const needed = (fields: Fields, name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
