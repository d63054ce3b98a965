// The first administrator and the file with their token. Decides when a token in the
// file is still good and when a new one is issued; must not know any endpoint.
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { audited, serviceActor } from "../rules/audited.ts";
import { authenticate } from "../rules/authentication.ts";
import { currentSecond, dateOf } from "../rules/moment.ts";
import { Refusal } from "../rules/refusal.ts";
import type { Service } from "../rules/service.ts";
import { issueFor } from "../rules/token-issue.ts";
import { publicTeam } from "../rules/account-change.ts";
import { StartError, reasonOf } from "../start-error.ts";
import { type Account, findAccountByUserId, insertAccount, setDeleted, setRole } from "../storage/account-table.ts";
import { findTeamsByName, setMembership } from "../storage/team-table.ts";

const userId = "admin";
const tokenName = "bootstrap";
const maxBootstraps = 10_000;

export type BootstrapOutcome = "kept" | "issued";

export async function bootstrapAdmin(service: Service, file: string): Promise<BootstrapOutcome> {
  const present = readToken(file);
  if (present !== undefined && (await isAdminToken(service, present))) {
    protect(file);
    return "kept";
  }
  // Before a token is issued that could then not be kept.
  claim(file);
  writeToken(file, await issueUnderFreeName(service, await ensureAdmin(service)));
  return "issued";
}

/** What stands in the file, undefined without one. Anything that is no token is somebody's and is not overwritten. */
function readToken(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(file, cause);
  }
  if (text === "") return undefined;
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return text;
  throw new StartError("admin-token-file-unusable", `The file ${file} holds something other than a token and is left alone: name another file with --admin-token-file, or remove it.`);
}

async function isAdminToken(service: Service, token: string): Promise<boolean> {
  try {
    const caller = await authenticate({ ...service, acceptTokens: true }, `Bearer ${token}`);
    return caller.account.role === "Admin" && !caller.scimOnly;
  } catch (cause) {
    if (cause instanceof Refusal) return false;
    throw cause;
  }
}

/** Whoever starts the service may get back in: a demoted or deactivated administrator becomes one again. */
async function ensureAdmin(service: Service): Promise<Account> {
  return audited(service, serviceActor, async (inside, record) => {
    const created = dateOf(currentSecond(service.clock));
    const id = await insertAccount(inside, { userId, name: "Administrator", kind: "Human", role: "Admin", email: "admin@localhost", created, createdBy: null });
    if (id !== undefined) {
      const teams = await findTeamsByName(inside, [publicTeam]);
      await setMembership(inside, id, teams.map((team) => team.id));
    }
    const admin = await findAccountByUserId(inside, userId);
    if (admin === undefined) throw new Error("The administrator's row vanished while it was made.");
    if (id !== undefined) record({ action: "user.created", user: admin, detail: { role: admin.role } });
    if (admin.role !== "Admin") {
      await setRole(inside, admin.id, "Admin");
      record({ action: "user.changed", user: admin, detail: { role: "Admin", role_before: admin.role } });
    }
    if (admin.deleted !== null) {
      await setDeleted(inside, admin.id, null);
      record({ action: "user.restored", user: admin });
    }
    return { ...admin, role: "Admin", deleted: null };
  });
}

/** Earlier tokens keep their names and stay valid: a copy may be in use somewhere. */
async function issueUnderFreeName(service: Service, admin: Account): Promise<string> {
  for (let number = 1; number <= maxBootstraps; number += 1) {
    const name = number === 1 ? tokenName : `${tokenName}-${number}`;
    try {
      return (await issueFor(service, serviceActor, admin, { name })).value;
    } catch (cause) {
      if (!(cause instanceof Refusal && cause.kind === "conflict")) throw cause;
    }
  }
  throw new Error(`The administrator has ${maxBootstraps} bootstrap tokens: delete some.`);
}

function claim(file: string): void {
  try {
    closeSync(openSync(file, "a", 0o600));
  } catch (cause) {
    throw unusable(file, cause);
  }
}

function writeToken(file: string, value: string): void {
  try {
    const handle = openSync(file, "w", 0o600);
    chmodSync(file, 0o600);
    writeSync(handle, `${value}\n`);
    fsyncSync(handle);
    closeSync(handle);
  } catch (cause) {
    throw unusable(file, cause);
  }
}

function protect(file: string): void {
  try {
    chmodSync(file, 0o600);
  } catch (cause) {
    throw unusable(file, cause);
  }
}

function unusable(file: string, cause: unknown): StartError {
  return new StartError("admin-token-file-unusable", `The administrator's token cannot be kept in ${file}: name a file in an existing folder that this user may write (${reasonOf(cause)}).`, cause);
}
