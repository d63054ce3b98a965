// What a person is told of one thing that a schema does not take: where it stands, and what to write instead.
import type { ErrorObject } from "ajv";
import type { Schema } from "../core/schema.ts";
import { DURATION_PATTERN } from "../core/duration.ts";

const A_DURATION = "write a duration in hours, minutes and seconds, as in 720h or 1h30m";

const NAMES: { readonly [type in NonNullable<Schema["type"]>]: string } = { string: "a text", integer: "a whole number", boolean: "true or false", array: "a list", object: "names, and a text for each" };

/** What a value of this schema is, in words. */
function kindOf({ type = "string", properties, items }: Schema): string {
  if (properties) return Object.keys(properties).length > 3 ? "its fields, by their names" : Object.keys(properties).join(" and ");
  if (items) return items.properties ? `a list of ${kindOf(items)}` : "a list of texts";
  return NAMES[type];
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** By the keyword of the schema that refused it; `limit` is what stands there. */
const WORDS: { readonly [keyword: string]: (limit: never, schema: Schema) => string } = {
  type: (_, schema) => `write ${kindOf(schema)}`,
  enum: (values: readonly string[]) => `write one of ${values.join(", ")}`,
  pattern: (pattern: string, { description }) => (pattern === DURATION_PATTERN ? A_DURATION : `this is not in its form. ${description ?? ""}`.trim()),
  minLength: (least: number) => `write at least ${plural(least, "letter")}`,
  maxLength: (most: number) => `write at most ${plural(most, "letter")}`,
  minimum: (least: number, { maximum }) => (maximum === undefined ? `write a whole number from ${least}` : `write a whole number from ${least} to ${maximum}`),
  maximum: (most: number, { minimum }) => `write a whole number from ${minimum ?? 0} to ${most}`,
  maxItems: (most: number) => `write at most ${plural(most, "entry").replace("entrys", "entries")}`,
  maxProperties: (most: number, { properties }) => (properties ? `write ${most === 1 ? "one" : most} of ${Object.keys(properties).join(", ")}` : `write at most ${plural(most, "name")}`),
};

export function faultOf({ instancePath, keyword, schema, parentSchema = {}, params }: ErrorObject): string {
  const at = instancePath.slice(1).split("/").filter((name) => name !== "");
  if (keyword === "required") return `${pathOf([...at, String(params["missingProperty"])])}: it is missing`;
  const words = WORDS[keyword]?.(schema as never, parentSchema as Schema) ?? "this is not valid";
  return `${pathOf(at)}: ${words}`;
}

/** As people write it: rotation.windows[0].cron. */
const pathOf = (names: readonly string[]): string =>
  names.map((name, index) => (/^[0-9]+$/.test(name) && index > 0 ? `[${name}]` : `${index === 0 ? "" : "."}${name.replaceAll("~1", "/").replaceAll("~0", "~")}`)).join("");
