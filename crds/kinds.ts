// Our kinds as CustomResourceDefinitions: core's fields, and what only Kubernetes has around them.
import { lifetimeRules, personalTokenFields, serviceTokenFields, type Schema } from "../core/schema.ts";
import { nameRules } from "../core/user/name.ts";
import { restart, secret } from "./delivery.ts";
import { clusterTokenIssuer, tokenIssuer } from "./issuers.ts";
import { age, issuerRef, object, objectName, ready, stalled, tokenStatus, why, type Kind } from "./parts.ts";
import { serviceUser } from "./user.ts";

const fields = serviceTokenFields["serviceUser"]?.properties ?? {};
const owner: Schema = object(
  {
    ...fields,
    name: { ...fields["name"], "x-kubernetes-validations": nameRules },
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

const tokenColumns: Kind["columns"] = [
  ready,
  stalled,
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
    { issuerRef, ...serviceTokenFields, serviceUser: owner, secret, restart },
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
  spec: object({ issuerRef, ...personalTokenFields, secret, restart }, { required: ["issuerRef"], "x-kubernetes-validations": lifetimeRules }),
  status: tokenStatus,
  columns: tokenColumns,
  selectable: [".spec.issuerRef.name", ".spec.issuerRef.kind"],
};

export const kinds: readonly Kind[] = [serviceToken, personalToken, serviceUser, tokenIssuer, clusterTokenIssuer];
