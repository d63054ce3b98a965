// An issuer's spec as it can be worked with, and what is wrong with it. One with a complaint is not used at all: what
// its policy was to forbid cannot be told from what is left of it.
import type { IssuerKind, IssuerPolicySpec, IssuerSpec } from "./issuer-object.ts";
import type { Requirement, Selector } from "./selector.ts";
import { complaintOf, given, SpecReader } from "./spec-reader.ts";

export function examineIssuer(raw: unknown, kind: IssuerKind): { readonly spec: IssuerSpec; readonly complaint: string | null } {
  const read = new SpecReader(raw);
  const reference = read.below("credentialsSecretRef");
  const limits = read.below("limits");
  const spec: IssuerSpec = {
    url: read.needed("url"),
    credentialsSecretRef: {
      name: reference.needed("name"),
      ...given({ key: reference.text("key"), namespace: kind === "ClusterTokenIssuer" ? reference.needed("namespace") : undefined }),
    },
    policy: policyOf(read.below("policy")),
    limits: given({ requestsPerSecond: limits.count("requestsPerSecond"), maxInFlight: limits.count("maxInFlight") }),
    ...given({ caBundle: read.text("caBundle"), resyncInterval: read.duration("resyncInterval"), orphans: read.choice("orphans", ["Report", "Retire"] as const) }),
  };
  return { spec, complaint: complaintOf(read) };
}

function policyOf(read: SpecReader): IssuerPolicySpec {
  return given({
    maxExpiresInDays: read.count("maxExpiresInDays"),
    allowNever: read.flag("allowNever"),
    minOverlap: read.duration("minOverlap"),
    serviceUsers: read.texts("serviceUsers"),
    roles: read.texts("roles"),
    personalTokens: read.flag("personalTokens"),
    namespaceSelector: read.has("namespaceSelector") ? selectorOf(read.below("namespaceSelector")) : undefined,
  });
}

function selectorOf(read: SpecReader): Selector {
  return given({ matchLabels: read.words("matchLabels"), matchExpressions: read.has("matchExpressions") ? read.each("matchExpressions").map(requirementOf) : undefined });
}

function requirementOf(read: SpecReader): Requirement {
  return { key: read.needed("key"), operator: read.choice("operator", ["In", "NotIn", "Exists", "DoesNotExist"] as const) ?? "In", ...given({ values: read.texts("values") }) };
}
