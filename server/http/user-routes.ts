// The endpoints of users. Decides who may call them and how a list is ordered; the rules
// decide what happens.
import {
  type AccountChange,
  type NewServiceUser,
  changeAccount,
  createServiceUser,
  deactivateAccount,
  restoreAccount,
} from "../rules/account-change.ts";
import { Refusal } from "../rules/refusal.ts";
import type { Role } from "../rules/role.ts";
import type { Service } from "../rules/service.ts";
import { type AccountFilter, type AccountOrder, countAccounts, searchAccounts } from "../storage/account-search.ts";
import { type AccountKind, findUser } from "../storage/account-table.ts";
import { type PageQuery, pageAnswer, sliceOf, userAnswer } from "./answer.ts";
import { newUserBody, userChangeBody, userListQuery, userListingQuery } from "./input-schema.ts";
import { type Route, route } from "./route.ts";

type Direction = "asc" | "desc";

interface UserListQuery extends PageQuery {
  readonly type?: AccountKind;
  readonly name?: string;
  readonly role?: Role;
  readonly team?: string;
  readonly sort?: AccountOrder;
  readonly sort_dir?: Direction;
  /** The older way to say the order. */
  readonly sort_name?: Direction;
  readonly sort_created?: Direction;
  readonly include_deleted: boolean;
}

const create = route<unknown, NewServiceUser>({
  method: "POST",
  path: "/users",
  summary: "Create a service user",
  success: 200,
  answer: "User",
  body: newUserBody,
  handle: async ({ service, caller, body }) => userAnswer(await createServiceUser(service, caller, body)),
});

const list = route<UserListQuery>({
  method: "GET",
  path: "/users",
  summary: "Users, page by page",
  success: 200,
  answer: "UserPage",
  query: userListQuery,
  handle: async ({ service: { database }, query }) => {
    const filter: AccountFilter = { kind: query.type, name: query.name, role: query.role, team: query.team, includeDeleted: query.include_deleted };
    const total = await countAccounts(database, filter);
    const found = await searchAccounts(database, { filter, ...orderOf(query), slice: sliceOf(query) });
    return pageAnswer(found.map(userAnswer), total, query);
  },
});

const listing = route<{ type?: AccountKind }>({
  method: "GET",
  path: "/users/listing",
  summary: "All users that are not deactivated, in one list",
  success: 200,
  answer: "User",
  many: true,
  query: userListingQuery,
  handle: async ({ service: { database }, query }) => {
    const found = await searchAccounts(database, { filter: { kind: query.type }, order: "created", descending: false });
    return found.map(userAnswer);
  },
});

const me = route({
  method: "GET",
  path: "/users/me",
  summary: "The caller",
  success: 200,
  answer: "User",
  handle: async ({ service, caller: { account } }) => (account.teams === undefined ? userById(service, account.id) : userAnswer({ ...account, teams: account.teams })),
});

const read = route({
  method: "GET",
  path: "/users/:id",
  summary: "One user, also a deactivated one",
  success: 200,
  answer: "User",
  handle: ({ service, id }) => userById(service, id),
});

const change = route<unknown, AccountChange>({
  method: "PUT",
  path: "/users/:id",
  summary: "Change a user's role or teams; it acts on their tokens at once",
  success: 200,
  answer: "User",
  body: userChangeBody,
  handle: async ({ service, caller, id, body }) => userAnswer(await changeAccount(service, caller, id, body)),
});

const deactivate = route({
  method: "DELETE",
  path: "/users/:id",
  summary: "Deactivate a user without active tokens",
  success: 204,
  handle: ({ service, caller, id }) => deactivateAccount(service, caller, id),
});

const restore = route({
  method: "PATCH",
  path: "/users/:id/restore",
  summary: "Reactivate a user; revoked tokens stay revoked",
  success: 200,
  answer: "User",
  handle: async ({ service, caller, id }) => userAnswer(await restoreAccount(service, caller, id)),
});

async function userById(service: Service, id: number): Promise<unknown> {
  const user = await findUser(service.database, id);
  if (user === undefined) throw new Refusal("missing", "User not found.");
  return userAnswer(user);
}

function orderOf(query: UserListQuery): { order: AccountOrder; descending: boolean } {
  if (query.sort !== undefined) return { order: query.sort, descending: query.sort_dir === "desc" };
  if (query.sort_name !== undefined) return { order: "name", descending: query.sort_name === "desc" };
  return { order: "created", descending: (query.sort_created ?? query.sort_dir) === "desc" };
}

export const userRoutes: readonly Route[] = [create, list, listing, me, read, change, deactivate, restore];
