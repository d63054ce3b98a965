// The spec as a person writes it: one JSON Schema for the CRD, the provider's inputs and every message about them.
// Only what OpenAPI v3 structural schemas know is used, so that it goes into a CRD as it is.
import { DURATION_PATTERN } from "./duration.ts";
import { baseRules } from "./token-base.ts";
import { ZONE_PATTERN } from "./zone.ts";

export interface Schema {
  readonly type?: "object" | "string" | "integer" | "boolean" | "array";
  readonly description?: string;
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
  readonly "x-kubernetes-validations"?: readonly Rule[];
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
}

/** A CEL rule, with the sentence that says what to write instead. */
export interface Rule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
}

const text = (description: string, maxLength: number, more: Partial<Schema> = {}): Schema => ({ type: "string", description, maxLength, ...more });
const time = (description: string, more: Partial<Schema> = {}): Schema => ({
  type: "string",
  description: `${description} A Go duration: hours, minutes and seconds, as in 720h or 1h30m.`,
  pattern: DURATION_PATTERN,
  minLength: 2,
  maxLength: 20,
  ...more,
});
const choice = (description: string, values: readonly string[], fallback: string): Schema => ({
  type: "string",
  description,
  enum: values,
  default: fallback,
});
const flag = (description: string, fallback: boolean): Schema => ({ type: "boolean", description, default: fallback });

const retire: Schema = {
  type: "object",
  description: "When the old revision gives way after a rotation.",
  default: {},
  properties: {
    when: choice("Unused: when the new one is in use and the old one has stood still. Deadline: at minOverlap.", ["Unused", "Deadline"], "Unused"),
    minOverlap: time("Both stay valid at least this long.", { default: "1h" }),
    idleFor: time("Unused: how long the old one must have stood still.", { default: "24h" }),
    maxOverlap: time("The old one goes at the latest after this long.", { default: "168h" }),
  },
  "x-kubernetes-validations": [
    {
      // Guarded, because the apiserver checks the default {} before it fills it.
      rule: "!has(self.minOverlap) || !has(self.maxOverlap) || duration(self.minOverlap) <= duration(self.maxOverlap)",
      message: "minOverlap is longer than maxOverlap: make minOverlap shorter or maxOverlap longer",
    },
  ],
};

/** A cron field as far as a pattern can tell: a list of *, a number or a range, the last two with a step. */
function cronField(number: string): string {
  const step = "/[1-9][0-9]?";
  const item = String.raw`(\*(${step})?|(${number})(-(${number})(${step})?)?)`;
  return `${item}(,${item})*`;
}

const CRON_FIELDS = [
  "[0-5]?[0-9]",
  "[01]?[0-9]|2[0-3]",
  "0?[1-9]|[12][0-9]|3[01]",
  "0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC",
  "0?[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT",
];

const windows: Schema = {
  type: "array",
  description:
    "When a rotation may begin; default: at any time. Retirement is not bound, nor is what cannot wait: a token that is no good, or would expire before a window opens.",
  default: [],
  maxItems: 10,
  items: {
    type: "object",
    required: ["cron", "duration"],
    properties: {
      cron: text("When it opens: minute, hour, day of month, month and day of week, as in 0 2 * * 1-5.", 100, {
        minLength: 1,
        "x-kubernetes-validations": [
          {
            rule: `self.matches(r'^(?i)${CRON_FIELDS.map(cronField).join(" +")}$')`,
            message:
              "cron has five fields, as in 0 2 * * 1-5: minute 0-59, hour 0-23, day of month 1-31, month 1-12 or JAN-DEC, day of week 0-7 or SUN-SAT; each of them *, a number, a range 1-5, a step */15 or 0-30/10, or a list of these",
          },
        ],
      }),
      duration: time("How long it stays open.", {
        "x-kubernetes-validations": [{ rule: "duration(self) > duration('0s')", message: "a window has to stay open for more than 0s, as in 4h" }],
      }),
      timeZone: text("Whose wall clock counts: an IANA name, as in Europe/Zurich.", 64, {
        minLength: 1,
        default: "UTC",
        "x-kubernetes-validations": [
          { rule: `self.matches(r'${ZONE_PATTERN}')`, message: "timeZone is an IANA name, as in Europe/Zurich or UTC" },
        ],
      }),
    },
  },
};

