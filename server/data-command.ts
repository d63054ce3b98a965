// What the commands at a service's data do. Decides that the data is opened and closed
// around each, that looking leaves it as it is, and that a schema has to fit; must not
// know how a command is called.
import { backup as writeBackup } from "./backup/backup.ts";
import { checkBackup, restore as readBackup } from "./backup/restore.ts";
import { type OpenedData, type Undo, isPostgres, isUsedFolder, openData, takeApart } from "./open-data.ts";
import { keysOfEnvironment } from "./open-service.ts";
import { type AuditCheck, checkAudit } from "./rules/audit-check.ts";
import type { ChainHead } from "./rules/audit-entry.ts";
import { type KeyInfo, type KeyedData, listKeys as list, retireKey as retire, rotateKey as rotate } from "./rules/key-change.ts";
import { systemClock } from "./rules/moment.ts";
import { StartError } from "./start-error.ts";
import { readEntriesAfter } from "./storage/audit-table.ts";
import { migrate, newerData, newestSchema, schemaVersion } from "./storage/migration.ts";

interface Where {
  readonly data: string;
}

const pageSize = 1_000;
const quiet = { warn: () => undefined };

export async function verifyAudit({ data, expect }: Where & { readonly expect?: string }): Promise<object> {
  const expected = expect === undefined ? undefined : headOf(expect);
  const { entries, head, broken } = await withData(data, async (opened): Promise<AuditCheck> => {
    await needSchema(opened);
    return checkAudit(opened.database, expected);
  });
  if (broken !== undefined) {
    throw new StartError("audit-broken", `The audit log is broken at entry ${broken.number}: ${broken.why}. Up to there it is whole (${entries} entries). Compare it with a backup, and with the lines "audit" of the service's own log.`);
  }
  return { whole: true, entries, end: `${head.number}:${Buffer.from(head.hash).toString("hex")}` };
}

export async function exportAudit({ data }: Where): Promise<void> {
  await withData(data, async (opened) => {
    await needSchema(opened);
    for (let last = 0; ; ) {
      const page = await readEntriesAfter(opened.database, last, pageSize);
      for (const { hash, ...entry } of page) {
        process.stdout.write(`${JSON.stringify({ ...entry, hash: Buffer.from(hash).toString("hex") })}\n`);
        last = entry.number;
      }
      if (page.length < pageSize) return;
    }
  });
}

export function listKeys({ data }: Where): Promise<KeyInfo[]> {
  return withKeys(data, list);
}

export function rotateKey({ data }: Where): Promise<KeyInfo[]> {
  return withKeys(data, rotate);
}

export function retireKey({ data, fingerprint, revoke }: Where & { readonly fingerprint: string; readonly revoke: boolean }): Promise<KeyInfo[]> {
  return withKeys(data, (keyed) => retire(keyed, fingerprint, revoke));
}

export function backup({ data, to }: Where & { readonly to: string }): Promise<object> {
  return withData(data, async ({ database, ownKeys }) => {
    // Keys that the environment brings are kept there.
    const { rows } = await writeBackup(database, keysOfEnvironment() === undefined ? ownKeys : undefined, to, new Date());
    return { file: to, rows };
  });
}

export async function restore({ data, from }: Where & { readonly from: string }): Promise<object> {
  // Before the folder is made.
  await checkBackup(from);
  return withData(data, async ({ database, ownKeys }) => {
    const { rows, head } = await readBackup(database, ownKeys, from);
    return { data: data.startsWith("postgres") ? "postgres" : data, rows, created: head.created };
  }, false);
}

function withKeys<Result>(data: string, work: (keyed: KeyedData) => Promise<Result>): Promise<Result> {
  return withData(data, async (opened) => {
    await migrate(opened.database);
    return work({ database: opened.database, keys: keysOfEnvironment() ?? opened.ownKeys, clock: systemClock });
  });
}

async function withData<Result>(data: string, work: (opened: OpenedData) => Promise<Result>, needed = true): Promise<Result> {
  if (needed && !isPostgres(data) && data !== "memory:" && !isUsedFolder(data)) throw new StartError("data-unusable", `No token service has run on the folder ${data}: name its folder with --data.`);
  if (data === "memory:") throw new StartError("data-unusable", "What is in memory ends with its service: give --data a folder or postgres://...");
  const undo: Undo = [];
  try {
    return await work(await openData(data, quiet, undo));
  } finally {
    await takeApart(undo);
  }
}

/** A look changes nothing: older data is to be brought forward by its service. */
async function needSchema({ database }: OpenedData): Promise<void> {
  const version = await schemaVersion(database);
  if (version > newestSchema) throw newerData();
  if (version < newestSchema) throw new StartError("data-unusable", "The data was written by an older version, or by none: start the token service on it once.");
}

function headOf(text: string): ChainHead {
  const [, number, hash] = /^(\d{1,10}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined) throw new StartError("audit-broken", `The expected end "${text}" is none: give what an earlier "servicetokens audit verify" printed, as in 12:0a1b….`);
  return { number: Number(number), hash: Buffer.from(hash, "hex") };
}
