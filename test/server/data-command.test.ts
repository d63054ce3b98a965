// The commands at a service's data, on both storages: audit, keys, backup and restore;
// and what becomes of the data of the first version.
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backup, listKeys, restore, retireKey, rotateKey, verifyAudit } from "../../server/data-command.ts";
import { openData, takeApart, type Undo } from "../../server/open-data.ts";
import { checkAudit } from "../../server/rules/audit-check.ts";
import { hashOfEntry } from "../../server/rules/audit-entry.ts";
import { readEntriesAfter } from "../../server/storage/audit-table.ts";
import type { Database } from "../../server/storage/database.ts";
import { migrations } from "../../server/storage/schema.ts";
import { type TokenService, startTokenService } from "../support/token-service.ts";
import { type PostgresCluster, startPostgres, whyNoPostgres } from "./postgres-cluster.ts";
import { type UserToken, issue } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "token-data-"));
let cluster: PostgresCluster | undefined;
let count = 0;

beforeAll(async () => {
  if (whyNoPostgres() === undefined) cluster = await startPostgres();
});

afterAll(async () => {
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
});

const storages: readonly ["a folder" | "PostgreSQL"][] = whyNoPostgres() === undefined ? [["a folder"], ["PostgreSQL"]] : [["a folder"]];

async function freshData(storage: string): Promise<string> {
  count += 1;
  return storage === "PostgreSQL" && cluster !== undefined ? cluster.createDatabase(`data${count}`) : join(folder, `data${count}`);
}

const tokenFile = (data: string): string => join(folder, `${createHash("sha256").update(data).digest("hex").slice(0, 12)}-token`);
const start = (data: string): Promise<TokenService> => startTokenService({ data, adminTokenFile: tokenFile(data) });

