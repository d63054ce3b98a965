// One token service for many test files: for each it has an administrator and USER, and no token. Nobody can delete a
// user, so that a file may meet the deactivated users of another. Where a test kills its service: startPreparedService.
import { readFileSync } from "node:fs";
import { ask, type Kept } from "./keeper.ts";
import { startPreparedService, USER } from "./service-data.ts";
import { atService, type TokenService } from "./token-service.ts";

interface Description {
  readonly url: string;
  readonly adminToken: string;
  readonly logFile: string;
}

interface Listed {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
}

/** An administrator, the service user USER, and no tokens. */
export async function borrowService(): Promise<TokenService> {
  const kept = await ask<Description>("service");
  if (kept === null) return startPreparedService();
  const logs = (): string => readFileSync(kept.logFile, "utf8");
  const before = logs().length;
  const kill = (): Promise<void> => Promise.reject(new Error("Others use this service: one that may be killed is startPreparedService."));
  return atService({ url: kept.url, logFile: kept.logFile, logs: () => logs().slice(before), close: () => Promise.resolve(), kill }, kept.adminToken);
}

async function empty({ api }: TokenService): Promise<void> {
  const { body: services } = await api<Listed[]>("GET", "/api/user-tokens/service");
  const { body: own } = await api<Listed[]>("GET", "/api/user-tokens");
  // The first one is the administrator's own credential.
  const [, ...personal] = own.toSorted((one, other) => one.id - other.id);
  for (const { id, active } of [...services, ...personal]) {
    if (active) await api("PUT", `/api/user-tokens/${id}`, { revoke: true });
    await api("DELETE", `/api/user-tokens/${id}`);
  }
  const { body } = await api<{ items: Listed[] }>("GET", "/api/users?type=Service&size=100");
  for (const { id } of body.items.filter(({ name }) => name !== USER)) await api("DELETE", `/api/users/${id}`);
}

/** One for each of vitest's workers. */
export function keepServices(): Kept {
  const kept = new Map<string, Promise<TokenService>>();
  return {
    async give(slot) {
      const used = kept.get(slot);
      const start = used ?? startPreparedService();
      kept.set(slot, start);
      const service = await start;
      if (used !== undefined) await empty(service);
      return { url: service.url, adminToken: service.adminToken, logFile: service.logFile ?? "" } satisfies Description;
    },
    async end() {
      await Promise.all([...kept.values()].map((start) => start.then((service) => service.close(), () => undefined)));
    },
  };
}
