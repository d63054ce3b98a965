// The table of the engine for service users: what stands there -> what is done, and why that is right.
import { describe, expect, it } from "vitest";
import { MINUTE } from "../../core/duration.ts";
import { absent, present, unknown, type Fact } from "../../core/observed.ts";
import type { DesiredUser } from "../../core/user/desired.ts";
import type { Account, Accounts, ObservedUser, UserPolicy } from "../../core/user/observed.ts";
import { planUser, USER_END, USER_LIFE } from "../../core/user/plan.ts";
import { USER_REASONS } from "../../core/user/reason.ts";

const NOW = 1_767_225_600_000;

const desired = (change: Partial<DesiredUser> = {}): DesiredUser => ({
  resource: "data/ingest",
  name: "Data Ingest",
  role: "Member",
  teams: null,
  deletionPolicy: "Orphan",
  paused: false,
  deleting: false,
  abandon: false,
  ...change,
});

const account = (change: Partial<Account> = {}): Account => ({ id: 11, name: "Data Ingest", role: "Member", teams: ["Public"], active: true, ...change });
const listing = (named: Account | null, change: Partial<Accounts> = {}): Fact<Accounts> => present({ sentAt: 1_000, named, bound: null, ...change });
const policy = (change: Partial<UserPolicy> = {}): Fact<UserPolicy> => present({ refusal: null, serviceUsers: null, roles: null, ...change });

const observed = (change: Partial<ObservedUser> = {}): ObservedUser => ({
  issuer: policy(),
  accounts: listing(account()),
  bound: null,
  activeTokens: present(0),
  held: true,
  claimed: null,
  refused: null,
  takenAt: null,
  inUseAt: null,
  uncertainAt: null,
  ...change,
});

interface Row {
  readonly why: string;
  readonly want?: Partial<DesiredUser>;
  readonly facts?: Partial<ObservedUser>;
  readonly check: string;
  /** The action, or how the plan ends without one. */
  readonly does: string;
  readonly reason: string;
  readonly ready: "True" | "False" | "Unknown";
}

const ends = { deleting: true, deletionPolicy: "Deactivate" } as const;
const none = listing(null);