async function withService<Result>(data: string, use: (service: TokenService) => Promise<Result>): Promise<Result> {
  const service = await start(data);
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

async function inDatabase<Result>(data: string, use: (database: Database) => Promise<Result>): Promise<Result> {
  const undo: Undo = [];
  try {
    return await use((await openData(data, { warn: () => undefined }, undo)).database);
  } finally {
    await takeApart(undo);
  }
}

const works = async (service: TokenService, token: UserToken): Promise<number> => (await service.api("GET", "/api/users/me", undefined, token.bearer_token)).status;
const listOf = async (service: TokenService): Promise<unknown> => (await service.api("GET", "/api/user-tokens/service")).body;

describe.each(storages)("in %s", (storage) => {
  it("an audit log that was tampered with is told, wherever it was", async () => {
    const data = await freshData(storage);
    await withService(data, async (service) => {
      const user = await service.createServiceUser("audited");
      for (const name of ["a", "b", "c"]) await issue(service, { name, user_id: user.id });
    });
    const { entries, end } = (await verifyAudit({ data })) as { entries: number; end: string };
    expect([entries, end]).toEqual([6, expect.stringMatching(/^6:[0-9a-f]{64}$/)]);
    const told = (number: number) => expect.objectContaining({ code: "audit-broken", message: expect.stringContaining(`entry ${number}:`) });
    await inDatabase(data, async (database) => {
      await expect(database.query("update servicetokens.audit set actor = 'x'")).rejects.toThrow("append-only");
      await expect(database.query("delete from servicetokens.audit")).rejects.toThrow("append-only");
      await database.query("alter table servicetokens.audit disable trigger audit_append_only");
      const broken = async (...attack: string[]): Promise<number | undefined> => {
        for (const statement of attack) await database.query(statement);
        return (await checkAudit(database)).broken?.number;
      };
      // Whatever is changed of an entry.
      for (const column of ["at", "action", "actor_id", "actor", "actor_token_id", "token_id", "token_name", "user_id", "user_name", "address", "request_id", "detail"]) {
        const other = column === "at" ? "at + interval '1 millisecond'" : column.endsWith("_id") && column !== "request_id" ? "999" : "'{}'";
        await database.query("create table kept as select * from servicetokens.audit where number = 4");
        expect(await broken(`update servicetokens.audit set ${column} = ${other} where number = 4`), column).toBe(4);
        expect(await broken(`update servicetokens.audit set ${column} = kept.${column} from kept where audit.number = 4`, "drop table kept"), column).toBeUndefined();
      }
      // Also where the entry's own hash is made anew: the next one holds the old one.
      const [third, fourth] = await readEntriesAfter(database, 2, 2);
      if (third === undefined || fourth === undefined) throw new Error("The entries are gone.");
      const before = (await readEntriesAfter(database, 1, 1))[0]?.hash ?? new Uint8Array();
      await database.query("update servicetokens.audit set actor = 'x', hash = $1 where number = 3", [hashOfEntry(before, { ...third, actor: "x" })]);
      expect(await broken()).toBe(4);
      await database.query("update servicetokens.audit set actor = $1, hash = $2 where number = 3", [third.actor, third.hash]);
      expect(await broken("update servicetokens.audit set actor = 'x' where number = 4")).toBe(4);
      expect(await broken("update servicetokens.audit set actor = 'admin' where number = 4", "delete from servicetokens.audit where number = 5")).toBe(5);
      expect(await broken("delete from servicetokens.audit where number = 6")).toBe(5);
    });
    await expect(verifyAudit({ data })).rejects.toEqual(told(5));
    // Cut so that it is whole in itself: only the end that was written down tells.
    await inDatabase(data, (database) => database.query("update servicetokens.audit_head set number = 4, hash = (select hash from servicetokens.audit where number = 4)"));
    expect(await verifyAudit({ data })).toMatchObject({ whole: true, entries: 4 });
    await expect(verifyAudit({ data, expect: end })).rejects.toEqual(told(5));
    await expect(verifyAudit({ data, expect: "nonsense" })).rejects.toMatchObject({ code: "audit-broken" });
  });

  it("a key is exchanged without an end to what is out, and goes when nothing needs it", async () => {
    const data = await freshData(storage);
    const old = await withService(data, async (service) => {
      const user = await service.createServiceUser("signed");
      return issue(service, { name: "old", user_id: user.id });
    });
    const [before] = await listKeys({ data });
    const [signing, accepted] = await rotateKey({ data });
    expect([signing?.usableTokens, accepted]).toEqual([0, { ...before, signs: false }]);
    expect(signing?.fingerprint).not.toBe(before?.fingerprint);
    await withService(data, async (service) => {
      expect(await works(service, old)).toBe(200);
      const fresh = await issue(service, { name: "new", user_id: old.user.id });
      expect(await works(service, fresh)).toBe(200);
      expect(service.logs()).not.toContain("no longer accepted");
      const { items } = (await service.api<{ items: { actor: { user_id: string }; detail: unknown }[] }>("GET", "/api/audit?action=signing-key.changed")).body;
      expect(items).toEqual([expect.objectContaining({ actor: expect.objectContaining({ user_id: "command" }), detail: expect.objectContaining({ fingerprint: signing?.fingerprint, before_accepted: true }) })]);
    });
    const fingerprint = accepted?.fingerprint ?? "";
    await expect(retireKey({ data, fingerprint, revoke: false })).rejects.toMatchObject({ code: "signing-key-unusable", message: expect.stringContaining("--revoke") });
    await expect(retireKey({ data, fingerprint: signing?.fingerprint ?? "", revoke: true })).rejects.toMatchObject({ message: expect.stringContaining("rotate") });
    await expect(retireKey({ data, fingerprint: "none", revoke: true })).rejects.toMatchObject({ message: expect.stringContaining("key list") });
    expect(await retireKey({ data, fingerprint, revoke: true })).toEqual([expect.objectContaining({ fingerprint: signing?.fingerprint })]);
    await withService(data, async (service) => expect(await works(service, old)).toBe(401));
    expect(await verifyAudit({ data })).toMatchObject({ whole: true });
  });

  it("a backup brings everything back, on either storage, and overwrites nothing", { timeout: 300_000 }, async () => {
    const data = await freshData(storage);
    const file = join(folder, `backup${count}.jsonl`);
    const [token, before] = await withService(data, async (service) => {
      const user = await service.createServiceUser("ünï <b> \u2028");
      const issued = await issue(service, { name: "kept \\ \"'", user_id: user.id, expires_in_days: 9 });
      expect(await works(service, issued)).toBe(200);
      return [issued, await listOf(service)];
    });
    expect(await backup({ data, to: file })).toMatchObject({ file });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(token.bearer_token);
    await expect(backup({ data, to: file })).rejects.toMatchObject({ code: "backup-unusable", message: expect.stringContaining("left alone") });
    await expect(restore({ data, from: file })).rejects.toMatchObject({ code: "data-in-use" });
    for (const [other] of storages) {
      const target = await freshData(other);
      copyFileSync(tokenFile(data), tokenFile(target));
      await restore({ data: target, from: file });
      await withService(target, async (service) => {
        expect(await listOf(service)).toEqual(before);
        expect(await works(service, token)).toBe(200);
        expect((await issue(service, { name: "next", user_id: token.user.id })).id).toBeGreaterThan(token.id);
        expect((await service.createServiceUser("later")).id).toBeGreaterThan(token.user.id);
      });
      expect(await verifyAudit({ data: target })).toMatchObject({ whole: true });
    }
  });

  it("the first version's data is brought forward, and its tokens work", async () => {
    const data = await freshData(storage);
    const { sql, key, token } = firstVersion();
    if (storage === "a folder") {
      mkdirSync(data, { mode: 0o700 });
      writeFileSync(join(data, "signing-key"), `${key}\n`, { mode: 0o600 });
    }
    await inDatabase(data, async (database) => {
      for (const statement of sql) await database.query(statement);
      if (storage === "PostgreSQL") await database.query("insert into servicetokens.setting (name, value) values ('signing_key', $1)", [key]);
    });
    writeFileSync(tokenFile(data), token);
    await withService(data, async (service) => {
      expect(service.adminToken).toBe(token);
      const tokens = (await service.api<UserToken[]>("GET", "/api/user-tokens/service")).body;
      expect(tokens.map(({ name, active }) => [name, active])).toEqual([["deploy", true], ["old", false]]);
      expect((await service.api("PUT", `/api/user-tokens/${tokens[1]?.id}`, { revoke: false })).status).toBe(200);
      await issue(service, { name: "fresh", user_id: tokens[0]?.user.id });
    });
    expect((await listKeys({ data }))[0]?.usableTokens).toBe(4);
    expect(await verifyAudit({ data })).toMatchObject({ whole: true, entries: 2 });
  });

  it("data of a newer version is left as it is", async () => {
    const data = await freshData(storage);
    await withService(data, () => Promise.resolve());
    await inDatabase(data, (database) => database.query("insert into servicetokens.migration (number, applied) values (999, now())"));
    const newer = expect.objectContaining({ code: "data-newer", message: expect.stringContaining("newer version") });
    for (const attempt of [() => start(data), () => verifyAudit({ data }), () => rotateKey({ data }), () => backup({ data, to: join(folder, "newer.jsonl") })]) await expect(attempt()).rejects.toEqual(newer);
    expect(existsSync(join(folder, "newer.jsonl"))).toBe(false);
    expect(existsSync(join(folder, "newer.jsonl.new"))).toBe(false);
  });
});

/** What `servicetokens server` of the first version left behind; its key and token are of no use anywhere. */
function firstVersion(): { sql: string[]; key: string; token: string } {
  const text = readFileSync(join(import.meta.dirname, "fixtures/first-version.sql"), "utf8");
  const head = (name: string): string => new RegExp(`^-- ${name}: (.+)$`, "m").exec(text)?.[1] ?? "";
  const sql = text.replace(/^--.*$/gm, "").split(/;\n/).map((statement) => statement.trim()).filter((statement) => statement !== "");
  return { sql, key: head("key"), token: head("token") };
}

it("a migration that was released is never edited", () => {
  const released = ["94a6496e100c230e"];
  const hashes = migrations.map((statements) => createHash("sha256").update(JSON.stringify(statements)).digest("hex"));
  for (const [index, start] of released.entries()) expect(hashes[index]?.startsWith(start), `migration ${index + 1} is ${hashes[index]}`).toBe(true);
});

describe("a backup that is none", () => {
  let whole: string;

  beforeAll(async () => {
    const data = join(folder, "whole");
    await withService(data, () => Promise.resolve());
    await backup({ data, to: join(folder, "whole.jsonl") });
    whole = readFileSync(join(folder, "whole.jsonl"), "utf8");
  });

  const spoil = (change: (text: string) => string): string => {
    const file = join(folder, `spoilt${(count += 1)}.jsonl`);
    writeFileSync(file, change(whole));
    return file;
  };
  // Is refused before anything is opened, so that no case has to make a database.
  const target = (): string => join(folder, "untouched");

  it.each([
    ["cut short", (text: string) => text.slice(0, -90)],
    ["changed", (text: string) => text.replace("Administrator", "Administrador")],
    ["without a line", (text: string) => text.split("\n").toSpliced(4, 1).join("\n")],
    ["with a line too many", (text: string) => `${text}{"table":"account","row":{}}\n`],
    ["of something else", () => "hello\n"],
    ["empty", () => ""],
  ])("%s is refused before anything is touched", async (_title, change) => {
    await expect(restore({ data: target(), from: spoil(change) })).rejects.toMatchObject({ code: "backup-unusable", message: expect.stringContaining("Nothing was touched") });
    expect(existsSync(target())).toBe(false);
  });

  it("of a newer version, or not there", async () => {
    const file = spoil((text) => text);
    const [head = "", ...rest] = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, [head.replace(/"schema":\d+/, '"schema":999'), ...rest].join("\n"));
    await expect(restore({ data: target(), from: file })).rejects.toMatchObject({ code: "data-newer" });
    await expect(restore({ data: target(), from: join(folder, "no.jsonl") })).rejects.toMatchObject({ code: "backup-unusable" });
  });
});

it("a folder that no service has run on, or one that runs, is named", async () => {
  await expect(verifyAudit({ data: join(folder, "none") })).rejects.toMatchObject({ code: "data-unusable", message: expect.stringContaining("none") });
  expect(existsSync(join(folder, "none"))).toBe(false);
  await expect(listKeys({ data: "memory:" })).rejects.toMatchObject({ code: "data-unusable" });
  const data = await freshData("a folder");
  await withService(data, async () => {
    await expect(rotateKey({ data })).rejects.toMatchObject({ code: "data-in-use" });
  });
  appendFileSync(join(data, "signing-key"), "too-short\n");
  await expect(listKeys({ data })).rejects.toMatchObject({ code: "signing-key-unusable" });
});
