// The checks of a service user that is wanted: found by its name, brought back, kept at its role and teams.
// Names are the API's own key for service users, so what exists is taken over, and a create whose answer was lost
// mends itself.
import { MINUTE } from "../duration.ts";
import { matches } from "../pattern.ts";
import type { Fact } from "../observed.ts";
import { act, normal, stall, wait, type UserCheck, type UserHit, type UserSituation } from "./hit.ts";
import type { DesiredUser } from "./desired.ts";
import type { Account, UserPolicy } from "./observed.ts";
import type { UserReason } from "./reason.ts";

/** The API puts everybody into this team. */
const EVERYBODY = "Public";
/** How long a refusal of the API is left alone. */
const TRY_AGAIN = 5 * MINUTE;

const teamsOf = (teams: readonly string[]): string => JSON.stringify([...new Set(teams)].filter((team) => team !== EVERYBODY).sort());

export const waiting = (fact: Fact<unknown> & { readonly is: "unknown" }): UserHit => wait(fact.reason === "CredentialDenied" || fact.reason === "IssuerNotReady" ? fact.reason : "ServiceUserUnknown", fact.message);

/** What the user is not as it should be; null: all is right. */
export function difference({ desired }: Pick<UserSituation, "desired">, account: Account): string | null {
  const role = account.role !== null && account.role !== desired.role ? `the role ${desired.role}` : null;
  const teams = desired.teams !== null && teamsOf(account.teams) !== teamsOf(desired.teams) ? `the teams ${desired.teams.join(", ") || EVERYBODY}` : null;
  return role && teams ? `${role} and ${teams}` : (role ?? teams);
}

export const issuerKnown: UserCheck = {
  name: "user-issuer-known",
  why: "without an issuer that answers, nothing can be decided",
  ask({ observed: { issuer } }) {
    if (issuer.is === "absent") return stall("IssuerNotFound", issuer.message);
    return issuer.is === "unknown" ? waiting(issuer) : null;
  },
};

export const accountsKnown: UserCheck = {
  name: "user-accounts-known",
  why: "no listing, no decision: a user that is not seen is not a user that is not there",
  ask({ observed: { accounts } }) {
    return accounts.is === "unknown" ? waiting(accounts) : null;
  },
};

export const answersSettled: UserCheck = {
  name: "user-answers-settled",
  why: "after a write without a clear answer only a later listing says what became of it",
  ask({ observed: { accounts, uncertainAt } }) {
    if (uncertainAt === null || accounts.is !== "present" || accounts.value.sentAt > uncertainAt) return null;
    return act({ do: "Look", at: "users", after: uncertainAt }, "ServiceUserUnknown", "A request got no clear answer: listing the service users again.");
  },
};

export const claimed: UserCheck = {
  name: "user-claimed",
  why: "two resources that manage one user would undo each other's roles",
  ask({ observed }) {
    return observed.claimed === null ? null : stall("ServiceUserClaimed", observed.claimed);
  },
};

/** Why the policy keeps this user from whoever asks; null: it does not. */
export function forbids({ refusal, serviceUsers, roles }: UserPolicy, { name, role }: Pick<DesiredUser, "name" | "role">): string | null {
  if (refusal !== null) return refusal;
  if (serviceUsers !== null && !serviceUsers.some((pattern) => matches(pattern, name))) {
    return `The issuer's policy does not let this namespace manage the service user ${name}: name one that policy.serviceUsers allows.`;
  }
  if (roles !== null && !roles.includes(role)) return `The issuer's policy does not allow the role ${role}: use ${roles.length === 0 ? "none" : roles.join(" or ")}.`;
  return null;
}

/** It gates what is done from now on; a user that is as it should be stays Ready. */
export function policyRefusal({ desired, observed: { issuer } }: UserSituation): string | null {
  return issuer.is === "present" ? forbids(issuer.value, desired) : null;
}

/** What is to be done to the user, as words; null: nothing. */
function need(s: UserSituation): { reason: UserReason; message: string } | null {
  const { account, desired } = s;
  if (!account) return { reason: "Creating", message: `There is no service user ${desired.name}: creating it.` };
  if (!account.active) return { reason: "Reactivating", message: `The service user ${account.name} was deactivated: reactivating it.` };
  const differs = difference(s, account);
  return differs === null ? null : { reason: "Changing", message: `Giving the service user ${account.name} ${differs}.` };
}