const TABLE: readonly Row[] = [
  { why: "a user that is as it should be is left alone", check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "an issuer that does not exist needs a person", facts: { issuer: absent("No such issuer.") }, check: "user-issuer-known", does: "stall", reason: "IssuerNotFound", ready: "False" },
  { why: "nothing follows from silence", facts: { issuer: unknown("IssuerNotReady", "No answer.") }, check: "user-issuer-known", does: "wait", reason: "IssuerNotReady", ready: "Unknown" },
  { why: "a reason of the token's world is one of ours here", facts: { issuer: unknown("TokensUnknown", "No answer.") }, check: "user-issuer-known", does: "wait", reason: "ServiceUserUnknown", ready: "Unknown" },
  { why: "a listing that failed is not an empty one", facts: { accounts: unknown("CredentialDenied", "It answered 403.") }, check: "user-accounts-known", does: "wait", reason: "CredentialDenied", ready: "Unknown" },
  { why: "a lost answer is looked up before anything is repeated", facts: { accounts: none, uncertainAt: 1_000 }, check: "user-answers-settled", does: "Look users", reason: "ServiceUserUnknown", ready: "False" },
  { why: "a listing sent after it settles it", facts: { accounts: none, uncertainAt: 999 }, check: "user-missing", does: "Create", reason: "Creating", ready: "False" },
  { why: "the older resource has the say", facts: { claimed: "Another one manages it.", accounts: listing(account({ role: "Admin" })) }, check: "user-claimed", does: "stall", reason: "ServiceUserClaimed", ready: "False" },
  { why: "a renamed user is not missing", facts: { accounts: listing(null, { bound: account({ name: "Other" }) }), bound: 11 }, check: "user-renamed", does: "stall", reason: "ServiceUserRenamed", ready: "False" },
  { why: "one that came back under its name is taken over, whatever its id", facts: { accounts: listing(account({ id: 12 }), { bound: account({ name: "Other" }) }), bound: 11 }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "one whose id is gone as well is missing", facts: { accounts: none, bound: 11 }, check: "user-missing", does: "Create", reason: "Creating", ready: "False" },
  { why: "a namespace that may not use the issuer makes no user", facts: { accounts: none, issuer: policy({ refusal: "Not this namespace." }) }, check: "user-policy", does: "stall", reason: "PolicyForbids", ready: "False" },
  { why: "nor one of a name that is not allowed", facts: { accounts: none, issuer: policy({ serviceUsers: ["web-*"] }) }, check: "user-policy", does: "stall", reason: "PolicyForbids", ready: "False" },
  { why: "nor changes one of somebody else", want: { role: "Member" }, facts: { accounts: listing(account({ role: "Admin" })), issuer: policy({ serviceUsers: [] }) }, check: "user-policy", does: "stall", reason: "PolicyForbids", ready: "False" },
  { why: "nor gives a role that is not allowed", want: { role: "Admin" }, facts: { issuer: policy({ roles: ["Member"] }) }, check: "user-policy", does: "stall", reason: "PolicyForbids", ready: "False" },
  { why: "a policy gates what is done from now on: what is right stays", facts: { issuer: policy({ serviceUsers: [] }) }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "a pattern that fits allows", facts: { accounts: none, issuer: policy({ serviceUsers: ["Data *"], roles: ["Member"] }) }, check: "user-missing", does: "Create", reason: "Creating", ready: "False" },
  { why: "nothing is begun while paused", want: { paused: true }, facts: { accounts: none }, check: "user-paused", does: "wait", reason: "Paused", ready: "False" },
  { why: "what the API will not do is not asked again and again", facts: { accounts: none, refused: "No such team." }, check: "user-refused", does: "stall", reason: "ServiceUserRefused", ready: "False" },
  { why: "a taken name may be the same user, just made by somebody", facts: { accounts: none, takenAt: 1_000 }, check: "user-name-taken", does: "Look users", reason: "Creating", ready: "False" },
  { why: "an account that is no service user is left alone", facts: { accounts: none, takenAt: 999 }, check: "user-name-taken", does: "stall", reason: "ServiceUserNameTaken", ready: "False" },
  { why: "what is to be deactivated may not vanish unseen", want: { deletionPolicy: "Deactivate" }, facts: { held: false, accounts: none }, check: "user-hold", does: "Hold", reason: "Creating", ready: "False" },
  { why: "what is left as it is needs no hold", facts: { held: false, accounts: none }, check: "user-missing", does: "Create", reason: "Creating", ready: "False" },
  { why: "a user that is wanted is active", facts: { accounts: listing(account({ active: false, role: "Admin" })) }, check: "user-deactivated", does: "Reactivate", reason: "Reactivating", ready: "False" },
  { why: "the role is kept", facts: { accounts: listing(account({ role: "Admin" })) }, check: "user-drifted", does: "Change", reason: "Changing", ready: "False" },
  { why: "a role that the API does not tell is not argued about", facts: { accounts: listing(account({ role: null })) }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "the teams are kept", want: { teams: ["Finance"] }, check: "user-drifted", does: "Change", reason: "Changing", ready: "False" },
  { why: "their order and Public are the API's", want: { teams: ["b", "a"] }, facts: { accounts: listing(account({ teams: ["Public", "a", "b"] })) }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  { why: "teams that nobody asked for are left as they are", facts: { accounts: listing(account({ teams: ["Public", "Finance"] })) }, check: "rest", does: "rest", reason: "Ready", ready: "True" },
  // deletion
  { why: "Orphan leaves the user, with the API away too", want: { deleting: true }, facts: { issuer: absent("gone") }, check: "user-deletion-orphan", does: "Release", reason: "Deleting", ready: "False" },
  { why: "a person may let go", want: { ...ends, abandon: true }, facts: { activeTokens: present(2) }, check: "user-deletion-abandon", does: "Release", reason: "Abandoned", ready: "False" },
  { why: "what another resource manages stays", want: ends, facts: { claimed: "another" }, check: "user-deletion-claimed", does: "Release", reason: "Deleting", ready: "False" },
  { why: "without the API it waits and names the way out", want: ends, facts: { issuer: absent("gone") }, check: "user-deletion-blocked", does: "wait", reason: "DeletionBlocked", ready: "False" },
  { why: "a lost answer is looked up here too", want: ends, facts: { uncertainAt: 1_000 }, check: "user-answers-settled", does: "Look users", reason: "ServiceUserUnknown", ready: "False" },
  { why: "a tenant cannot deactivate somebody else's user by declaring and deleting it", want: ends, facts: { issuer: policy({ serviceUsers: ["web-*"] }) }, check: "user-deletion-policy", does: "Release", reason: "Deleting", ready: "False" },
  { why: "what is deactivated already is done", want: ends, facts: { accounts: listing(account({ active: false })) }, check: "user-deletion-gone", does: "Release", reason: "Deleting", ready: "False" },
  { why: "tokens that would stop working are waited for", want: ends, facts: { activeTokens: present(1) }, check: "user-deletion-in-use", does: "wait", reason: "ServiceUserInUse", ready: "False" },
  { why: "tokens that cannot be counted too", want: ends, facts: { activeTokens: unknown("TokensUnknown", "no list") }, check: "user-deletion-in-use", does: "wait", reason: "DeletionBlocked", ready: "False" },
  { why: "the API's word counts more than our list", want: ends, facts: { inUseAt: 900 }, check: "user-deletion-in-use", does: "wait", reason: "ServiceUserInUse", ready: "False" },
  { why: "then it is deactivated", want: ends, check: "user-deletion-deactivate", does: "Deactivate", reason: "Deleting", ready: "False" },
];

describe("what becomes of a service user", () => {
  it.each(TABLE)("$why: $does", ({ want, facts, check, does, reason, ready }) => {
    const plan = planUser(desired(want), observed(facts), NOW);
    const done = plan.action ? (plan.action.do === "Look" ? `Look ${plan.action.at}` : plan.action.do) : plan.outcome;
    expect([plan.check, done, plan.reason, plan.conditions[0]?.status]).toEqual([check, does, reason, ready]);
    expect(plan.conditions[0]?.type).toBe("Ready");
    expect(plan.conditions.some(({ type }) => type === "Stalled")).toBe(plan.outcome === "stall");
    expect(plan.message).toMatch(/^\S.*\.$/);
    for (const { reason: given } of plan.conditions) expect(USER_REASONS).toContain(given);
  });

  it("has a row for each check", () => {
    const met = new Set(TABLE.map(({ check }) => check));
    expect([...USER_LIFE, ...USER_END].map(({ name }) => name).filter((name) => !met.has(name))).toEqual([]);
  });

  it("carries role and teams into the request, and leaves teams alone that nobody asked for", () => {
    expect(planUser(desired({ teams: ["a"], role: "Editor" }), observed({ accounts: none }), NOW).action).toEqual({ do: "Create", name: "Data Ingest", role: "Editor", teams: ["a"] });
    expect(planUser(desired({ role: "Editor" }), observed(), NOW).action).toEqual({ do: "Change", id: 11, role: "Editor", teams: null });
  });

  it("comes back by itself where nothing else would wake it", () => {
    expect(planUser(desired(ends), observed({ activeTokens: present(3) }), NOW).nextDue).toBe(NOW + MINUTE);
    expect(planUser(desired(), observed({ accounts: none, takenAt: 1 }), NOW).nextDue).toBe(NOW + 5 * MINUTE);
  });

  it("names both ways out of a deletion that waits", () => {
    const { message } = planUser(desired(ends), observed({ activeTokens: present(3) }), NOW);
    expect(message).toContain("3 active tokens");
    expect(message).toContain("tokens.qualytics.io/abandon");
    expect(message).toContain("deletionPolicy: Orphan");
  });
});
