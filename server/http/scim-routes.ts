// What identity providers read: the users in SCIM's form. Decides which part of SCIM is
// spoken (reading people, filtered by login name); must not know how else users are used.
import { loginName } from "../rules/account-name.ts";
import { stamp } from "../rules/moment.ts";
import { Refusal } from "../rules/refusal.ts";
import { searchAccounts } from "../storage/account-search.ts";
import type { User } from "../storage/account-table.ts";
import { scimListQuery } from "./input-schema.ts";
import { type Route, route } from "./route.ts";

interface ScimListQuery {
  readonly startIndex: number;
  readonly count: number;
  readonly filter?: string;
}

const maxCount = 100;

const listUsers = route<ScimListQuery>({
  method: "GET",
  path: "/scim/v2/Users",
  summary: "People in the form of SCIM 2.0",
  success: 200,
  answer: "ScimList",
  query: scimListQuery,
  handle: async ({ service, query }) => {
    const people = await searchAccounts(service.database, { filter: { kind: "Human", includeDeleted: true }, order: "created", descending: false });
    const wanted = userNameOf(query.filter);
    const found = wanted === undefined ? people : people.filter(({ userId }) => loginName(userId).toLowerCase() === wanted.toLowerCase());
    // RFC 7644, 3.4.2.4: what is below the lowest value counts as the lowest.
    const start = Math.max(1, query.startIndex);
    const resources = found.slice(start - 1, start - 1 + Math.min(maxCount, Math.max(0, query.count)));
    return {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
      totalResults: found.length,
      startIndex: start,
      itemsPerPage: resources.length,
      Resources: resources.map(scimUser),
    };
  },
});

/** A filter that is not understood is refused: ignoring it would answer with everybody. */
function userNameOf(filter: string | undefined): string | undefined {
  if (filter === undefined) return undefined;
  const quoted = /^\s*userName\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i.exec(filter)?.[1];
  if (quoted === undefined) throw new Refusal("refused", 'Unsupported filter: write userName eq "<name>".');
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new Refusal("refused", "Unsupported filter: the quoted value is not valid.");
  }
}

function scimUser(user: User): Record<string, unknown> {
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    id: String(user.id),
    userName: loginName(user.userId),
    displayName: user.name,
    active: user.deleted === null,
    emails: [{ value: user.email, primary: true }],
    meta: { resourceType: "User", created: stamp(user.created) },
  };
}

export const scimRoutes: readonly Route[] = [listUsers];
