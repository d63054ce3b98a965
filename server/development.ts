// What development mode is. Decides where it may run, and who the people are that one can
// sign in as without a token; must not know how they sign in.
import { parseListenAddress } from "./listen-address.ts";
import { publicTeam } from "./rules/account-change.ts";
import type { Role } from "./rules/role.ts";
import { StartError } from "./start-error.ts";
import { insertAccount } from "./storage/account-table.ts";
import type { Database } from "./storage/database.ts";
import { findTeamsByName, setMembership } from "./storage/team-table.ts";

/** Whoever reaches the service is an administrator of it, so only this machine may. */
export function refuseOpenDevelopment(listen: string): void {
  const { host } = parseListenAddress(listen);
  if (isThisMachine(host)) return;
  throw new StartError("development-refused", `--development lets anybody sign in as anybody, so it listens on this machine only: give --listen 127.0.0.1:8080, or leave --development out (asked for ${host}).`);
}

export function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

const people: readonly { readonly role: Role; readonly name: string }[] = [
  { role: "Manager", name: "Mara Manager" },
  { role: "Editor", name: "Eli Editor" },
  { role: "Member", name: "Mo Member" },
];

/** One person of each role beside the administrator. They are made once, and stay as they are. */
export async function ensureDevelopers(database: Database, created: Date): Promise<void> {
  await database.transaction(async (inside) => {
    const teams = (await findTeamsByName(inside, [publicTeam])).map(({ id }) => id);
    for (const { role, name } of people) {
      const userId = `development-${role.toLowerCase()}`;
      const id = await insertAccount(inside, { userId, name, kind: "Human", role, email: `${userId}@localhost`, created, createdBy: null });
      if (id !== undefined) await setMembership(inside, id, teams);
    }
  });
}
