// Rows of the audit log. Decides how entries are chained on, one writer at a time, and
// how they are found again; must not know what they mean. The table refuses every change
// and removal by a trigger; the head says where the chain has to end.
import type { AuditAction, ChainHead, ChainedEntry } from "../rules/audit-entry.ts";
import type { Slice } from "./account-search.ts";
import type { Queryable } from "./database.ts";

export interface AuditFilter {
  readonly action?: AuditAction | undefined;
  readonly tokenId?: number | undefined;
  /** Whom it was done to. */
  readonly userId?: number | undefined;
  /** Who did it. */
  readonly actorId?: number | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

const columns = `e.number, e.at, e.action, e.actor_id as "actorId", e.actor, e.actor_token_id as "actorTokenId", e.token_id as "tokenId",
  e.token_name as "tokenName", e.user_id as "userId", e.user_name as "user", e.address, e.request_id as "requestId", e.detail, e.hash`;

/** Held until the transaction ends: so it is the last thing that a transaction locks. */
export async function lockHead(inside: Queryable): Promise<ChainHead> {
  return headOf(await inside.query<ChainHead>("select number, hash from servicetokens.audit_head for update"));
}

export async function readHead(database: Queryable): Promise<ChainHead> {
  return headOf(await database.query<ChainHead>("select number, hash from servicetokens.audit_head"));
}

function headOf([head]: readonly ChainHead[]): ChainHead {
  if (head === undefined) throw new Error("The audit log has lost its head.");
  return head;
}

export async function appendEntry(inside: Queryable, e: ChainedEntry): Promise<void> {
  await inside.query(
    `with appended as (
       insert into servicetokens.audit (number, at, action, actor_id, actor, actor_token_id, token_id, token_name, user_id, user_name, address, request_id, detail, hash)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning number, hash)
     update servicetokens.audit_head h set number = appended.number, hash = appended.hash from appended`,
    [e.number, e.at, e.action, e.actorId, e.actor, e.actorTokenId, e.tokenId, e.tokenName, e.userId, e.user, e.address, e.requestId, e.detail, e.hash],
  );
}

const matching = `from servicetokens.audit e
  where ($1::text is null or e.action = $1)
    and ($2::bigint is null or e.token_id = $2)
    and ($3::bigint is null or e.user_id = $3)
    and ($4::bigint is null or e.actor_id = $4)
    and ($5::timestamptz is null or e.at >= $5)
    and ($6::timestamptz is null or e.at < $6)`;

function valuesOf({ action, tokenId, userId, actorId, since, until }: AuditFilter): unknown[] {
  return [action ?? null, tokenId ?? null, userId ?? null, actorId ?? null, since ?? null, until ?? null];
}

export async function countEntries(database: Queryable, filter: AuditFilter): Promise<number> {
  const [row] = await database.query<{ total: number }>(`select count(*)::int as total ${matching}`, valuesOf(filter));
  return row?.total ?? 0;
}

/** The newest first. */
export async function searchEntries(database: Queryable, filter: AuditFilter, slice: Slice): Promise<ChainedEntry[]> {
  return database.query<ChainedEntry>(
    `select ${columns} ${matching} order by e.number desc limit $7::bigint offset $8::bigint`,
    [...valuesOf(filter), slice.limit, slice.offset],
  );
}

/** In the order of the chain, what follows this number. */
export async function readEntriesAfter(database: Queryable, number: number, limit: number): Promise<ChainedEntry[]> {
  return database.query<ChainedEntry>(`select ${columns} from servicetokens.audit e where e.number > $1 order by e.number limit $2`, [number, limit]);
}

