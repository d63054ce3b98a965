// The checks of a service user whose resource is deleted. Deactivating waits while the user has active tokens: they
// would stop working, and the API refuses it.
import { MINUTE } from "../duration.ts";
import { act, normal, wait, warning, type UserCheck, type UserHit } from "./hit.ts";
import { policyRefusal } from "./life.ts";

const WAY_OUT = 'To let go without deactivating it, set the annotation tokens.qualytics.io/abandon: "true", or deletionPolicy: Orphan.';

const release = (message: string, event: UserHit["event"] = null): UserHit => act({ do: "Release" }, "Deleting", message, event);

export const orphaned: UserCheck = {
  name: "user-deletion-orphan",
  why: "deletionPolicy: Orphan leaves the user as it is",
  ask({ desired }) {
    return desired.deletionPolicy === "Orphan" ? release("deletionPolicy is Orphan: the service user stays as it is.") : null;
  },
};

export const abandoned: UserCheck = {
  name: "user-deletion-abandon",
  why: "a person said that a deletion that waits may let go",
  ask({ desired }) {
    if (!desired.abandon) return null;
    const message = `Let ${desired.resource} go: the service user ${desired.name} was not deactivated.`;
    return act({ do: "Release" }, "Abandoned", message, warning("Abandoned", message));
  },
};

export const leftToAnother: UserCheck = {
  name: "user-deletion-claimed",
  why: "what another resource manages is not ours to deactivate",
  ask({ observed }) {
    return observed.claimed === null ? null : release("Another resource manages this service user: it stays as it is.");
  },
};

export const blocked: UserCheck = {
  name: "user-deletion-blocked",
  why: "without the issuer no user can be deactivated, and the way out is named",
  ask({ observed: { issuer, accounts } }) {
    const why = [issuer, accounts].flatMap((fact) => (fact.is === "present" ? [] : [fact]))[0];
    return why ? wait("DeletionBlocked", `The service user cannot be deactivated yet: ${why.message} ${WAY_OUT}`) : null;
  },
};

export const forbidden: UserCheck = {
  name: "user-deletion-policy",
  why: "a user that the issuer's policy keeps from us is not deactivated by us",
  ask(s) {
    const refusal = policyRefusal(s);
    if (refusal === null) return null;
    return release(refusal, warning("PolicyForbids", `The service user ${s.desired.name} stays as it is: ${refusal}`));
  },
};

export const gone: UserCheck = {
  name: "user-deletion-gone",
  why: "there is nothing left to deactivate",
  ask({ account }) {
    return account?.active ? null : release("There is no active service user of that name.");
  },
};

export const inUse: UserCheck = {
  name: "user-deletion-in-use",
  why: "tokens of a deactivated user stop working: they are ended first, by whoever owns them",
  ask({ account, now, observed: { activeTokens, inUseAt } }) {
    if (activeTokens.is !== "present") return wait("DeletionBlocked", `The service user cannot be deactivated yet: ${activeTokens.message} ${WAY_OUT}`);
    const count = activeTokens.value;
    // The API's word counts more than our list.
    if (count === 0 && inUseAt === null) return null;
    const some = count === 0 ? "active tokens" : count === 1 ? "one active token" : `${count} active tokens`;
    return wait("ServiceUserInUse", `The service user ${account?.name ?? ""} still has ${some}: delete or revoke them first. ${WAY_OUT}`, now + MINUTE);
  },
};

export const deactivation: UserCheck = {
  name: "user-deletion-deactivate",
  why: "deletionPolicy: Deactivate",
  ask({ account, desired }) {
    if (!account) return null;
    return act({ do: "Deactivate", id: account.id }, "Deleting", `Deactivating the service user ${account.name}.`, normal("Deactivated", `Deactivated the service user ${account.name} of ${desired.resource}.`));
  },
};
