// The two kinds of issuer as CustomResourceDefinitions. That of the whole cluster says whom it serves.
import { DURATION_PATTERN } from "../core/duration.ts";
import type { Schema } from "../core/schema.ts";
import { ROLES } from "../core/user/desired.ts";
import { age, issuerStatus, object, objectName, ready, why, type Kind } from "./parts.ts";

const url: Schema = {
  type: "string",
  description: "Where the API is, as in https://your.qualytics.io.",
  minLength: 8,
  maxLength: 2048,
  pattern: "^https?://[^\\s/]+",
  "x-kubernetes-validations": [
    { rule: "isURL(self)", message: "url is an address as in https://your.qualytics.io" },
    { rule: "!self.matches('^https?://[^/]*@')", message: "url holds no user and password: the credential goes into the Secret of credentialsSecretRef" },
    { rule: "!self.contains('?') && !self.contains('#')", message: "url has no ? and no #: leave out what comes after the path" },
  ],
};

const text = (description: string, maxLength: number): Schema => ({ type: "string", description, minLength: 1, maxLength });

const policyFields: { readonly [name: string]: Schema } = {
  maxExpiresInDays: { type: "integer", description: "The longest lifetime allowed.", minimum: 1, maximum: 365 },
  allowNever: { type: "boolean", description: "Whether tokens may never expire.", default: false },
  minOverlap: { type: "string", description: "The least overlap of a rotation. A Go duration, as in 1h.", pattern: DURATION_PATTERN, minLength: 2, maxLength: 20 },
};

const serviceUsers = (description: string): Schema => ({
  type: "array",
  description: `${description} Names, * for any text, {namespace} for the namespace that asks.`,
  maxItems: 100,
  items: { type: "string", minLength: 1, maxLength: 255 },
});

const roles = (description: string): Schema => ({ type: "array", description, maxItems: ROLES.length, items: { type: "string", enum: ROLES } });

const limits: Schema = object(
  {
    requestsPerSecond: { type: "integer", description: "At most so many requests a second; default: no limit.", minimum: 1, maximum: 10000 },
    maxInFlight: { type: "integer", description: "At most so many requests at a time.", minimum: 1, maximum: 1000, default: 32 },
  },
  { description: "How hard the API may be asked.", default: {} },
);

const around: { readonly [name: string]: Schema } = {
  caBundle: {
    type: "string",
    description: "PEM certificates of the authorities to trust, instead of the public ones.",
    maxLength: 65536,
    "x-kubernetes-validations": [{ rule: "self.contains('-----BEGIN CERTIFICATE-----')", message: "caBundle holds PEM certificates, which begin with -----BEGIN CERTIFICATE-----" }],
  },
  limits,
  resyncInterval: {
    type: "string",
    description: "How often the token list is read. A Go duration, at least 1s.",
    pattern: DURATION_PATTERN,
    minLength: 2,
    maxLength: 20,
    default: "60s",
    "x-kubernetes-validations": [{ rule: "duration(self) >= duration('1s')", message: "resyncInterval must be at least 1s" }],
  },
  orphans: {
    type: "string",
    description: "What becomes of tokens that this installation issued and no object declares any more, where they are in use: Report names them here, Retire revokes them once they have stood still for a day, or after a week. Unused ones are revoked and deleted.",
    enum: ["Report", "Retire"],
    default: "Report",
  },
};

const key = { type: "string", description: "Its key.", default: "token", minLength: 1, maxLength: 253 } as const;
const gate = "What is issued from now on has to keep to this; nothing is revoked for it.";
const columns: Kind["columns"] = [ready, { name: "URL", type: "string", jsonPath: ".spec.url" }, { name: "User", type: "string", jsonPath: ".status.user.name" }, why, age];

export const tokenIssuer: Kind = {
  kind: "TokenIssuer",
  plural: "tokenissuers",
  shortNames: [],
  description: "One Qualytics instance, with the credential that issues tokens for this namespace and the policy for them.",
  spec: object(
    {
      url,
      credentialsSecretRef: object({ name: objectName("Name of the Secret."), key }, { description: "The administrator token, in a Secret of this namespace.", required: ["name"] }),
      policy: object(
        {
          ...policyFields,
          serviceUsers: serviceUsers("Which service users tokens may be issued to, and ServiceUser objects may manage. Default: all."),
          roles: roles("Which roles ServiceUser objects may give. Default: all."),
          personalTokens: { type: "boolean", description: "Whether PersonalToken objects may be issued tokens of the issuer's own user.", default: true },
        },
        { description: gate, default: {} },
      ),
      ...around,
    },
    { required: ["url", "credentialsSecretRef"] },
  ),
  status: issuerStatus,
  columns,
  selectable: [".spec.url"],
};

const selector: Schema = object(
  {
    matchLabels: { type: "object", description: "Labels that the namespace has to have.", maxProperties: 32, additionalProperties: { type: "string", maxLength: 63 } },
    matchExpressions: {
      type: "array",
      description: "Requirements on its labels; all of them have to hold.",
      maxItems: 32,
      items: object(
        {
          key: text("The label.", 317),
          operator: { type: "string", description: "In, NotIn, Exists or DoesNotExist.", enum: ["In", "NotIn", "Exists", "DoesNotExist"] },
          values: { type: "array", description: "For In and NotIn.", maxItems: 64, items: { type: "string", maxLength: 63 } },
        },
        {
          required: ["key", "operator"],
          "x-kubernetes-validations": [
            {
              rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
              message: "In and NotIn take values; Exists and DoesNotExist take none",
            },
          ],
        },
      ),
    },
  },
  { description: "The namespaces that may use this issuer, by their labels. Default: all." },
);

export const clusterTokenIssuer: Kind = {
  kind: "ClusterTokenIssuer",
  plural: "clustertokenissuers",
  scope: "Cluster",
  shortNames: [],
  description: "One Qualytics instance for several namespaces, with a credential that none of them can read and the policy for them.",
  spec: object(
    {
      url,
      credentialsSecretRef: object(
        { name: objectName("Name of the Secret."), key, namespace: { type: "string", description: "Its namespace.", minLength: 1, maxLength: 63 } },
        { description: "The administrator token.", required: ["name", "namespace"] },
      ),
      policy: object(
        {
          ...policyFields,
          namespaceSelector: selector,
          serviceUsers: serviceUsers("Which service users tokens may be issued to; default: all. ServiceUser objects may manage only those that are named here; default: none."),
          roles: roles("Which roles ServiceUser objects may give. Default: Member."),
          personalTokens: { type: "boolean", description: "Whether PersonalToken objects may be issued tokens of the issuer's own user, who is an administrator.", default: false },
        },
        { description: gate, default: {} },
      ),
      ...around,
    },
    { required: ["url", "credentialsSecretRef"] },
  ),
  status: issuerStatus,
  columns,
  selectable: [".spec.url", ".spec.credentialsSecretRef.namespace"],
};
