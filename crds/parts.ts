// The parts of our CRDs that are not the spec: references, conditions, status, printer columns.
import type { Schema } from "../core/schema.ts";

export const GROUP = "tokens.qualytics.io";
export const VERSION = "v1alpha1";

export const object = (properties: { readonly [name: string]: Schema }, more: Partial<Schema> = {}): Schema => ({ type: "object", properties, ...more });
const string = (description: string, more: Partial<Schema> = {}): Schema => ({ type: "string", description, ...more });
const integer = (description: string): Schema => ({ type: "integer", description });
const moment = (description: string): Schema => ({ type: "string", format: "date-time", description });

/** A DNS-1123 subdomain, as every Kubernetes name is. */
export const objectName = (description: string): Schema =>
  string(description, { minLength: 1, maxLength: 253, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" });

export const ready = { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' } as const;
/** Beside a Ready that is True: the delivered token is good, and the next step waits for a person. */
export const stalled = { name: "Stalled", type: "string", jsonPath: '.status.conditions[?(@.type=="Stalled")].reason' } as const;
export const why = { name: "Reason", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].reason', priority: 1 } as const;
export const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" } as const;

export const issuerRef: Schema = object(
  {
    kind: {
      type: "string",
      description: "TokenIssuer: one of this namespace. ClusterTokenIssuer: one for several namespaces.",
      enum: ["TokenIssuer", "ClusterTokenIssuer"],
      default: "TokenIssuer",
    },
    name: objectName("Its name."),
  },
  { description: "The issuer, which has the credential.", required: ["name"] },
);

const conditions: Schema = {
  type: "array",
  description: "Ready first; Rotating, Stalled and the like only where they hold.",
  maxItems: 16,
  items: object(
    {
      type: string("What is judged."),
      status: string("True, False or Unknown.", { enum: ["True", "False", "Unknown"] }),
      reason: string("One of the closed list of reasons, for machines."),
      message: string("A sentence for people."),
      observedGeneration: integer("The generation that was judged."),
      lastTransitionTime: moment("When the status changed last."),
    },
    { required: ["type", "status", "reason", "message", "lastTransitionTime"] },
  ),
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
};

/** -1 until the controller has spoken, so that nobody takes a new object for finished. */
const observedGeneration: Schema = { ...integer("The generation that this status speaks of."), default: -1 };

export const tokenStatus: Schema = object(
  {
    observedGeneration,
    conditions,
    token: object(
      {
        id: integer("Its id at the API."),
        name: string("Its name at the API."),
        revision: integer("Which revision of this resource it is, from 1."),
        issuedAt: moment("When it was issued."),
        expiresAt: moment("When it expires."),
        renewAt: moment("When it is due for renewal."),
        lastUsedAt: moment("When it was last used, as far as seen; written at most once a day."),
        usage: string("Used or NotUsed since its delivery.", { enum: ["Used", "NotUsed"] }),
        state: string("Active, Revoked or Expired.", { enum: ["Active", "Revoked", "Expired"] }),
      },
      { description: "The delivered revision." },
    ),
    retiring: {
      type: "array",
      description: "Older revisions that are still valid.",
      items: object({ id: integer("Its id at the API."), revision: integer("Its number."), retireAt: moment("When it is revoked at the latest known."), reason: string("Why then.") }),
    },
    nextAction: object(
      { type: string("Issue, Rotate, Retire, Delete, Expire or None."), at: moment("When."), reason: string("Why.") },
      { description: "What comes next by itself." },
    ),
    history: {
      type: "array",
      description: "The last revisions, newest first; never a value.",
      maxItems: 10,
      items: object({
        revision: integer("Its number."),
        id: integer("Its id at the API."),
        issuedAt: moment("When it was issued."),
        deliveredAt: moment("When it was delivered."),
        revokedAt: moment("When it was revoked."),
        reason: string("Why it was revoked."),
      }),
    },
    user: string("The service user that owns the token."),
  },
  { default: { observedGeneration: -1 } },
);

export const userStatus: Schema = object(
  {
    observedGeneration,
    conditions,
    user: object(
      {
        id: integer("Its numeric id."),
        userId: string("What the API calls it: the name in small letters with @service."),
        role: string("Its role, as last seen."),
        teams: { type: "array", description: "Its teams, as last seen.", items: { type: "string" } },
      },
      { description: "The service user at the API." },
    ),
  },
  { default: { observedGeneration: -1 } },
);

export const issuerStatus: Schema = object(
  {
    observedGeneration,
    conditions,
    user: object({ id: integer("The id of the credential's own user."), name: string("Its name.") }),
  },
  { default: { observedGeneration: -1 } },
);

interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  readonly priority?: number;
}

export interface Kind {
  readonly kind: string;
  /** Default: Namespaced. */
  readonly scope?: "Cluster";
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: Schema;
  readonly status: Schema;
  readonly columns: readonly Column[];
  readonly selectable: readonly string[];
}

/** A CustomResourceDefinition, ready to be written as YAML. */
export function definition(kind: Kind): unknown {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: kind.scope ?? "Namespaced",
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        shortNames: kind.shortNames,
        categories: ["qualytics"],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          selectableFields: kind.selectable.map((jsonPath) => ({ jsonPath })),
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: kind.description,
              required: ["spec"],
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: kind.spec,
                status: kind.status,
              },
            },
          },
        },
      ],
    },
  };
}
