// What the audit log holds: who did what to which token or user, when and from where.
// Decides the closed list of actions and how an entry is chained to the one before it;
// must not know how entries are kept. Never a secret: an entry has no field for one.
import { createHash } from "node:crypto";

export const auditActions = [
  "token.issued",
  "token.revoked",
  "token.restored",
  "token.deleted",
  "user.created",
  "user.changed",
  "user.deactivated",
  "user.restored",
  "session.opened",
  "session.closed",
  "signing-key.changed",
  "data.restored",
] as const;
export type AuditAction = (typeof auditActions)[number];

/** Where a request came from. */
export interface Origin {
  readonly address: string;
  readonly requestId: string;
}

/** Who did it. */
export interface Actor {
  readonly id: number | null;
  /** The user id; `service` for the service itself, `command` for a command at its data. */
  readonly userId: string;
  /** The token it was done with; null for a session without one. */
  readonly tokenId: number | null;
  readonly origin: Origin | null;
}

/** What was done to whom. Names are kept as they were, since tokens can be deleted. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly token?: { readonly id: number; readonly name: string };
  /** The user, or the token's owner. */
  readonly user?: { readonly id: number; readonly userId: string };
  /** What else is worth knowing: the new role, the lifetime. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface AuditEntry {
  readonly number: number;
  /** To the millisecond. */
  readonly at: Date;
  readonly action: AuditAction;
  readonly actorId: number | null;
  readonly actor: string;
  readonly actorTokenId: number | null;
  readonly tokenId: number | null;
  readonly tokenName: string | null;
  readonly userId: number | null;
  readonly user: string | null;
  readonly address: string | null;
  readonly requestId: string | null;
  /** JSON, kept as the text that was hashed. */
  readonly detail: string | null;
}

export interface ChainedEntry extends AuditEntry {
  readonly hash: Uint8Array;
}

/** The last entry's number and hash: all that has to be kept elsewhere to notice a log that was cut or rewritten. */
export interface ChainHead {
  readonly number: number;
  readonly hash: Uint8Array;
}

export const emptyChain: ChainHead = { number: 0, hash: new Uint8Array(32) };

/** Every field is in it, and the hash before it: no entry can be changed, removed or put in between. */
export function hashOfEntry(previous: Uint8Array, entry: AuditEntry): Buffer {
  const { number, at, action, actorId, actor, actorTokenId, tokenId, tokenName, userId, user, address, requestId, detail } = entry;
  const content = [number, at.toISOString(), action, actorId, actor, actorTokenId, tokenId, tokenName, userId, user, address, requestId, detail];
  return createHash("sha256").update(previous).update(JSON.stringify(content)).digest();
}

export function entryOf(number: number, at: Date, { id, userId, tokenId, origin }: Actor, event: AuditEvent): AuditEntry {
  return {
    number,
    at,
    action: event.action,
    actorId: id,
    actor: userId,
    actorTokenId: tokenId,
    tokenId: event.token?.id ?? null,
    tokenName: event.token?.name ?? null,
    userId: event.user?.id ?? null,
    user: event.user?.userId ?? null,
    address: origin?.address ?? null,
    requestId: origin?.requestId ?? null,
    detail: event.detail === undefined ? null : JSON.stringify(event.detail),
  };
}
