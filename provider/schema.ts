// The inputs' shape: the fields that Kubernetes has too, from the one schema, and what only Pulumi has.
import { personalTokenFields, serviceTokenFields, type Schema } from "../core/schema.ts";
import { serviceUserFields } from "../core/user/schema.ts";

type Fields = { readonly [name: string]: Schema };

const number = (description: string): Schema => ({ type: "integer", description, minimum: 1, maximum: 999_999_999 });

const pulumiFields: Fields = {
  trigger: { description: "Any value; a changed one rotates." },
  compromised: number("The number of a revision that leaked."),
  rollback: number("The number of a retired revision to restore."),
};

/** Accepts nothing that has no name in it: an unknown property is a typing error, never ignored. */
function closed(schema: Schema): Schema {
  if (schema.items) return { ...schema, items: closed(schema.items) };
  if (!schema.properties) return schema;
  const properties = Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, closed(field)]));
  return { ...schema, properties, additionalProperties: false };
}

const resource = (properties: Fields, required: readonly string[]): Schema => closed({ type: "object", properties, required });

export const SERVICE_TOKEN_INPUTS = resource({ ...serviceTokenFields, ...pulumiFields }, ["serviceUser"]);
export const PERSONAL_TOKEN_INPUTS = resource({ ...personalTokenFields, ...pulumiFields }, []);
export const SERVICE_USER_INPUTS = resource(serviceUserFields, ["name"]);
