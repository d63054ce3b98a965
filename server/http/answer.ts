// The shapes of what goes out. Decides the names and formats of the API's answers; must
// not know how the rows are kept.
import { loginName } from "../rules/account-name.ts";
import { stamp, stampOrNull } from "../rules/moment.ts";
import type { Owner, User } from "../storage/account-table.ts";
import type { Slice } from "../storage/account-search.ts";
import type { Team } from "../storage/team-table.ts";
import type { Token } from "../storage/token-table.ts";

export function userStub(owner: Owner): Record<string, unknown> {
  return {
    id: owner.id,
    user_id: owner.userId,
    user_name: loginName(owner.userId),
    email: owner.email,
    name: owner.name,
    role: owner.role,
    user_type: owner.kind,
    created: stamp(owner.created),
  };
}

/** `created` and `created_at` are the older and the newer name of one thing. */
export function userAnswer(user: User): Record<string, unknown> {
  const stub = userStub(user);
  return {
    ...stub,
    teams: user.teams,
    last_login: stampOrNull(user.lastLogin),
    created_at: stub["created"],
    deleted_at: stampOrNull(user.deleted),
    created_by_id: user.createdBy,
  };
}

export function tokenAnswer(token: Token): Record<string, unknown> {
  return {
    id: token.id,
    created: stamp(token.created),
    name: token.name,
    active: token.active,
    expiration: stampOrNull(token.expiration),
    last_used: stampOrNull(token.lastUsed),
    user: userStub(token.owner),
  };
}

export function teamAnswer(team: Team, members: readonly Owner[]): Record<string, unknown> {
  return { id: team.id, created: stamp(team.created), name: team.name, users: members.map(userStub) };
}

export interface PageQuery {
  readonly page: number;
  readonly size: number;
}

export function sliceOf({ page, size }: PageQuery): Slice {
  // No table is so long; an exact number is all the database asks for.
  return { offset: Math.min((page - 1) * size, Number.MAX_SAFE_INTEGER), limit: size };
}

/** `total_count` is what newer pages of the guide call `total`. */
export function pageAnswer(items: readonly unknown[], total: number, { page, size }: PageQuery): Record<string, unknown> {
  return { items, total, total_count: total, page, size, pages: Math.ceil(total / size) };
}
