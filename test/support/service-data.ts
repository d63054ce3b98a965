// The data of a token service that was started once, with an administrator and the service user "Data Ingest": a copy
// of it spares a test what takes longest at the first start, the database that is made.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, type Kept } from "./keeper.ts";
import { startTokenService, type TokenService } from "./token-service.ts";

export const USER = "Data Ingest";
const FOLDER = "data";
const ADMIN = "admin-token";

interface Description {
  readonly folder: string;
}

async function fill({ data, adminTokenFile }: ServiceFiles): Promise<void> {
  mkdirSync(data, { recursive: true });
  const service = await startTokenService({ inProcess: false, data, adminTokenFile });
  await service.createServiceUser(USER);
  await service.close();
}

async function make(): Promise<Description> {
  const folder = mkdtempSync(join(tmpdir(), "token-service-data-"));
  await fill({ data: join(folder, FOLDER), adminTokenFile: join(folder, ADMIN) });
  return { folder };
}

export function keepServiceData(): Kept {
  let made: Promise<Description> | undefined;
  return {
    give: () => (made ??= make()),
    end: async () => made?.then(({ folder }) => rmSync(folder, { recursive: true, force: true }), () => undefined),
  };
}

export interface ServiceFiles {
  readonly data: string;
  readonly adminTokenFile: string;
}

/** Where a token service in this folder keeps its things; it knows USER, made here if need be. */
export async function prepareService(folder: string): Promise<ServiceFiles> {
  const files = { data: join(folder, FOLDER), adminTokenFile: join(folder, ADMIN) };
  const prepared = await ask<Description>("data");
  if (prepared === null) await fill(files);
  else cpSync(prepared.folder, folder, { recursive: true });
  return files;
}

/** The token service as a process of its own, with USER and nobody else. */
export async function startPreparedService(): Promise<TokenService> {
  const folder = mkdtempSync(join(tmpdir(), "token-service-copy-"));
  const service = await startTokenService({ inProcess: false, ...(await prepareService(folder)) });
  return { ...service, close: () => service.close().finally(() => rmSync(folder, { recursive: true, force: true })) };
}
