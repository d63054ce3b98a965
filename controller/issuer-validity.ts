// An issuer's spec as it can be worked with, and what is wrong with it. One with a complaint is not used at all: what
// its policy was to forbid cannot be told from what is left of it.
import { parseDuration, SECOND } from "../core/duration.ts";
import type { IssuerKind, IssuerSpec } from "./issuer-object.ts";
import { needed, part, readSpec } from "./spec-schema.ts";

export function examineIssuer(raw: unknown, kind: IssuerKind): { readonly spec: IssuerSpec; readonly complaint: string | null } {
  const { fields, problems } = readSpec(kind, raw);
  const reference = part(fields, "credentialsSecretRef");
  const spec = { ...fields, url: needed(fields, "url"), credentialsSecretRef: { ...reference, name: needed(reference, "name") } } as IssuerSpec;
  const wrong = [...problems, ...ruled(spec)];
  return { spec, complaint: wrong.length === 0 ? null : `${wrong.join("; ")}.` };
}

/** What the CRD's rules say beside the form; those of whom an older one knew none. */
function ruled({ url, caBundle, resyncInterval, policy }: IssuerSpec): string[] {
  const requirements = policy?.namespaceSelector?.matchExpressions ?? [];
  return [
    ...(/^https?:\/\/[^/]*@/.test(url) ? ["url: it holds no user and password: the credential goes into the Secret of credentialsSecretRef"] : []),
    ...(/[?#]/.test(url) ? ["url: it has no ? and no #: leave out what comes after the path"] : []),
    ...(caBundle === undefined || caBundle.includes("-----BEGIN CERTIFICATE-----") ? [] : ["caBundle: it holds PEM certificates, which begin with -----BEGIN CERTIFICATE-----"]),
    ...((parseDuration(resyncInterval ?? "") ?? SECOND) < SECOND ? ["resyncInterval: it must be at least 1s"] : []),
    ...(requirements.some(({ operator, values = [] }) => (operator === "In" || operator === "NotIn") !== values.length > 0)
      ? ["policy.namespaceSelector.matchExpressions: In and NotIn take values; Exists and DoesNotExist take none"]
      : []),
  ];
}
