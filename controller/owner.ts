// Which service user a token object means: by name, by id, or through a ServiceUser object of its namespace.
import { absent, unknown, type Fact } from "../core/observed.ts";
import type { TokenSpec } from "../core/spec.ts";
import type { UserRef } from "../tokenapi/users.ts";
import { awaited } from "./awaited.ts";
import { issuerKey } from "./issuer-object.ts";
import type { TokenObject } from "./kinds.ts";
import { stalledOf, type UserObject } from "./user-object.ts";

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

interface Seen {
  readonly owners: Owners;
  /** Whether the issuer is known to have this user. */
  readonly isThere: (ref: UserRef) => boolean;
}

export function ownerOf(object: TokenObject, seen: Seen): Owner {
  const { serviceUser } = object.spec;
  if (serviceUser?.ref !== undefined) return referred(object, serviceUser.ref, seen);
  if (serviceUser?.id !== undefined) return { ref: { id: serviceUser.id }, problem: null, spec: { id: serviceUser.id } };
  if (serviceUser?.name !== undefined) return { ref: { name: serviceUser.name }, problem: null, spec: { name: serviceUser.name } };
  return { ref: null, problem: null, spec: undefined };
}

/** What the object asks for counts, not what its status says. */
function referred(object: TokenObject, ref: string, { owners, isThere }: Seen): Owner {
  const user = owners.get(`${object.namespace}/${ref}`);
  if (!user) {
    const missing = absent(`There is no ServiceUser ${ref} in this namespace: create it, or name another in serviceUser.ref.`);
    return unresolved(ref, awaited(object, `ServiceUser ${ref}`, { missing, reason: "ServiceUserUnknown" }));
  }
  if (issuerKey(user) !== issuerKey(object)) return unresolved(ref, absent(`The ServiceUser ${ref} belongs to another issuer: name the same one in both issuerRefs.`));
  const { name } = user.spec;
  const problem = isThere({ name }) ? null : unmade(ref, user);
  return { ref: { name }, problem, spec: { name } };
}

/** Its object makes it, or says why it does not. */
function unmade(ref: string, user: UserObject): Fact<never> {
  const why = stalledOf(user);
  return why === null ? unknown("ServiceUserUnknown", `Waiting for the ServiceUser ${ref}, which has not made its service user yet.`) : absent(`The ServiceUser ${ref} has made no service user. ${why}`);
}

const unresolved = (ref: string, problem: Fact<never>): Owner => ({ ref: null, problem, spec: { name: ref } });
