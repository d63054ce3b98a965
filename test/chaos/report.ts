// docs/chaos.md: what a run of `make chaos` broke, and what came of it. Generated, so it says what happened.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machine } from "../bench/report.ts";
import { everything, faults } from "./faults.ts";
import type { Chaotic } from "./run.ts";

const page = join(import.meta.dirname, "..", "..", "docs", "chaos.md");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Written by hand, since such a run takes long: it stays. */
const LONGER = "\n## Longer runs\n";

function kept(): string {
  const before = readFileSync(page, "utf8");
  const from = before.indexOf(LONGER);
  return from === -1 ? "" : before.slice(from);
}

export function writeReport(options: { readonly seed: number; readonly rounds: number; readonly kills: number; readonly objects: number; readonly consumers: number; readonly only?: string | undefined }, run: Chaotic): void {
  const refused = run.counts.reduce((sum, count) => sum + count.refused, 0);
  const good = run.counts.reduce((sum, count) => sum + count.good, 0);
  const text = `# Chaos

Written by \`WRITE=1 make chaos N=${options.rounds} SEED=${options.seed} KILLS=${options.kills}${options.only === undefined ? "" : ` ONLY="${options.only}"`}\` on ${new Date().toISOString().slice(0, 10)}; ${machine()}.

A real kube-apiserver and etcd, the real token service with its data on disk, two operators. In each round ${options.objects} objects are made, others rotated and deleted, while something breaks; then it is mended, and the books have to balance: every object Ready, as many active tokens with our mark at the API as different values in Secrets that authenticate, no Secret whose value is refused. ${options.consumers} programs read their Secrets and call the API five times a second all the while; a single refusal fails the run. The same seed chooses the same faults and moments; how far the operator has come by then depends on the machine.

**${run.rounds.length} rounds, ${run.kills} kills, ${run.objects} objects made, ${run.rotations} rotations, ${run.issued} tokens issued: none lost in the end, none doubled. Consumers made ${good} calls that were answered, and ${refused} were refused.**

A rotation that is asked for while another one is under way is the same one. ${run.cleared} tokens at least were cut off between issue and delivery, so that nobody held their values: they were found by their names, revoked and deleted.

## Rounds

${table(
  ["round", "what broke", "how", "balanced after", "active tokens", "in Secrets", "calls refused"],
  run.rounds.map(({ number, fault, did, books, refused: here }) => [
    String(number),
    fault,
    books.settled.length === 0 ? did : `${did}; a person settled a second owner of ${books.settled.join(", ")}`,
    `${(books.seconds ?? 0).toFixed(1)} s`,
    String(books.active),
    String(books.delivered),
    String(here),
  ]),
)}

## Consumers

${table(
  ["Secret", "calls", "tokens used", "refused", "not answered"],
  run.counts.map((count) => [count.secret, String(count.good), String(count.tokens), String(count.refused), String(count.unanswered)]),
)}

Not answered: the token API was killed or away at that moment.

## Faults

${table(["name", "what"], [...faults, everything].map(({ name, what }) => [name, what]))}
`;
  writeFileSync(page, text + kept());
}
