// Which service user a token object means: by name, by id, or through a ServiceUser object of its namespace.
import { absent, type Fact } from "../core/observed.ts";
import type { TokenSpec } from "../core/spec.ts";
import type { UserRef } from "../tokenapi/users.ts";
import { issuerKey } from "./issuer-object.ts";
import type { TokenObject } from "./kinds.ts";
import type { UserObject } from "./user-object.ts";

export interface Owners {
  get(key: string): UserObject | undefined;
}

interface Owner {
  /** Null: the issuer's own user, or nobody can be told. */
  readonly ref: UserRef | null;
  readonly problem: Fact<never> | null;
  /** The same, as the engine's spec names it. */
  readonly spec: TokenSpec["serviceUser"];
}

export function ownerOf(object: TokenObject, owners: Owners): Owner {
  const { serviceUser } = object.spec;
  if (serviceUser?.ref !== undefined) return referred(object, serviceUser.ref, owners);
  if (serviceUser?.id !== undefined) return { ref: { id: serviceUser.id }, problem: null, spec: { id: serviceUser.id } };
  if (serviceUser?.name !== undefined) return { ref: { name: serviceUser.name }, problem: null, spec: { name: serviceUser.name } };
  return { ref: null, problem: null, spec: undefined };
}

/** What the object asks for counts, not what its status says. */
function referred(object: TokenObject, ref: string, owners: Owners): Owner {
  const user = owners.get(`${object.namespace}/${ref}`);
  if (!user) return unresolved(ref, `There is no ServiceUser ${ref} in this namespace: create it, or name another in serviceUser.ref.`);
  if (issuerKey(user) !== issuerKey(object)) return unresolved(ref, `The ServiceUser ${ref} belongs to another issuer: name the same one in both issuerRefs.`);
  const { name } = user.spec;
  return { ref: { name }, problem: null, spec: { name } };
}

const unresolved = (ref: string, message: string): Owner => ({ ref: null, problem: absent(message), spec: { name: ref } });
