// check: everything that can be known to be wrong, all at once, each with its property. What a preview does not know
// yet is let through, and looked at when it is known.
import { Ajv, type ValidateFunction } from "ajv";
import { serviceTokenFields, type Schema } from "../core/schema.ts";
import type { Problem } from "../core/spec.ts";
import { userProblems } from "../core/user/name.ts";
import { complain, type Complaint } from "./complaint.ts";
import { introduce, nameOf } from "./mark.ts";
import { PERSONAL_TOKEN_INPUTS, SERVICE_TOKEN_INPUTS, SERVICE_USER_INPUTS } from "./schema.ts";
import { soundProblems } from "./sound-rules.ts";
import { telling } from "./telling.ts";
import { isUnknown, known } from "./unknown.ts";

export type Inputs = { readonly [name: string]: unknown };

/** Put in by our own constructors. */
const OWN = new Set(["__provider", "self"]);

const SCHEMAS = { ServiceToken: SERVICE_TOKEN_INPUTS, PersonalToken: PERSONAL_TOKEN_INPUTS, ServiceUser: SERVICE_USER_INPUTS };
export type Kind = keyof typeof SCHEMAS;

const validators = new Map<Kind, ValidateFunction>();

function validator(kind: Kind): ValidateFunction {
  let validate = validators.get(kind);
  if (!validate) {
    // The schema is ours: to check it against its own would take more than all else here, at every start.
    const ajv = new Ajv({ allErrors: true, strict: false, meta: false, validateSchema: false });
    validate = ajv.compile(SCHEMAS[kind]);
    validators.set(kind, validate);
  }
  return validate;
}

/** What a person wrote, under the names they know. */
export function written(inputs: Inputs): Inputs {
  return Object.fromEntries(Object.entries(inputs).flatMap(([name, value]) => (OWN.has(name) ? [] : [[name === BASE ? "tokenName" : name, value]])));
}

const BASE = "baseName";

/**
 * The inputs as the engine is to keep them: what is at its default would stand in the state for every resource. What was
 * asked for as tokenName is only the base of the output tokenName: under the same name a preview would show it as the
 * value to come. Left to ignoreChanges, it stays what it was.
 */
export function settled(olds: Inputs, { tokenName, rotation, self, ...given }: Inputs): Inputs {
  const base = tokenName ?? olds[BASE];
  const told = telling(rotation, serviceTokenFields["rotation"]);
  return {
    ...given,
    ...(told === undefined ? {} : { rotation: told }),
    ...(base === undefined || (self !== undefined && base === nameOf(self)) ? {} : { [BASE]: base }),
    ...(self === undefined ? {} : { self: introduce(self) }),
  };
}

/** All that is wrong with the inputs of one resource. */
export function complaints(kind: Kind, inputs: Inputs): Complaint[] {
  const own = written(inputs);
  const spec = known(own) as Inputs;
  const faults = shapeFaults(kind, own, spec);
  const problems = kind === "ServiceUser" ? nameProblems(spec) : soundProblems(own, faults);
  const across = problems.map(({ path, message }) => ({ property: path, reason: message }));
  return [...faults, ...across].filter(({ property }, index, all) => all.findIndex((other) => other.property === property) === index);
}

const nameProblems = ({ name }: Inputs): Problem[] => (typeof name === "string" ? userProblems({ name }) : []);

function shapeFaults(kind: Kind, own: Inputs, spec: Inputs): Complaint[] {
  const validate = validator(kind);
  if (validate(spec)) return [];
  return (validate.errors ?? [])
    .filter((error) => !(error.keyword === "required" && isUnknown(own[String(error.params["missingProperty"])])))
    .map((error) => complain(error, namesAt(SCHEMAS[kind], error.instancePath)));
}

function namesAt(schema: Schema, pointer: string): string[] {
  let at: Schema | undefined = schema;
  for (const part of pointer.split("/").slice(1)) at = at?.properties?.[part] ?? at?.items;
  return Object.keys(at?.properties ?? {});
}