const rotation: Schema = {
  type: "object",
  description: "When and how the token is rotated.",
  default: {},
  properties: {
    renewBefore: time("Rotate this long before expiry; default: a third of the lifetime."),
    every: time("Rotate this long after issue, for tokens that never expire or to rotate early."),
    verify: flag("Authenticate with a new token before it is handed over.", true),
    retire,
    keepRevokedFor: time("How long a retired token is kept revoked, for a restore, before it is deleted.", { default: "168h" }),
    windows,
  },
};

/** An issuer as one credential sees it, as home.ts writes it. */
const issuerWord = (description: string): Schema => text(description, 2_100, { minLength: 1, pattern: "^https?://[^#\\s]+#[0-9]+$" });

const issuerChange: Schema = {
  type: "object",
  description:
    "Consent, for this one change: the issuer's url or own user is another than the tokens were issued by, or a former issuer cannot be reached any more. Go on at `to`: tokens that are seen there stay, the others are given up as they are, and named. The condition that asks for it says what to write.",
  required: ["from", "to"],
  properties: {
    from: issuerWord("The issuer that the tokens were issued at: its url, # and the id of its own user, as in https://old.example#1."),
    to: issuerWord("The issuer to go on at, in the same form."),
  },
};

/** What every kind of token shares. */
const common: { readonly [name: string]: Schema } = {
  tokenName: text("Base of the token's name at the API; default: <namespace>-<name>.", 200, { minLength: 1, "x-kubernetes-validations": baseRules }),
  expiresInDays: { type: "integer", description: "Lifetime of each revision in days, 1 to 365; default 90.", minimum: 1, maximum: 365 },
  neverExpires: flag("Instead of expiresInDays: the token never expires, where the issuer's policy allows it.", false),
  state: choice("Revoked: revoke now, the retiring revision too. Back to Active: restore, same secret.", ["Active", "Revoked"], "Active"),
  rotation,
  onExternalChange: choice("What to do when somebody else revoked or deleted the token.", ["Reissue", "Restore", "Report"], "Reissue"),
  deletionPolicy: choice(
    "What becomes of the token when this object is deleted. Delete: revoke and delete. Revoke: keep it revoked, for audit. Orphan: token and Secret stay.",
    ["Delete", "Revoke", "Orphan"],
    "Delete",
  ),
  issuerChange,
};

const serviceUser: Schema = {
  type: "object",
  description: "The service user that owns the token: by name or by id.",
  maxProperties: 1,
  properties: {
    name: text("Its name, as the users page shows it.", 255, { minLength: 1 }),
    id: { type: "integer", description: "Its numeric id.", minimum: 1 },
  },
  "x-kubernetes-validations": [{ rule: "has(self.name) != has(self.id)", message: "name the service user by exactly one of name and id" }],
};

const scimEndpointsOnly = flag("The token is good for the SCIM endpoints only; the issuer's credential must belong to an administrator.", false);

/** What both fronts accept for a ServiceToken; each adds its own words around it. */
export const serviceTokenFields: { readonly [name: string]: Schema } = { serviceUser, ...common, scimEndpointsOnly };
/** The same for a PersonalToken. */
export const personalTokenFields: { readonly [name: string]: Schema } = common;

/** Rules across fields, in CEL for admission; spec.ts says the same in code for everybody else. */
export const lifetimeRules: readonly Rule[] = [
  {
    rule: "!(has(self.neverExpires) && self.neverExpires && has(self.expiresInDays))",
    message: "expiresInDays and neverExpires exclude each other: leave one of them out",
  },
  {
    rule: "!has(self.rotation.renewBefore) || (has(self.neverExpires) && self.neverExpires) || duration(self.rotation.renewBefore).getSeconds() + 5 <= (has(self.expiresInDays) ? self.expiresInDays : 90) * 86400",
    message: "renewBefore must be shorter than the lifetime by at least 5s: every revision would be due for renewal at once",
  },
  {
    rule: "!has(self.rotation.every) || duration(self.rotation.every) >= duration('5s')",
    message: "rotation.every must be at least 5s",
  },
];
