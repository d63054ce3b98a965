// Whether the audit log is whole. Decides what counts as broken: a gap, an entry that is
// not what was hashed, an end that is not the head, a head that is not the one expected.
// Must not know how that is told.
import { timingSafeEqual } from "node:crypto";
import { readEntriesAfter, readHead } from "../storage/audit-table.ts";
import type { Queryable } from "../storage/database.ts";
import { type ChainHead, emptyChain, hashOfEntry } from "./audit-entry.ts";

const pageSize = 1_000;

export interface AuditCheck {
  readonly entries: number;
  /** Where the chain ends; worth keeping elsewhere. */
  readonly head: ChainHead;
  /** Absent: it is whole. */
  readonly broken?: { readonly number: number; readonly why: string };
}

/** `expected`: a head that was written down earlier and must be part of the chain. */
export async function checkAudit(database: Queryable, expected?: ChainHead): Promise<AuditCheck> {
  let last: ChainHead = emptyChain;
  const broken = (number: number, why: string): AuditCheck => ({ entries: last.number, head: last, broken: { number, why } });
  // Read first: what is appended while this runs lies behind it.
  const head = await readHead(database);
  for (;;) {
    const page = await readEntriesAfter(database, last.number, Math.min(pageSize, Math.max(1, head.number - last.number)));
    for (const { hash, ...entry } of page) {
      if (entry.number !== last.number + 1) return broken(last.number + 1, "the entry is missing");
      if (!same(hashOfEntry(last.hash, entry), hash)) return broken(entry.number, "the entry, or the one before it, is not what was written");
      last = { number: entry.number, hash };
      if (expected?.number === last.number && !same(expected.hash, hash)) return broken(last.number, "the entry is not the expected one: the log was written anew");
    }
    if (page.length === 0 || last.number >= head.number) break;
  }
  if (last.number < head.number) return broken(last.number + 1, "the entry is missing, and the log says that it goes on");
  if (last.number > head.number || !same(last.hash, head.hash)) return broken(last.number, "the log does not end where it says");
  if (expected !== undefined && expected.number > last.number) return broken(last.number + 1, "the entry is missing: the expected one comes later");
  return { entries: last.number, head: last };
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
