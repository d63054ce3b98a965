// Creating, changing, deactivating and restoring users. Decides names, teams and when a
// user may go; must not know how it is asked for.
import { type Account, type User, findUser, insertAccount, lockAccount, setDeleted, setRole } from "../storage/account-table.ts";
import type { Queryable } from "../storage/database.ts";
import { findTeamsByName, setMembership } from "../storage/team-table.ts";
import { hasActiveToken } from "../storage/token-table.ts";
import { serviceUserId } from "./account-name.ts";
import { actorOf, audited } from "./audited.ts";
import type { Caller } from "./authentication.ts";
import { currentSecond, dateOf } from "./moment.ts";
import { InvalidInput, Refusal, valueProblem } from "./refusal.ts";
import type { Role } from "./role.ts";
import type { Service } from "./service.ts";

/** Everybody is in it. */
export const publicTeam = "Public";

export interface NewServiceUser {
  readonly name: string;
  readonly role: Role;
  readonly teams?: readonly string[] | null | undefined;
}

export interface AccountChange {
  readonly role?: Role | null | undefined;
  readonly teams?: readonly string[] | null | undefined;
}

export async function createServiceUser(service: Service, caller: Caller, request: NewServiceUser): Promise<User> {
  const userId = serviceUserId(request.name);
  if (userId === undefined) {
    throw new InvalidInput([valueProblem(["body", "name"], "the name needs at least one letter a-z, digit, - or _", request.name)]);
  }
  return audited(service, actorOf(caller), async (inside, record) => {
    const teamIds = await teamIdsOf(inside, request.teams ?? []);
    const id = await insertAccount(inside, {
      userId,
      name: request.name,
      kind: "Service",
      role: request.role,
      email: userId,
      created: dateOf(currentSecond(service.clock)),
      createdBy: caller.account.id,
    });
    if (id === undefined) throw new Refusal("conflict", `A user ${userId} exists already, maybe deactivated.`);
    await setMembership(inside, id, teamIds);
    const user = present(await findUser(inside, id));
    record({ action: "user.created", user, detail: { role: user.role, teams: user.teams } });
    return user;
  });
}

export async function changeAccount(service: Service, caller: Caller, id: number, change: AccountChange): Promise<User> {
  return audited(service, actorOf(caller), async (inside, record) => {
    const account = changeable(await lockAccount(inside, id));
    const before = present(await findUser(inside, id));
    if (change.role !== undefined && change.role !== null) await setRole(inside, account.id, change.role);
    if (change.teams !== undefined && change.teams !== null) await setMembership(inside, account.id, await teamIdsOf(inside, change.teams));
    const after = present(await findUser(inside, id));
    const detail = {
      ...(after.role === before.role ? {} : { role: after.role, role_before: before.role }),
      ...(after.teams.join("\n") === before.teams.join("\n") ? {} : { teams: after.teams, teams_before: before.teams }),
    };
    if (Object.keys(detail).length > 0) record({ action: "user.changed", user: after, detail });
    return after;
  });
}

export async function deactivateAccount(service: Service, caller: Caller, id: number): Promise<void> {
  const now = dateOf(currentSecond(service.clock));
  await audited(service, actorOf(caller), async (inside, record) => {
    const account = changeable(await lockAccount(inside, id));
    if (account.deleted !== null) return;
    if (await hasActiveToken(inside, account.id, now)) throw new Refusal("refused", "The user has active tokens: revoke them first.");
    await setDeleted(inside, account.id, now);
    record({ action: "user.deactivated", user: account });
  });
}

/** Tokens that were revoked stay revoked. */
export async function restoreAccount(service: Service, caller: Caller, id: number): Promise<User> {
  return audited(service, actorOf(caller), async (inside, record) => {
    const account = changeable(await lockAccount(inside, id));
    if (account.deleted !== null) {
      await setDeleted(inside, account.id, null);
      record({ action: "user.restored", user: account });
    }
    return present(await findUser(inside, id));
  });
}

function present<Row extends Account>(account: Row | undefined): Row {
  if (account === undefined) throw new Refusal("missing", "User not found.");
  return account;
}

function changeable(account: Account | undefined): Account {
  if (present(account).internal) throw new Refusal("denied", "An internal system user cannot be changed.");
  return present(account);
}

async function teamIdsOf(inside: Queryable, names: readonly string[]): Promise<number[]> {
  const wanted = [...new Set([publicTeam, ...names])];
  const found = await findTeamsByName(inside, wanted);
  const known = new Set(found.map(({ name }) => name));
  const problems = names.flatMap((name, index) => (known.has(name) ? [] : [valueProblem(["body", "teams", index], "there is no team of this name", name)]));
  if (problems.length > 0) throw new InvalidInput(problems);
  return found.map(({ id }) => id);
}
