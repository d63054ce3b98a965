// The endpoint of the audit log, an addition of this service to the documented API.
// Decides how entries are shown; must not know how they come about.
import type { AuditAction, ChainedEntry } from "../rules/audit-entry.ts";
import { stampMs } from "../rules/moment.ts";
import { type AuditFilter, countEntries, searchEntries } from "../storage/audit-table.ts";
import { type PageQuery, pageAnswer, sliceOf } from "./answer.ts";
import { auditQuery } from "./input-schema.ts";
import { type Route, route } from "./route.ts";

interface AuditQuery extends PageQuery {
  readonly action?: AuditAction;
  readonly token_id?: number;
  readonly user_id?: number;
  readonly actor_id?: number;
  readonly since?: string;
  readonly until?: string;
}

const list = route<AuditQuery>({
  method: "GET",
  path: "/audit",
  summary: "Who did what to which token or user, when and from where; the newest first",
  success: 200,
  answer: "AuditPage",
  query: auditQuery,
  handle: async ({ service: { database }, query }) => {
    const filter: AuditFilter = {
      action: query.action,
      tokenId: query.token_id,
      userId: query.user_id,
      actorId: query.actor_id,
      since: momentOf(query.since),
      until: momentOf(query.until),
    };
    const total = await countEntries(database, filter);
    return pageAnswer((await searchEntries(database, filter, sliceOf(query))).map(auditAnswer), total, query);
  },
});

/** Nothing was recorded before 1970, and a year before our era is none that the database can be asked about. */
function momentOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(Math.max(0, Date.parse(text.toUpperCase())));
}

function auditAnswer(entry: ChainedEntry): Record<string, unknown> {
  return {
    number: entry.number,
    at: stampMs(entry.at),
    action: entry.action,
    actor: { id: entry.actorId, user_id: entry.actor, token_id: entry.actorTokenId },
    token: entry.tokenId === null ? null : { id: entry.tokenId, name: entry.tokenName },
    user: entry.userId === null ? null : { id: entry.userId, user_id: entry.user },
    address: entry.address,
    request_id: entry.requestId,
    detail: entry.detail === null ? null : (JSON.parse(entry.detail) as unknown),
    hash: Buffer.from(entry.hash).toString("hex"),
  };
}

export const auditRoutes: readonly Route[] = [list];
