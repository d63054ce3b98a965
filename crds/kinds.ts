// Our kinds as CustomResourceDefinitions: core's fields, and what only Kubernetes has around them.
import { DURATION_PATTERN } from "../core/duration.ts";
import { lifetimeRules, serviceTokenFields, type Schema } from "../core/schema.ts";
import { issuerStatus, object, objectName, tokenStatus, type Kind } from "./parts.ts";

const ready = { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' } as const;
const why = { name: "Reason", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].reason', priority: 1 } as const;
const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" } as const;

const issuerRef: Schema = object(
  {
    kind: { type: "string", description: "TokenIssuer.", enum: ["TokenIssuer"], default: "TokenIssuer" },
    name: objectName("Its name, in this namespace."),
  },
  { description: "The issuer that issues the token.", required: ["name"] },
);

const words = "{{ .token }}, {{ .url }}, {{ .name }}, {{ .expiresAt }} and {{ .user }}";
const secret: Schema = object(
  {
    name: objectName("Name of the Secret; default: this object's name."),
    type: { type: "string", description: "Its type.", default: "Opaque", minLength: 1, maxLength: 253 },
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
    labels: { type: "object", description: "Labels of the Secret.", maxProperties: 32, additionalProperties: { type: "string", maxLength: 63 } },
    annotations: { type: "object", description: "Annotations of the Secret.", maxProperties: 32, additionalProperties: { type: "string", maxLength: 4096 } },
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

export const serviceToken: Kind = {
  kind: "ServiceToken",
  plural: "servicetokens",
  shortNames: ["svctoken"],
  description: "A Qualytics API token of a service user, rotated before it expires and delivered into a Secret.",
  spec: object(
    { issuerRef, ...serviceTokenFields, secret },
    { required: ["issuerRef", "serviceUser"], "x-kubernetes-validations": lifetimeRules },
  ),
  status: tokenStatus,
  columns: [
    ready,
    { name: "User", type: "string", jsonPath: ".status.user" },
    { name: "Revision", type: "integer", jsonPath: ".status.token.revision" },
    { name: "Expires", type: "string", jsonPath: ".status.token.expiresAt" },
    { name: "Last Used", type: "date", jsonPath: ".status.token.lastUsedAt" },
    { name: "Next", type: "string", jsonPath: ".status.nextAction.type" },
    why,
    age,
  ],
  selectable: [".spec.issuerRef.name"],
};

export const tokenIssuer: Kind = {
  kind: "TokenIssuer",
  plural: "tokenissuers",
  shortNames: [],
  description: "One Qualytics instance, with the credential that issues tokens and the policy for them.",
  spec: object(
    {
      url: {
        type: "string",
        description: "Where the API is, as in https://your.qualytics.io.",
        minLength: 8,
        maxLength: 2048,
        pattern: "^https?://[^\\s/]+",
      },
      credentialsSecretRef: object(
        { name: objectName("Name of the Secret."), key: { type: "string", description: "Its key.", default: "token", minLength: 1, maxLength: 253 } },
        { description: "The administrator token, in a Secret of this namespace.", required: ["name"] },
      ),
      caBundle: { type: "string", description: "PEM certificates of the authorities to trust, instead of the public ones.", maxLength: 65536 },
      policy: object(
        {
          maxExpiresInDays: { type: "integer", description: "The longest lifetime allowed.", minimum: 1, maximum: 365 },
          allowNever: { type: "boolean", description: "Whether tokens may never expire.", default: false },
          minOverlap: { type: "string", description: "The least overlap of a rotation. A Go duration, as in 1h.", pattern: DURATION_PATTERN, minLength: 2, maxLength: 20 },
          serviceUsers: {
            type: "array",
            description: "Which service users tokens may be issued to: names, * for any text. Default: all.",
            maxItems: 100,
            items: { type: "string", minLength: 1, maxLength: 255 },
          },
        },
        { description: "What is issued from now on has to keep to this; nothing is revoked for it.", default: {} },
      ),
      limits: object(
        {
          requestsPerSecond: { type: "integer", description: "At most so many requests a second; default: no limit.", minimum: 1, maximum: 10000 },
          maxInFlight: { type: "integer", description: "At most so many requests at a time.", minimum: 1, maximum: 1000, default: 32 },
        },
        { description: "How hard the API may be asked.", default: {} },
      ),
      resyncInterval: {
        type: "string",
        description: "How often the token list is read. A Go duration, at least 1s.",
        pattern: DURATION_PATTERN,
        minLength: 2,
        maxLength: 20,
        default: "60s",
        "x-kubernetes-validations": [{ rule: "duration(self) >= duration('1s')", message: "resyncInterval must be at least 1s" }],
      },
    },
    { required: ["url", "credentialsSecretRef"] },
  ),
  status: issuerStatus,
  columns: [ready, { name: "URL", type: "string", jsonPath: ".spec.url" }, { name: "User", type: "string", jsonPath: ".status.user.name" }, why, age],
  selectable: [],
};

export const kinds: readonly Kind[] = [serviceToken, tokenIssuer];
