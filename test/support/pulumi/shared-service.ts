// One token service for all tests of a process, one after the other: to start one costs more than most tests do. Each
// begins with no token but the administrator's; users stay, since nobody can delete one, and so have names of their own
// where it matters that they are new.
import { startTokenService, type TokenService } from "../token-service.ts";

interface Listed {
  readonly id: number;
  readonly active: boolean;
}

let started: Promise<TokenService> | null = null;

/** Nobody closes it: it ends with the process. */
export async function emptyTokenService(): Promise<TokenService> {
  started ??= startTokenService();
  const service = await started;
  const { body: services } = await service.api<Listed[]>("GET", "/api/user-tokens/service");
  const { body: own } = await service.api<Listed[]>("GET", "/api/user-tokens");
  // The first one is the administrator's own credential.
  const [, ...personal] = own.toSorted((one, other) => one.id - other.id);
  for (const { id, active } of [...services, ...personal]) {
    if (active) await service.api("PUT", `/api/user-tokens/${id}`, { revoke: true });
    await service.api("DELETE", `/api/user-tokens/${id}`);
  }
  return service;
}

interface User {
  readonly id: number;
  readonly name: string;
  readonly deleted_at: string | null;
}

/** The id of an active service user of that name. */
export async function serviceUser(service: TokenService, name: string): Promise<number> {
  const { body } = await service.api<{ items: User[] }>("GET", `/api/users?type=Service&include_deleted=true&size=100&name=${encodeURIComponent(name)}`);
  const found = body.items.find((user) => user.name === name);
  if (!found) return (await service.createServiceUser(name)).id;
  if (found.deleted_at !== null) await service.api("PATCH", `/api/users/${found.id}/restore`);
  return found.id;
}
