// The audit log as the service tells it. Decides how an entry reads as a sentence.
import { ask } from "./request.ts";
import type { Page } from "./service-user.ts";

export interface AuditEntry {
  readonly number: number;
  readonly at: string;
  readonly action: string;
  readonly actor: { readonly id: number | null; readonly user_id: string };
  readonly token: { readonly id: number; readonly name: string } | null;
  readonly user: { readonly id: number; readonly user_id: string } | null;
  readonly address: string | null;
}

/** What the service records, in words. One that is not here is shown as it is called. */
export const actionLabels: Readonly<Record<string, string>> = {
  "token.issued": "Token generated",
  "token.revoked": "Token revoked",
  "token.restored": "Token restored",
  "token.deleted": "Token deleted",
  "user.created": "User created",
  "user.changed": "User changed",
  "user.deactivated": "User deactivated",
  "user.restored": "User reactivated",
  "session.opened": "Signed in",
  "session.closed": "Signed out",
  "signing-key.changed": "Signing key changed",
  "data.restored": "Data restored from a backup",
};

const pageSize = 50;

export function listAudit(action: string, page: number): Promise<Page<AuditEntry>> {
  const query = new URLSearchParams({ page: String(page), size: String(pageSize), ...(action === "" ? {} : { action }) });
  return ask("GET", `/api/audit?${query.toString()}`);
}
