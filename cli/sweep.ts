// `servicetokens sweep`: what a stack left behind at the API and no handler will ever see again. Lists it; with --apply
// it clears what nobody holds. The tokens are listed before the state is read, so that whatever was delivered meanwhile
// stands in the state; in doubt a token stays.
import { isKind } from "../core/error.ts";
import { formatInstant } from "../core/instant.ts";
import type { Remote } from "../core/observed.ts";
import { isSame } from "../core/situation.ts";
import { leftovers, type Answer, type Finding, type Verdict } from "../provider/leftover.ts";
import { explaining, session } from "../provider/session.ts";
import type { IssuerSession } from "../tokenapi/issuer.ts";
import { UsageError } from "./failure.ts";
import { findStack, isIdle, markIn, placeOf, readState, useConfiguration, type Stack, type StackFlags } from "./stack.ts";
import { table } from "./table.ts";

export interface SweepFlags extends StackFlags {
  readonly apply: boolean;
  readonly json: boolean;
  /** The ids of tokens that somebody has looked at. */
  readonly token?: readonly string[];
  /** A person says that no update of the stack is running. */
  readonly idle: boolean;
}

/** What a person may decide against; the others are not anybody's to clear by hand. */
const DECIDABLE: ReadonlySet<Verdict> = new Set(["Leftover", "InUse", "EarlierName"]);

const LISTS = ["service", "personal"] as const;

export async function sweep(flags: SweepFlags): Promise<void> {
  const chosen = (flags.token ?? []).map(idOf);
  const stack = await findStack(flags);
  await useConfiguration(placeOf(flags));
  const opened = await session();
  const { issuer } = opened;
  const answer = await explaining(opened, look(stack, issuer, flags.idle));
  const targets = targetsIn(answer, chosen);
  const cleared = flags.apply ? await explaining(opened, clear(issuer, targets, chosen)) : [];
  process.stdout.write(flags.json ? `${JSON.stringify(asJson({ stack, answer, targets, cleared }), null, 2)}\n` : told({ stack, answer, targets, cleared }, flags));
}

function idOf(text: string): number {
  const id = Number(text);
  if (!Number.isInteger(id) || id < 1) throw new UsageError(`--token takes the id of a token, as the table shows it, not ${JSON.stringify(text)}`);
  return id;
}

async function tokensOf(issuer: IssuerSession): Promise<Remote[]> {
  const all: Remote[] = [];
  for (const list of LISTS) all.push(...(await issuer.api.tokens(list)));
  return [...new Map(all.map((token) => [token.id, token])).values()];
}

async function look(stack: Stack, issuer: IssuerSession, saidIdle: boolean): Promise<Answer> {
  const tokens = await tokensOf(issuer);
  const deployment = await readState(stack);
  const idle = isIdle(stack) ?? saidIdle;
  return leftovers({ tokens, deployment, scope: stack.scope, pendingMarks: deployment.pending.map((urn) => markIn(stack, urn)), isIdle: idle });
}

function targetsIn({ findings }: Answer, chosen: readonly number[]): Finding[] {
  if (chosen.length === 0) return findings.filter(({ verdict }) => verdict === "Leftover");
  return chosen.map((id) => {
    const finding = findings.find(({ token }) => token.id === id);
    if (!finding) throw new UsageError(`the token ${id} is none that this stack left behind: sweep clears nothing else`);
    if (!DECIDABLE.has(finding.verdict)) throw new UsageError(`the token ${id} is not to be cleared: ${finding.why}`);
    return finding;
  });
}

/** Revoked, then deleted; each one is looked at once more before. */
async function clear(issuer: IssuerSession, targets: readonly Finding[], chosen: readonly number[]): Promise<number[]> {
  if (targets.length === 0) return [];
  const now = await tokensOf(issuer);
  const cleared: number[] = [];
  for (const { token } of targets) {
    const latest = now.find((other) => isSame(other, token));
    if (!latest) continue;
    if (latest.lastUsed !== token.lastUsed && !chosen.includes(token.id)) continue;
    if (latest.active) await goneIsFine(() => issuer.api.revoke(token.id));
    await goneIsFine(() => issuer.api.delete(token.id));
    cleared.push(token.id);
  }
  return cleared;
}

async function goneIsFine(work: () => Promise<unknown>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!isKind(error, "missing")) throw error;
  });
}

interface Result {
  readonly stack: Stack;
  readonly answer: Answer;
  readonly targets: readonly Finding[];
  readonly cleared: readonly number[];
}

const instant = (at: number | null): string | null => (at === null ? null : formatInstant(at));

function asJson({ stack, answer, cleared }: Result): object {
  return {
    stack: `${stack.organization}/${stack.project}/${stack.name}`,
    scope: stack.scope,
    tokens: answer.findings.map(({ token, mark, revision, verdict, why }) => ({
      id: token.id,
      name: token.name,
      mark,
      revision,
      created: instant(token.created),
      lastUsed: instant(token.lastUsed),
      verdict,
      why,
      cleared: cleared.includes(token.id),
    })),
    revoked: answer.revoked,
    others: answer.others,
  };
}

function told({ stack, answer, targets, cleared }: Result, flags: SweepFlags): string {
  const { findings, revoked, others } = answer;
  const lines: string[] = [];
  if (findings.length === 0) lines.push(`Nothing is left behind by ${stack.project}/${stack.name}.`);
  else {
    lines.push(
      table(
        ["TOKEN", "NAME", "CREATED", "LAST USED", "VERDICT", "WHY"],
        findings.map(({ token, verdict, why }) => [String(token.id), token.name, formatInstant(token.created), instant(token.lastUsed) ?? "never", cleared.includes(token.id) ? "Cleared" : verdict, why]),
      ),
    );
  }
  const notes = [
    ...(revoked > 0 ? [`${count(revoked, "token")} of this stack that ${revoked === 1 ? "is" : "are"} revoked and on no record: kept, as deletionPolicy Revoke does.`] : []),
    ...(others > 0 ? [`${count(others, "token")} with marks of other stacks or clusters: not looked at.`] : []),
  ];
  if (notes.length > 0) lines.push("", ...notes);
  lines.push(...advice(findings, targets, cleared, flags));
  return `${lines.join("\n")}\n`;
}

function advice(findings: readonly Finding[], targets: readonly Finding[], cleared: readonly number[], { apply }: SweepFlags): string[] {
  const lines: string[] = [];
  if (apply && targets.length > 0) lines.push("", `Revoked and deleted: ${count(cleared.length, "token")}.`);
  if (!apply && targets.length > 0) lines.push("", `To revoke and delete ${targets.length === 1 ? "it" : `these ${targets.length}`} (${targets.map(({ token }) => token.id).join(", ")}), run this again with --apply.`);
  const open = findings.filter(({ token, verdict }) => (verdict === "InUse" || verdict === "EarlierName") && !cleared.includes(token.id) && !targets.some((target) => target.token === token));
  if (open.length > 0) lines.push("", `Left for you to decide: ${open.map(({ token }) => token.id).join(", ")}. To clear one of them all the same: --apply --token ID.`);
  if (findings.some(({ verdict }) => verdict === "Busy")) lines.push("", "An update of the stack may be running: wait for it, or where none is, say so with --idle.");
  return lines;
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
