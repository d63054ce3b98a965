// A spec held against the schema that its CRD is generated from: admission may have let through what it does not take,
// by an older CRD or another apiserver's idea of it. What cannot be read is left out, its default stands in for it, and
// it is said; nothing that is read here has to be doubted afterwards. Rules across fields are validity.ts and the like.
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { clusterTokenIssuer, tokenIssuer } from "../crds/issuers.ts";
import { personalToken, serviceToken } from "../crds/kinds.ts";
import { serviceUser } from "../crds/user.ts";
import { faultOf } from "./spec-fault.ts";

const SCHEMAS = { ServiceToken: serviceToken.spec, PersonalToken: personalToken.spec, ServiceUser: serviceUser.spec, TokenIssuer: tokenIssuer.spec, ClusterTokenIssuer: clusterTokenIssuer.spec };

export interface ReadSpec {
  /** All that the schema takes, with its defaults. */
  readonly fields: Fields;
  /** What is wrong with the rest, and what to write instead. */
  readonly problems: readonly string[];
}

type Fields = { readonly [name: string]: unknown };
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

// The schemas are our own: to have them checked against their meta-schema, or their code made shorter, would cost more of
// a start than all the rest here.
const ajv = new Ajv({ allErrors: true, strict: false, meta: false, validateSchema: false, useDefaults: true, verbose: true, code: { optimize: false } });
const validators = new Map<keyof typeof SCHEMAS, ValidateFunction>();

function validatorOf(kind: keyof typeof SCHEMAS): ValidateFunction {
  const known = validators.get(kind);
  if (known) return known;
  const made = ajv.compile(SCHEMAS[kind]);
  validators.set(kind, made);
  return made;
}

/** What is handed in is taken over, and no longer what it was. */
export function readSpec(kind: keyof typeof SCHEMAS, raw: unknown): ReadSpec {
  const isOdd = raw !== undefined && raw !== null && !isFields(raw);
  const fields = isFields(raw) ? raw : {};
  const validate = validatorOf(kind);
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
