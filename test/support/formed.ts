// Values for property tests that look like what a schema describes, and now and then do not.
import fc from "fast-check";
import type { Schema } from "../../core/schema.ts";

/** Something of this form, or now and then anything. */
export function formed(schema: Schema): fc.Arbitrary<unknown> {
  const { properties, additionalProperties, items, type } = schema;
  const own = properties
    ? fc.record(Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, fc.option(formed(each), { nil: undefined, freq: 3 })])))
    : items
      ? fc.array(formed(items), { maxLength: 3 })
      : typeof additionalProperties === "object"
        ? fc.dictionary(fc.string(), formed(additionalProperties), { maxKeys: 3 })
        : type === "integer"
          ? fc.integer()
          : type === "boolean"
            ? fc.boolean()
            : fc.oneof(fc.string(), fc.constantFrom(...(schema.enum ?? ["1h", "https://q", "a"])));
  return fc.oneof({ weight: 12, arbitrary: own }, { weight: 1, arbitrary: fc.jsonValue() });
}
