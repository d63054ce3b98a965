// What is wrong with a token object that admission let through: an older CRD, another apiserver's idea of it, or what
// no schema can know. Whatever stands there becomes a spec that can be worked with, and words that say what to change:
// nothing is begun for it, and nobody else waits for it.
import { Ajv, type ValidateFunction } from "ajv";
import type { Complaint } from "../core/desired.ts";
import { parseDuration } from "../core/duration.ts";
import { personalTokenFields, serviceTokenFields } from "../core/schema.ts";
import { problems, type TokenSpec, type WorkloadRef } from "../core/spec.ts";
import { ANNOTATION, GROUP, type SecretSpec, type TokenObjectSpec } from "./kinds.ts";
import { templateProblems } from "./rendering.ts";

export interface Examined {
  readonly spec: TokenObjectSpec;
  readonly complaint: Complaint | null;
  /** Something could not be read, and its default stands in for it: nothing may retire or be deleted by that. */
  readonly unreadable: boolean;
}

type Json = { readonly [key: string]: unknown };
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

let schema: ValidateFunction | null = null;
function validator(): ValidateFunction {
  const { serviceUser: _, ...fields } = serviceTokenFields;
  // The schema is our own: to have it checked against its meta-schema would cost more of a start than all the rest here.
  schema ??= new Ajv({ allErrors: true, strict: false, meta: false, validateSchema: false }).compile({ type: "object", properties: { ...fields, ...personalTokenFields } });
  return schema;
}

export function examine(raw: unknown, annotations: { readonly [name: string]: string }): Examined {
  const source = isObject(raw) ? raw : {};
  const [fields, unreadable] = readable(source);
  const secret = secretOf(source["secret"]);
  const ref = isObject(source["issuerRef"]) ? source["issuerRef"] : {};
  const [restart, odd] = restartOf(source["restart"]);
  const spec = { ...fields, restart, issuerRef: { ...ref, name: typeof ref["name"] === "string" ? ref["name"] : "" }, secret } as TokenObjectSpec;
  const wrong = [
    ...unreadable,
    ...odd,
    ...(spec.issuerRef.name === "" ? ["issuerRef.name: name the issuer"] : []),
    ...problems(withoutUser(spec)).map(({ path, message }) => `${path}: ${message}`),
    ...templateProblems(secret.template),
    ...reserved("labels", secret.labels),
    ...reserved("annotations", secret.annotations),
  ];
  const words = [...wrong, ...orders(annotations)];
  const complaint = words.length === 0 ? null : { message: `${words.join("; ")}.`, blocks: wrong.length > 0 };
  return { spec, complaint, unreadable: unreadable.length > 0 };
}

/** Who owns the token is told by owner.ts, in words of its own. */
const withoutUser = ({ serviceUser: _, ...spec }: TokenObjectSpec): TokenSpec => spec;

/** The fields that can be read, and what is wrong with the others. */
function readable(source: Json): [Json, string[]] {
  const fields = { ...source };
  const wrong = new Map<string, string>();
  const validate = validator();
  if (!validate(fields)) {
    for (const { instancePath, message } of validate.errors ?? []) {
      const path = instancePath.slice(1).replaceAll("/", ".");
      wrong.set(path, `${path}: ${message ?? "is not valid"}`);
    }
  }
  for (const [path, text] of durations(fields)) if (parseDuration(text) === null) wrong.set(path, `${path}: ${JSON.stringify(text.slice(0, 40))} is no duration: write hours, minutes and seconds, as in 720h or 1h30m`);
  for (const path of wrong.keys()) delete fields[path.split(".")[0] ?? ""];
  return [fields, [...wrong.values()]];
}

function durations({ rotation }: Json): [string, string][] {
  const found: [string, string][] = [];
  const take = (prefix: string, from: unknown, names: readonly string[]): void => {
    if (!isObject(from)) return;
    for (const name of names) if (typeof from[name] === "string") found.push([`${prefix}.${name}`, from[name]]);
  };
  take("rotation", rotation, ["renewBefore", "every", "keepRevokedFor"]);
  take("rotation.retire", isObject(rotation) ? rotation["retire"] : null, ["minOverlap", "idleFor", "maxOverlap"]);
  return found;
}

const texts = (value: unknown): { readonly [key: string]: string } =>
  isObject(value) ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string")) : {};

/** What the CRD's defaults would have made of it. */
function secretOf(raw: unknown): SecretSpec {
  const { name, type, template, labels, annotations, adopt } = isObject(raw) ? raw : {};
  return {
    ...(typeof name === "string" && name !== "" ? { name } : {}),
    type: typeof type === "string" && type !== "" ? type : "Opaque",
    template: isObject(template) ? texts(template) : { token: "{{ .token }}" },
    ...(isObject(labels) ? { labels: texts(labels) } : {}),
    ...(isObject(annotations) ? { annotations: texts(annotations) } : {}),
    adopt: adopt === true,
  };
}

const KINDS = ["Deployment", "StatefulSet", "DaemonSet"];

function restartOf(raw: unknown): [WorkloadRef[], string[]] {
  const entries = Array.isArray(raw) ? (raw as unknown[]) : [];
  const refs = entries.filter((entry): entry is WorkloadRef & Json => isObject(entry) && KINDS.includes(String(entry["kind"])) && typeof entry["name"] === "string");
  const all = refs.length === entries.length && (raw === undefined || raw === null || Array.isArray(raw));
  return [refs.map(({ kind, name }) => ({ kind, name })), all ? [] : [`restart: write a list of kind and name, with the kinds ${KINDS.join(", ")}`]];
}

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
