// Our kinds as CustomResourceDefinitions: core's fields, and what only Kubernetes has around them.
import { lifetimeRules, personalTokenFields, serviceTokenFields, type Rule, type Schema } from "../core/schema.ts";
import { clusterTokenIssuer, tokenIssuer } from "./issuers.ts";
import { age, issuerRef, object, objectName, ready, tokenStatus, why, type Kind } from "./parts.ts";
import { serviceUser } from "./user.ts";

/** Types that Kubernetes itself, or Helm, gives a meaning: one of them is a credential for the cluster. */
const RESERVED_TYPES = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/** What we write ourselves, and what Kubernetes acts on. */
const unreserved = (what: string): readonly Rule[] => [
  {
    rule: "self.all(name, !name.startsWith('tokens.qualytics.io/') && !name.startsWith('kubernetes.io/'))",
    message: `${what} that begin with tokens.qualytics.io/ or kubernetes.io/ are not free: choose a prefix of your own`,
  },
];

const owner: Schema = object(
  {
    ...serviceTokenFields["serviceUser"]?.properties,
    ref: objectName("A ServiceUser object of this namespace, with the same issuerRef."),
  },
  {
    description: "The service user that owns the token: by name, by id, or as a ServiceUser object.",
    maxProperties: 1,
    "x-kubernetes-validations": [
      { rule: "[has(self.name), has(self.id), has(self.ref)].exists_one(given, given)", message: "name the service user by exactly one of name, id and ref" },
    ],
  },
);

const words = "{{ .token }}, {{ .url }}, {{ .name }}, {{ .expiresAt }} and {{ .user }}";
const secret: Schema = object(
  {
    name: objectName("Name of the Secret; default: this object's name."),
    type: {
      type: "string",
      description: "Its type.",
      default: "Opaque",
      minLength: 1,
      maxLength: 253,
      "x-kubernetes-validations": [
        { rule: `!(self in ${JSON.stringify(RESERVED_TYPES).replaceAll('"', "'")})`, message: "Kubernetes itself acts on Secrets of this type: use Opaque, or a type of your own" },
      ],
    },
    template: {
      type: "object",
      description: `Its keys, and what stands under each: text with ${words}.`,
      default: { token: "{{ .token }}" },
      maxProperties: 32,
      additionalProperties: { type: "string", maxLength: 4096 },
      "x-kubernetes-validations": [
        { rule: "self.exists(key, self[key].contains('.token'))", message: "no key of the template holds the token: write {{ .token }} under at least one" },
        {
          rule: "self.all(key, key.matches('^[-._a-zA-Z0-9]{1,253}$'))",
          message: "a key of a Secret consists of letters, digits, '-', '_' and '.'",
        },
      ],
    },
    labels: {
      type: "object",
      description: "Labels of the Secret.",
      maxProperties: 32,
      additionalProperties: { type: "string", maxLength: 63 },
      "x-kubernetes-validations": unreserved("labels"),
    },
    annotations: {
      type: "object",
      description: "Annotations of the Secret.",
      maxProperties: 32,
      additionalProperties: { type: "string", maxLength: 4096 },
      "x-kubernetes-validations": unreserved("annotations"),
    },
    adopt: { type: "boolean", description: "Take over a Secret of this name that is not ours.", default: false },
  },
  {
    description: "Where the token is delivered.",
    default: {},
    "x-kubernetes-validations": [
      {
        // Guarded, because the apiserver checks the default {} before it fills it.
        rule: "!has(self.type) || !has(oldSelf.type) || self.type == oldSelf.type || (has(self.name) ? self.name : '') != (has(oldSelf.name) ? oldSelf.name : '')",
        message: "the type of a Secret cannot be changed: change secret.name together with secret.type",
      },
    ],
  },
);

const tokenColumns: Kind["columns"] = [
  ready,
  { name: "User", type: "string", jsonPath: ".status.user" },
  { name: "Revision", type: "integer", jsonPath: ".status.token.revision" },
  { name: "Expires", type: "string", jsonPath: ".status.token.expiresAt" },
  { name: "Last Used", type: "date", jsonPath: ".status.token.lastUsedAt" },
  { name: "Next", type: "string", jsonPath: ".status.nextAction.type" },
  why,
  age,
];

export const serviceToken: Kind = {
  kind: "ServiceToken",
  plural: "servicetokens",
  shortNames: ["svctoken"],
  description: "A Qualytics API token of a service user, rotated before it expires and delivered into a Secret.",
  spec: object(
    { issuerRef, ...serviceTokenFields, serviceUser: owner, secret },
    { required: ["issuerRef", "serviceUser"], "x-kubernetes-validations": lifetimeRules },
  ),
  status: tokenStatus,
  columns: tokenColumns,
  selectable: [".spec.issuerRef.name", ".spec.issuerRef.kind", ".spec.serviceUser.name", ".spec.serviceUser.ref"],
};

export const personalToken: Kind = {
  kind: "PersonalToken",
  plural: "personaltokens",
  shortNames: ["perstoken"],
  description: "A Qualytics API token of the issuer's own user, rotated before it expires and delivered into a Secret.",
  spec: object({ issuerRef, ...personalTokenFields, secret }, { required: ["issuerRef"], "x-kubernetes-validations": lifetimeRules }),
  status: tokenStatus,
  columns: tokenColumns,
  selectable: [".spec.issuerRef.name", ".spec.issuerRef.kind"],
};

export const kinds: readonly Kind[] = [serviceToken, personalToken, serviceUser, tokenIssuer, clusterTokenIssuer];
