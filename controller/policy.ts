// What an issuer's policy means for one namespace, in the engine's words. A cluster's issuer is stricter by default:
// its credential is not the tenant's own.
import { duration } from "../core/duration.ts";
import type { Policy } from "../core/observed.ts";
import { DEFAULT_ROLE } from "../core/user/desired.ts";
import type { UserPolicy } from "../core/user/observed.ts";
import { OPEN_POLICY } from "../tokenapi/issuer.ts";
import type { IssuerObject } from "./issuer-object.ts";
import type { TokenKind } from "./kinds.ts";
import { selects, type Labels } from "./selector.ts";

/** Where somebody asks from; labels null: the namespace is not known here. */
export interface Place {
  readonly namespace: string;
  readonly labels: Labels | null;
}

export function tokenPolicy(issuer: IssuerObject, kind: TokenKind, place: Place): Policy {
  const { maxExpiresInDays, allowNever, minOverlap } = issuer.spec.policy ?? {};
  return {
    maxDays: maxExpiresInDays ?? null,
    allowNever: allowNever ?? false,
    minOverlap: minOverlap === undefined ? OPEN_POLICY.minOverlap : duration(minOverlap),
    serviceUsers: patterns(issuer, place),
    refusal: namespaceRefusal(issuer, place) ?? (kind === "PersonalToken" ? personalRefusal(issuer) : null),
    shared: issuer.kind === "ClusterTokenIssuer",
  };
}

export function userPolicy(issuer: IssuerObject, place: Place): UserPolicy {
  const { roles } = issuer.spec.policy ?? {};
  const shared = issuer.kind === "ClusterTokenIssuer";
  return {
    refusal: namespaceRefusal(issuer, place),
    // Whoever may issue for a user may not yet change it: that has to be said by name.
    serviceUsers: patterns(issuer, place) ?? (shared ? [] : null),
    roles: roles ?? (shared ? [DEFAULT_ROLE] : null),
  };
}

/** {namespace} stands for the namespace that asks, so that one policy serves many of them and keeps them apart. */
function patterns({ spec }: IssuerObject, { namespace }: Place): readonly string[] | null {
  return spec.policy?.serviceUsers?.map((pattern) => pattern.replaceAll("{namespace}", namespace)) ?? null;
}

function namespaceRefusal({ kind, spec, name, deleting }: IssuerObject, { namespace, labels }: Place): string | null {
  if (deleting) return `The issuer ${name} is being deleted, and issues nothing new: name another in issuerRef.`;
  const selector = spec.policy?.namespaceSelector;
  if (kind === "TokenIssuer" || selector === undefined) return null;
  if (labels === null) return `Whether the namespace ${namespace} may use the ClusterTokenIssuer ${name} is not known: its labels have not been seen.`;
  return selects(selector, labels) ? null : `The ClusterTokenIssuer ${name} does not serve the namespace ${namespace}: its policy.namespaceSelector does not select it. Use a TokenIssuer of this namespace, or ask for the label.`;
}

/** What is open to everybody, in words: who forgets a gate should read it. Empty: nothing is. */
export function openness({ kind, spec }: IssuerObject): string {
  if (kind === "TokenIssuer") return "";
  const { namespaceSelector, serviceUsers } = spec.policy ?? {};
  const all = [...(namespaceSelector === undefined ? ["every namespace"] : []), ...(serviceUsers === undefined ? ["tokens of every service user"] : [])];
  return all.length === 0 ? "" : ` Its policy allows ${all.join(" and ")}.`;
}

/** A personal token is the issuer's own user in all it may do. */
function personalRefusal({ kind, spec, name }: IssuerObject): string | null {
  if (spec.policy?.personalTokens ?? kind === "TokenIssuer") return null;
  return `The issuer ${name} issues no personal tokens, which would be tokens of its own user: use a ServiceToken, or have policy.personalTokens set to true.`;
}