export const obstacle: UserCheck = {
  name: "user-policy",
  why: "what the issuer's policy forbids is not done",
  ask(s) {
    const refusal = need(s) ? policyRefusal(s) : null;
    return refusal === null ? null : stall("PolicyForbids", refusal);
  },
};

export const paused: UserCheck = {
  name: "user-paused",
  why: "a person said that nothing is to be begun",
  ask(s) {
    return s.desired.paused && need(s) ? wait("Paused", "Paused by annotation: nothing is begun.") : null;
  },
};

export const renamed: UserCheck = {
  name: "user-renamed",
  why: "a user that bears another name now is not missing: a second one would be made beside it",
  ask({ desired, observed: { accounts, bound } }) {
    if (bound === null || accounts.is !== "present") return null;
    const { named, bound: known } = accounts.value;
    if (named || !known || known.name === desired.name) return null;
    return stall("ServiceUserRenamed", `The service user ${known.id} is called ${known.name} at the API now, not ${desired.name}: rename it back there, or declare it anew under its new name.`);
  },
};

export const refused: UserCheck = {
  name: "user-refused",
  why: "what the API will not do is not asked again and again",
  ask(s) {
    const { refused: words } = s.observed;
    return words !== null && need(s) ? stall("ServiceUserRefused", `${words} Correct the spec.`, s.now + TRY_AGAIN) : null;
  },
};

export const nameTaken: UserCheck = {
  name: "user-name-taken",
  why: "an account that is not this service user holds the name: it is left alone",
  ask({ account, desired, now, observed: { accounts, takenAt } }) {
    if (account || takenAt === null || accounts.is !== "present") return null;
    if (accounts.value.sentAt <= takenAt) return act({ do: "Look", at: "users", after: takenAt }, "Creating", "The name is taken: looking whether somebody else has just made the user.");
    const message = `The API refuses a service user ${desired.name}, since the name is taken: by an account that is not a service user, or by one whose name differs only in capitals, spaces or signs. Choose another name.`;
    return stall("ServiceUserNameTaken", message, now + TRY_AGAIN);
  },
};

export const hold: UserCheck = {
  name: "user-hold",
  why: "an object that is to deactivate its user may not vanish unseen",
  ask({ desired, observed }) {
    if (observed.held || desired.deletionPolicy !== "Deactivate") return null;
    return act({ do: "Hold" }, "Creating", "Making sure that the object does not vanish before its user is deactivated.");
  },
};

export const missing: UserCheck = {
  name: "user-missing",
  why: "a user that is not there is created",
  ask(s) {
    const { account, desired, observed } = s;
    if (account) return null;
    const message = observed.bound === null ? `There is no service user ${desired.name}: creating it.` : `The service user ${desired.name} (id ${observed.bound}) is not there any more: creating it anew.`;
    return act({ do: "Create", name: desired.name, role: desired.role, teams: desired.teams ?? [] }, "Creating", message, normal("Created", `Created the service user ${desired.name}.`));
  },
};

export const deactivated: UserCheck = {
  name: "user-deactivated",
  why: "a user that is wanted is active: tokens of a deactivated one do not authenticate",
  ask({ account }) {
    if (!account || account.active) return null;
    const message = `The service user ${account.name} was deactivated: reactivating it.`;
    return act({ do: "Reactivate", id: account.id }, "Reactivating", message, normal("Reactivated", `Reactivated the service user ${account.name}.`));
  },
};

export const drifted: UserCheck = {
  name: "user-drifted",
  why: "role and teams are kept at what was asked for, whoever changed them",
  ask(s) {
    const { account, desired } = s;
    const differs = account ? difference(s, account) : null;
    if (!account || differs === null) return null;
    const event = normal("Changed", `Gave the service user ${account.name} ${differs}.`);
    return act({ do: "Change", id: account.id, role: desired.role, teams: desired.teams }, "Changing", `Giving the service user ${account.name} ${differs}.`, event);
  },
};
