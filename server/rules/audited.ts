// Changes that leave a trace. Decides that a change and its audit entry are one
// transaction, and that the log is told after it has been committed; must not know what
// is changed.
import type { Queryable } from "../storage/database.ts";
import { appendEntry, lockHead } from "../storage/audit-table.ts";
import { type Actor, type AuditEvent, type ChainHead, type ChainedEntry, entryOf, hashOfEntry } from "./audit-entry.ts";
import type { Caller } from "./authentication.ts";
import type { Service } from "./service.ts";

/** The service at its own start. */
export const serviceActor: Actor = { id: null, userId: "service", tokenId: null, origin: null };
/** A person with a command and access to the data. */
export const commandActor: Actor = { id: null, userId: "command", tokenId: null, origin: null };

export function actorOf({ account, tokenId, origin }: Caller): Actor {
  return { id: account.id, userId: account.userId, tokenId, origin: origin ?? null };
}

type Record = (event: AuditEvent) => void;
export type AuditedService = Pick<Service, "database" | "clock"> & Partial<Pick<Service, "onAudit">>;

/**
 * Runs `work` in a transaction; what it records is chained on before the commit. The head
 * is locked last and briefly, so that no two changes can wait for each other in a circle.
 */
export async function audited<Result>(service: AuditedService, actor: Actor, work: (inside: Queryable, record: Record) => Promise<Result>): Promise<Result> {
  let entries: ChainedEntry[] = [];
  const result = await service.database.transaction(async (inside) => {
    const events: AuditEvent[] = [];
    const done = await work(inside, (event) => events.push(event));
    entries = await chain(inside, events, new Date(service.clock()), actor);
    return done;
  });
  for (const entry of entries) service.onAudit?.(entry);
  return result;
}

async function chain(inside: Queryable, events: readonly AuditEvent[], at: Date, actor: Actor): Promise<ChainedEntry[]> {
  if (events.length === 0) return [];
  let head: ChainHead = await lockHead(inside);
  const entries: ChainedEntry[] = [];
  for (const event of events) {
    const entry = entryOf(head.number + 1, at, actor, event);
    const chained = { ...entry, hash: hashOfEntry(head.hash, entry) };
    await appendEntry(inside, chained);
    entries.push(chained);
    head = chained;
  }
  return entries;
}
