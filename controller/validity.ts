// What is wrong with a token object that admission let through, beyond the form of its fields (spec-schema.ts): rules
// across fields, templates, and orders that nobody can read. Whatever stands there becomes a spec that can be worked
// with, and words that say what to change: nothing is begun for it, and nobody else waits for it.
import type { Complaint } from "../core/desired.ts";
import { problems, type TokenSpec } from "../core/spec.ts";
import { userProblems } from "../core/user/name.ts";
import { ANNOTATION, GROUP, type TokenKind, type TokenObjectSpec } from "./kinds.ts";
import { templateProblems } from "./rendering.ts";
import { needed, part, readSpec } from "./spec-schema.ts";

export interface Examined {
  readonly spec: TokenObjectSpec;
  readonly complaint: Complaint | null;
  /** Something could not be read, and its default stands in for it: nothing may retire or be deleted by that. */
  readonly unreadable: boolean;
}

export function examine(kind: TokenKind, raw: unknown, annotations: { readonly [name: string]: string }): Examined {
  const { fields, problems: unreadable } = readSpec(kind, raw);
  const issuerRef = part(fields, "issuerRef");
  // All else has defaults, or may be absent.
  const spec = { ...fields, issuerRef: { ...issuerRef, name: needed(issuerRef, "name") } } as TokenObjectSpec;
  const { secret } = spec;
  const wrong = [
    ...unreadable,
    ...problems(withoutUser(spec)).map(({ path, message }) => `${path}: ${message}`),
    ...userProblems({ name: spec.serviceUser?.name ?? "" }).map(({ path, message }) => `serviceUser.${path}: ${message}`),
    ...templateProblems(secret.template),
    ...reserved("labels", secret.labels),
    ...reserved("annotations", secret.annotations),
  ];
  const words = [...wrong, ...orders(annotations)];
  const complaint = words.length === 0 ? null : { message: `${words.join("; ")}.`, blocks: wrong.length > 0 };
  return { spec, complaint, unreadable: unreadable.length > 0 };
}

/** Which user that is, and whether there is one, is told by owner.ts, in words of its own. */
const withoutUser = ({ serviceUser: _, ...spec }: TokenObjectSpec): TokenSpec => spec;

/** Written by us, whatever the spec says: both would chase each other. */
function reserved(field: "labels" | "annotations", names: { readonly [name: string]: string } = {}): string[] {
  const ours = Object.keys(names).filter((name) => name.startsWith(`${GROUP}/`) || name.startsWith("kubernetes.io/") || (field === "labels" && name === "app.kubernetes.io/managed-by"));
  return ours.map((name) => `secret.${field}: ${name} is written by the operator, or acted on by Kubernetes: leave it out`);
}

const REVISION = /^[1-9][0-9]{0,8}$/;

/** Orders that nobody can read are not passed over in silence: somebody relies on them. */
function orders(annotations: { readonly [name: string]: string }): string[] {
  const shown = (name: string): string => JSON.stringify((annotations[name] ?? "").slice(0, 40));
  const numbers = [ANNOTATION.compromised, ANNOTATION.rollback]
    .filter((name) => annotations[name] !== undefined && annotations[name] !== "" && !REVISION.test(annotations[name] ?? ""))
    .map((name) => `the annotation ${name} says ${shown(name)}, and nothing is done: write the number of a revision, as in "1"`);
  const flags = [ANNOTATION.paused, ANNOTATION.abandon]
    .filter((name) => !["", "true", "false", undefined].includes(annotations[name]))
    .map((name) => `the annotation ${name} says ${shown(name)}, and nothing is done: write "true", or remove it`);
  return [...numbers, ...flags];
}
