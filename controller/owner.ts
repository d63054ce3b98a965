// Which service user a token object means: by name, by id, or through a ServiceUser object of its namespace.
import { absent, unknown, type Fact } from "../core/observed.ts";
import type { TokenSpec } from "../core/spec.ts";
import type { UserRef } from "../tokenapi/users.ts";
import { awaited } from "./awaited.ts";
import { issuerKey } from "./issuer-object.ts";
import { ANNOTATION, type TokenObject } from "./kinds.ts";
import { stalledOf, type UserObject } from "./user-object.ts";

export interface Owners {
  get(key: string): UserObject | undefined;
  byIndex(index: "name", name: string): UserObject[];
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
  /** The user as the issuer has it; null: it has none, as far as known. */
  readonly user: (ref: UserRef) => { readonly active: boolean } | null;
  /** A token stands in the Secret: whether it is good is told by the user as it is. */
  readonly delivered: boolean;
}

export function ownerOf(object: TokenObject, seen: Seen): Owner {
  const { serviceUser } = object.spec;
  if (serviceUser?.ref !== undefined) return referred(object, serviceUser.ref, seen);
  if (serviceUser?.id !== undefined) return { ref: { id: serviceUser.id }, problem: null, spec: { id: serviceUser.id } };
  if (serviceUser?.name !== undefined) return called(object, serviceUser.name, seen);
  return { ref: null, problem: null, spec: undefined };
}

function called(object: TokenObject, name: string, seen: Seen): Owner {
  const manager = seen.owners.byIndex("name", name).find((user) => issuerKey(user) === issuerKey(object) && isReactivating(user, seen));
  return { ref: { name }, problem: manager ? comingBack(name) : null, spec: { name } };
}

/** What the object asks for counts, not what its status says. */
function referred(object: TokenObject, ref: string, seen: Seen): Owner {
  const user = seen.owners.get(`${object.namespace}/${ref}`);
  if (!user) {
    const missing = absent(`There is no ServiceUser ${ref} in this namespace: create it, or name another in serviceUser.ref.`);
    return unresolved(ref, awaited(object, `ServiceUser ${ref}`, { missing, reason: "ServiceUserUnknown" }));
  }
  if (issuerKey(user) !== issuerKey(object)) return unresolved(ref, absent(`The ServiceUser ${ref} belongs to another issuer: name the same one in both issuerRefs.`));
  const { name } = user.spec;
  const problem = !seen.user({ name }) ? unmade(ref, user) : isReactivating(user, seen) ? comingBack(name) : null;
  return { ref: { name }, problem, spec: { name } };
}

/** A user that is deactivated, and an object that takes that back: nobody has to be called for it. */
function isReactivating(object: UserObject, { user, delivered }: Seen): boolean {
  const isOff = !delivered && user({ name: object.spec.name })?.active === false;
  return isOff && !object.deleting && object.complaint === null && object.annotations[ANNOTATION.paused] !== "true" && stalledOf(object) === null;
}

const comingBack = (name: string): Fact<never> => unknown("ServiceUserUnknown", `Waiting for the service user ${name}, which is deactivated: its ServiceUser object reactivates it.`);

/** Its object makes it, or says why it does not. */
function unmade(ref: string, user: UserObject): Fact<never> {
  const why = stalledOf(user);
  return why === null ? unknown("ServiceUserUnknown", `Waiting for the ServiceUser ${ref}, which has not made its service user yet.`) : absent(`The ServiceUser ${ref} has made no service user. ${why}`);
}

const unresolved = (ref: string, problem: Fact<never>): Owner => ({ ref: null, problem, spec: { name: ref } });
