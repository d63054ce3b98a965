// A service user as a person writes it: one schema for the CRD, the provider's inputs and every message about them.
import type { Schema } from "../schema.ts";
import { nameRules } from "./name.ts";
import { DEFAULT_ROLE, ROLES } from "./desired.ts";

/** What both fronts accept for a ServiceUser; each adds its own words around it. */
export const serviceUserFields: { readonly [name: string]: Schema } = {
  name: { type: "string", description: "Its name at the API. It cannot be renamed: another name is another user.", minLength: 1, maxLength: 255, "x-kubernetes-validations": nameRules },
  role: { type: "string", description: "What it may do. A change counts at once, for its tokens too.", enum: ROLES, default: DEFAULT_ROLE },
  teams: {
    type: "array",
    description: "The names of its teams; the API always adds Public. Not given: the teams are left as they are.",
    maxItems: 100,
    items: { type: "string", minLength: 1, maxLength: 255 },
  },
  deletionPolicy: {
    type: "string",
    description: "What becomes of the user when this object is deleted. Orphan: nothing. Deactivate: it is deactivated, once it has no active tokens.",
    enum: ["Orphan", "Deactivate"],
    default: "Orphan",
  },
};
