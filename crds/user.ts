// The ServiceUser as a CustomResourceDefinition: core's fields, and the issuer.
import { serviceUserFields } from "../core/user/schema.ts";
import { age, issuerRef, object, ready, userStatus, why, type Kind } from "./parts.ts";

export const serviceUser: Kind = {
  kind: "ServiceUser",
  plural: "serviceusers",
  shortNames: ["svcuser"],
  description: "A Qualytics service user, the owner of service tokens. One of that name that exists already is taken over, and a deactivated one is reactivated.",
  spec: object(
    { issuerRef, ...serviceUserFields },
    {
      required: ["issuerRef", "name"],
      "x-kubernetes-validations": [
        { rule: "self.name == oldSelf.name", message: "a service user cannot be renamed: make another ServiceUser object, and delete this one" },
        { rule: "self.issuerRef == oldSelf.issuerRef", message: "a service user cannot move to another issuer: make another ServiceUser object there, and delete this one" },
      ],
    },
  ),
  status: userStatus,
  columns: [
    ready,
    { name: "User", type: "string", jsonPath: ".spec.name" },
    { name: "Role", type: "string", jsonPath: ".status.user.role" },
    { name: "ID", type: "integer", jsonPath: ".status.user.id" },
    why,
    age,
  ],
  selectable: [".spec.name", ".spec.issuerRef.name", ".spec.issuerRef.kind"],
};
