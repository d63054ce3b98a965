// What stands in the state with every resource is kept short: what a field would be anyhow is not written out.
import type { Schema } from "../core/schema.ts";

/** A value without what it would be anyhow; undefined: all of it would. */
export function telling(value: unknown, schema: Schema | undefined): unknown {
  if (value === undefined || value === schema?.default) return undefined;
  if (Array.isArray(value)) return value.length === 0 && Array.isArray(schema?.default) ? undefined : value;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    const told = telling(item, schema?.properties?.[name]);
    return told === undefined ? [] : [[name, told]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
