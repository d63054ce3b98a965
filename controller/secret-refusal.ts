// What the apiserver, a quota or a policy said against writing a Secret, in words that say what to do. From the
// structure of the answer alone: its sentence may quote the value.
import { LifecycleError } from "../core/error.ts";
import { GROUP } from "./kinds.ts";
import { refusal } from "./refusal.ts";
import { ApiError } from "./runtime/index.ts";

export function secretRefusal(error: unknown, name: string): LifecycleError {
  const refused = refusal(error, `Secret ${name}`);
  const help = error instanceof ApiError ? advice(error, name) : null;
  return help === null ? refused : new LifecycleError(refused.kind, refused.code, `${refused.message}. ${help}`, { cause: error, retryAfter: refused.retryAfter });
}

/** The policy that deploy/ brings. */
const OURS = "ValidatingAdmissionPolicy 'servicetokens-secrets'";

function advice({ status, causes, message }: ApiError, name: string): string | null {
  if (message.includes(OURS)) return `To have the Secret ${name} taken over, annotate it with ${GROUP}/adopt: "true", beside secret.adopt in the spec`;
  if (status !== 422) return null;
  const refuses = (field: string): boolean => causes.some((cause) => cause.field === field || cause.field?.startsWith(`${field}[`) || cause.field?.startsWith(`${field}.`));
  if (causes.some(({ field, reason }) => (field === "data" || field === "immutable") && reason === "FieldValueForbidden")) {
    return `The Secret ${name} is immutable: delete it, or set secret.name to another name`;
  }
  if (refuses("type")) return `The Secret ${name} has another type, which cannot be changed: set secret.type to the one it has, or secret.name to another name`;
  if (refuses("metadata.labels")) return "Correct secret.labels";
  if (refuses("metadata.annotations")) return "Correct secret.annotations";
  if (refuses("data")) return "Its type asks for other keys or another form: correct secret.template or secret.type";
  return null;
}
