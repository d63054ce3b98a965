// Tokens and users in every state, for what has to look right: made through the API, and
// by moving the clock.
import type { Desk } from "./desk.ts";
import type { Json } from "../support/token-service.ts";

const day = 86_400_000;

interface Wanted {
  readonly name: string;
  readonly days: number | null;
  readonly used?: boolean;
  readonly revoked?: boolean;
  readonly owner?: number;
}

async function make({ service }: Desk, { name, days, used, revoked, owner }: Wanted): Promise<void> {
  const { body } = await service.api<Json>("POST", "/api/user-tokens", { name, expires_in_days: days, ...(owner === undefined ? {} : { user_id: owner }) });
  if (used === true) await service.api("GET", "/api/users/me", undefined, String(body["bearer_token"]));
  if (revoked === true) await service.api("PUT", `/api/user-tokens/${String(body["id"])}`, {});
}

/** It is a hundred days later when this is done. */
export async function furnish(desk: Desk): Promise<void> {
  const { service, clock } = desk;
  const users = new Map<string, number>();
  for (const [name, role] of [["Data Ingest", "Editor"], ["Pipeline Automation", "Manager"], ["Alation Sync", "Member"], ["Retired Exporter", "Member"]] as const) {
    const { body } = await service.api<Json>("POST", "/api/users", { name, role, teams: name === "Data Ingest" ? ["Data", "Ops"] : ["Data"] });
    users.set(name, Number(body["id"]));
  }
  const owner = (name: string): number => users.get(name) ?? 0;
  await service.api("DELETE", `/api/users/${owner("Retired Exporter")}`);

  await make(desk, { name: "dbt-migration", days: 60, used: true });
  await make(desk, { name: "old-laptop", days: 365, used: true, revoked: true });
  await make(desk, { name: "ingest-2026-q3", days: 90, used: true, owner: owner("Data Ingest") });
  clock.now += 30 * day;
  await make(desk, { name: "ci-cd-pipeline", days: 90, used: true });
  await make(desk, { name: "pipeline-production", days: 90, owner: owner("Pipeline Automation"), used: true });
  clock.now += 45 * day;
  await make(desk, { name: "laptop", days: 90, used: true });
  await make(desk, { name: "alation-trial", days: 30, owner: owner("Alation Sync"), revoked: true });
  clock.now += 25 * day;
  await make(desk, { name: "notebook-exports", days: 365 });
  await make(desk, { name: "status-board", days: null });
  await make(desk, { name: "ingest-2026-q4", days: 90, used: true, owner: owner("Data Ingest") });
  clock.now += 3 * 3_600_000;
}
