// Whether a value has a shape, written as a small part of JSON Schema. A library for all of it takes the operator
// 8 MiB and a tenth of a second at each start, for six shapes. Complaints name a place and never what stands there.

export interface Shape {
  readonly type?: "object" | "array" | "string" | "boolean" | "integer";
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly properties?: { readonly [name: string]: Shape };
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
}

/** What is wrong first, as `/place must be …`; null: nothing. */
export function complaint(value: unknown, shape: Shape, place = ""): string | null {
  if (value === null && shape.nullable === true) return null;
  if (shape.anyOf) return shape.anyOf.some((each) => complaint(value, each) === null) ? null : `${place} must match a schema in anyOf`;
  if (shape.type !== undefined && !isOf(value, shape.type)) return `${place} must be ${shape.type}`;
  if (typeof value === "number") return ofNumber(value, shape, place);
  if (typeof value === "string") return value.length < (shape.minLength ?? 0) ? `${place} must NOT have fewer than ${shape.minLength} characters` : null;
  if (Array.isArray(value)) return ofArray(value, shape, place);
  return typeof value === "object" && value !== null ? ofObject(value as { readonly [name: string]: unknown }, shape, place) : null;
}

function isOf(value: unknown, type: NonNullable<Shape["type"]>): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function ofNumber(value: number, { minimum = -Infinity, maximum = Infinity }: Shape, place: string): string | null {
  if (value < minimum) return `${place} must be >= ${minimum}`;
  return value > maximum ? `${place} must be <= ${maximum}` : null;
}

function ofArray(value: readonly unknown[], { items }: Shape, place: string): string | null {
  if (!items) return null;
  for (const [index, item] of value.entries()) {
    const wrong = complaint(item, items, `${place}/${index}`);
    if (wrong !== null) return wrong;
  }
  return null;
}

function ofObject(value: { readonly [name: string]: unknown }, { required = [], properties = {} }: Shape, place: string): string | null {
  for (const name of required) if (value[name] === undefined) return `${place} must have required property '${name}'`;
  for (const name in properties) {
    const shape = properties[name];
    if (shape === undefined || value[name] === undefined) continue;
    const wrong = complaint(value[name], shape, `${place}/${name}`);
    if (wrong !== null) return wrong;
  }
  return null;
}
