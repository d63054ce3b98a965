// A ServiceUser's spec as it can be worked with, and what is wrong with it. For one with a complaint nothing is made or
// changed; it can be deleted, and leaves the user as it is where it does not say that it should not.
import { userProblems } from "../core/user/name.ts";
import { needed, part, readSpec } from "./spec-schema.ts";
import type { UserObject } from "./user-object.ts";

export function examineUser(raw: unknown): Pick<UserObject, "spec" | "complaint"> {
  const { fields, problems } = readSpec("ServiceUser", raw);
  const issuerRef = part(fields, "issuerRef");
  const spec = { ...fields, name: needed(fields, "name"), issuerRef: { ...issuerRef, name: needed(issuerRef, "name") } } as UserObject["spec"];
  const wrong = [...problems, ...userProblems(spec).map(({ path, message }) => `${path}: ${message}`)];
  return { spec, complaint: wrong.length === 0 ? null : `${wrong.join("; ")}.` };
}
