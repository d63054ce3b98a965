// The rules across fields, as far as they can be judged: where one field is at fault, or is not known yet, the rules that
// do not read it still count, so that a person hears of everything at once, and in the first preview. Knows which fields
// are read together, and nothing of what the rules say.
import { problems, type Problem, type TokenSpec } from "../core/spec.ts";
import type { Complaint } from "./complaint.ts";
import { hasUnknown, known } from "./unknown.ts";

type Fields = { readonly [name: string]: unknown };

/** What one rule reads; a rule that is missing here counts where everything is sound. */
const READ_TOGETHER: readonly (readonly string[])[] = [
  ["serviceUser"],
  ["expiresInDays", "neverExpires"],
  ["expiresInDays", "neverExpires", "rotation.renewBefore"],
  ["rotation.every"],
  ["rotation.retire.minOverlap", "rotation.retire.maxOverlap"],
  ["rotation.windows"],
];

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** The value there; what is not known yet on the way to it, or in it, is returned as it is. */
function at(fields: Fields, path: string): unknown {
  let value: unknown = fields;
  for (const name of path.split(".")) {
    if (!isObject(value)) return value;
    value = value[name];
  }
  return value;
}

/** The fields at those paths alone. */
function only(fields: Fields, paths: readonly string[]): Fields {
  const found: { [name: string]: unknown } = {};
  for (const path of paths) {
    const value = at(fields, path);
    const names = path.split(".");
    const last = names.pop() ?? "";
    let place = found;
    for (const name of names) place = (place[name] ??= {}) as typeof found;
    if (value !== undefined) place[last] = value;
  }
  return found;
}

/** `own`: as it was written; `faults`: what its shape has against it. */
export function soundProblems(own: Fields, faults: readonly Complaint[]): Problem[] {
  if (faults.length === 0 && !hasUnknown(own)) return problems(known(own) as TokenSpec);
  const isFaulty = (path: string): boolean => faults.some(({ property }) => property === path || property.startsWith(`${path}.`) || path.startsWith(`${property}.`));
  const sound = READ_TOGETHER.filter((paths) => paths.every((path) => !isFaulty(path) && !hasUnknown(at(own, path))));
  return sound.flatMap((paths) => problems(known(only(own, paths)) as TokenSpec));
}
