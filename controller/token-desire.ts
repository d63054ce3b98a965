// From a token object, its annotations and its issuer to what the engine is told is wanted. Decides nothing.
import type { Desired } from "../core/desired.ts";
import { resolve, restartWords, type TokenSpec } from "../core/spec.ts";
import { refOf, type IssuerObject } from "./issuer-object.ts";
import { ANNOTATION, type TokenObject } from "./kinds.ts";
import { lookOf } from "./rendering.ts";

interface Around {
  readonly mark: string;
  readonly owner: TokenSpec["serviceUser"];
  readonly issuer: IssuerObject | undefined;
}

export function desiredOf(object: TokenObject, { mark, owner: serviceUser, issuer }: Around): Desired {
  const { kind, spec, annotations } = object;
  const number = (name: string): number | null => {
    const value = annotations[name];
    return value !== undefined && /^[1-9][0-9]{0,8}$/.test(value) ? Number(value) : null;
  };
  const { serviceUser: _, ...rest } = spec;
  return resolve({ ...rest, ...(serviceUser ? { serviceUser } : {}) }, {
    kind,
    resource: object.key,
    mark,
    issuerRef: refOf(spec.issuerRef),
    defaultBase: `${object.namespace}-${object.name}`,
    since: object.createdAt,
    rotate: annotations[ANNOTATION.rotate] ?? "",
    compromised: number(ANNOTATION.compromised),
    rollback: number(ANNOTATION.rollback),
    paused: annotations[ANNOTATION.paused] === "true" || object.unreadable,
    deleting: object.deleting,
    // On the issuer it counts for all that needs it.
    abandon: [annotations, issuer?.annotations].some((from) => from?.[ANNOTATION.abandon] === "true"),
    look: lookOf(spec.secret),
    restart: restartWords(spec),
    complaint: object.complaint,
  });
}
