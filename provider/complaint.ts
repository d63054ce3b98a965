// A fault that ajv found, in the words of whoever wrote the program.
import type { ErrorObject } from "ajv";
import { nearest } from "../core/nearest.ts";

export interface Complaint {
  /** Path of the property, as in "rotation.renewBefore". */
  readonly property: string;
  readonly reason: string;
}

const TYPES: Readonly<Record<string, string>> = {
  object: "an object",
  string: "a text",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
};

const path = (pointer: string): string => pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")).join(".");

const within = (place: string, name: string): string => (place === "" ? name : `${place}.${name}`);

/** `names`: what the object at fault may hold. */
export function complain(error: ErrorObject, names: readonly string[]): Complaint {
  const property = path(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case "required":
      return { property: within(property, String(params["missingProperty"])), reason: `${String(params["missingProperty"])} is missing` };
    case "additionalProperties":
      return unknownName(property, String(params["additionalProperty"]), names);
    case "type":
      return { property, reason: `has to be ${TYPES[String(params["type"])] ?? String(params["type"])}${example(property)}` };
    case "enum":
      return { property, reason: `has to be one of ${(params["allowedValues"] as string[]).join(", ")}` };
    case "minimum":
      return { property, reason: `has to be at least ${String(params["limit"])}${never(property)}` };
    case "maximum":
      return { property, reason: `may be at most ${String(params["limit"])}${never(property)}` };
    case "pattern":
      return { property, reason: 'has to be a duration in hours, minutes and seconds, as in "720h" or "1h30m" (a day is "24h")' };
    case "minLength":
      return { property, reason: "may not be empty" };
    case "maxLength":
      return { property, reason: `may have at most ${String(params["limit"])} characters` };
    case "maxProperties":
      return { property, reason: "has to name one thing only" };
    default:
      return { property, reason: error.message ?? "is not valid" };
  }
}

function unknownName(place: string, name: string, names: readonly string[]): Complaint {
  const near = nearest(name, names);
  return { property: within(place, name), reason: near ? `there is no ${name}: did you mean ${near}?` : `there is no ${name}; there are ${names.join(", ")}` };
}

const example = (property: string): string => (property === "serviceUser" ? ', as in { name: "Data Ingest" }' : "");
const never = (property: string): string => (property === "expiresInDays" ? " (days); for a token that never expires set neverExpires: true instead" : "");
