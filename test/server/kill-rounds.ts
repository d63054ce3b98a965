// Kills a token service while clients write to it, again and again, and holds what is
// there afterwards against what was answered. Decides the writes, the moments and what
// counts as lost; must not know the storage.
import { setTimeout as sleep } from "node:timers/promises";
import type { Json, TokenService } from "../support/token-service.ts";

export interface KillPlan {
  readonly kills: number;
  /** From 0 to 1, and the same again for the same seed. */
  readonly random: () => number;
  readonly start: () => Promise<TokenService>;
  /** Starts one and kills it before it answers. */
  readonly killStart: (afterMs: number) => Promise<void>;
  /** After a kill, before the next start: what else may break. */
  readonly between?: (kill: number) => Promise<void>;
  readonly onKill?: (kill: number, answered: number) => void;
}

export interface KillOutcome {
  readonly kills: number;
  readonly answeredWrites: number;
  readonly auditEntries: number;
}

interface Known {
  readonly name: string;
  readonly value: string;
  active: boolean;
}

interface Listed extends Json {
  id: number;
  name: string;
  active: boolean;
}

const clients = 4;
/** Answered before each kill, at least. */
export const fewestWrites = 5;
const roundMs = 20_000;
const sampleSize = 5;

/** Throws with the first write that was answered and is not there. */
export async function killRounds(plan: KillPlan): Promise<KillOutcome> {
  const ledger = new Ledger();
  let service = await plan.start();
  const user = await service.createServiceUser("killed");
  for (let kill = 1; kill <= plan.kills; kill += 1) {
    const writers = Array.from({ length: clients }, (_, client) => write(service, { ledger, userId: user.id, random: plan.random, name: `${kill}-${client}` }));
    // After so many more writes, at whatever point the next ones are then.
    const enough = ledger.answered + fewestWrites + Math.floor(plan.random() * 40);
    const patience = performance.now() + roundMs;
    while (ledger.answered < enough && performance.now() < patience) await sleep(2);
    await sleep(plan.random() * 20);
    await service.kill();
    await Promise.all(writers);
    await plan.between?.(kill);
    if (plan.random() < 0.25) await plan.killStart(plan.random() * 2_500);
    service = await plan.start();
    await compare(service, ledger);
    plan.onKill?.(kill, ledger.answered);
  }
  const auditEntries = await compareAudit(service, ledger);
  await service.close();
  return { kills: plan.kills, answeredWrites: ledger.answered, auditEntries };
}

class Ledger {
  answered = 0;
  readonly tokens = new Map<number, Known>();
  readonly deleted = new Set<number>();
  /** Asked for and not answered: it may have happened or not. */
  readonly doubtful = new Set<number>();
}

interface Writer {
  readonly ledger: Ledger;
  readonly userId: number;
  readonly random: () => number;
  readonly name: string;
}

/** Writes until nobody answers any more. */
async function write(service: TokenService, { ledger, userId, random, name }: Writer): Promise<void> {
  for (let number = 0; ; number += 1) {
    const answer = await service.api<Listed & { bearer_token: string }>("POST", "/api/user-tokens", { name: `${name}-${number}`, user_id: userId }).catch(() => undefined);
    if (answer?.status !== 200) return;
    ledger.answered += 1;
    const { id } = answer.body;
    ledger.tokens.set(id, { name: answer.body.name, value: answer.body.bearer_token, active: true });
    for (const step of stepsFor(random())) {
      ledger.doubtful.add(id);
      const done = await (step === "delete" ? service.api("DELETE", `/api/user-tokens/${id}`) : service.api("PUT", `/api/user-tokens/${id}`, { revoke: step === "revoke" })).catch(() => undefined);
      if (done === undefined || done.status >= 300) return;
      ledger.doubtful.delete(id);
      ledger.answered += 1;
      note(ledger, id, step);
    }
  }
}

type Step = "revoke" | "restore" | "delete";

function stepsFor(chance: number): readonly Step[] {
  if (chance < 0.5) return [];
  if (chance < 0.7) return ["revoke"];
  return chance < 0.85 ? ["revoke", "restore"] : ["revoke", "delete"];
}

function note(ledger: Ledger, id: number, step: Step): void {
  const known = ledger.tokens.get(id);
  if (known === undefined) return;
  if (step === "delete") {
    ledger.tokens.delete(id);
    ledger.deleted.add(id);
  } else known.active = step === "restore";
}

async function compare(service: TokenService, ledger: Ledger): Promise<void> {
  const { body } = await service.api<Listed[]>("GET", "/api/user-tokens/service");
  const kept = new Map(body.map((token) => [token.id, token]));
  for (const id of ledger.deleted) if (kept.has(id)) throw new Error(`Token ${id} is back after its deletion was answered.`);
  for (const [id, known] of ledger.tokens) {
    if (ledger.doubtful.has(id)) continue;
    const found = kept.get(id);
    if (found === undefined || found.name !== known.name) throw new Error(`Token ${id} (${known.name}) was answered and is gone.`);
    if (found.active !== known.active) throw new Error(`Token ${id} (${known.name}) is ${found.active ? "active" : "revoked"}, and the opposite was answered.`);
  }
  const sample = [...ledger.tokens].filter(([id]) => !ledger.doubtful.has(id)).slice(-sampleSize);
  for (const [id, { value, active }] of sample) {
    const { status } = await service.api("GET", "/api/users/me", undefined, value);
    if (status !== (active ? 200 : 401)) throw new Error(`Token ${id} is ${active ? "active" : "revoked"} and answered ${status}.`);
  }
}

/** Every token that was issued has its entry, and the numbers have no gap. */
async function compareAudit(service: TokenService, ledger: Ledger): Promise<number> {
  const issued = new Set<number>();
  let total = 0;
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const { body } = await service.api<{ items: { number: number; action: string; token: { id: number } | null }[]; total: number; pages: number }>("GET", `/api/audit?size=100&page=${page}`);
    pages = body.pages;
    total = body.total;
    for (const { action, token } of body.items) if (action === "token.issued" && token !== null) issued.add(token.id);
  }
  for (const id of [...ledger.tokens.keys(), ...ledger.deleted]) if (!issued.has(id)) throw new Error(`Token ${id} was issued and the audit log does not know it.`);
  return total;
}
