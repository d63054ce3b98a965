// A ServiceUser's spec as it can be worked with, and what is wrong with it. For one with a complaint nothing is made or
// changed; it can be deleted, and leaves the user as it is where it does not say that it should not.
import { ROLES } from "../core/user/desired.ts";
import { complaintOf, given, SpecReader } from "./spec-reader.ts";
import type { UserObject } from "./user-object.ts";

export function examineUser(raw: unknown): Pick<UserObject, "spec" | "complaint"> {
  const read = new SpecReader(raw);
  const issuer = read.below("issuerRef");
  const spec = {
    name: read.needed("name"),
    issuerRef: { name: issuer.needed("name"), ...given({ kind: issuer.choice("kind", ["TokenIssuer", "ClusterTokenIssuer"] as const) }) },
    ...given({ role: read.choice("role", ROLES), teams: read.texts("teams"), deletionPolicy: read.choice("deletionPolicy", ["Orphan", "Deactivate"] as const) }),
  };
  return { spec, complaint: complaintOf(read) };
}
