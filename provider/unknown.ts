// What a preview does not know yet arrives as this text, wherever a value may stand (the SDK's runtime/rpc has it as
// `unknownValue`). It is let through everywhere and decides nothing.

export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function isUnknown(value: unknown): boolean {
  return value === UNKNOWN;
}

/** Whether anything in a value is unknown. */
export function hasUnknown(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return isUnknown(value);
  return Object.values(value).some(hasUnknown);
}

/** The value without what is unknown, null or undefined in it. */
export function known(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isNothing(item)).map(known);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, item]) => (isNothing(item) ? [] : [[name, known(item)]])));
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || isUnknown(value);
}
