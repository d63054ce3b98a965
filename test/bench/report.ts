// How figures are shown: a table on the terminal, and, with WRITE=1, the same table under its heading in
// docs/benchmarks.md together with the machine it was measured on. Decides no figure.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

export interface Report {
  /** The heading, and the name of the make target. */
  readonly name: string;
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Budgets: what was to be kept, and whether it was. */
  readonly budgets: readonly Budget[];
}

export interface Budget {
  readonly what: string;
  readonly limit: string;
  readonly seen: string;
  readonly kept: boolean;
}

const page = join(import.meta.dirname, "..", "..", "docs", "benchmarks.md");

export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu?.model.trim() ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}, load ${(loadavg()[0] ?? 0).toFixed(1)} at the end`;
}

export function show(report: Report): void {
  const lines = [report.head, ...report.rows];
  const widths = report.head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const pad = (line: readonly string[]): string => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ");
  process.stdout.write(`${report.title}\n${machine()}\n\n${lines.map(pad).join("\n")}\n\n`);
  for (const { what, limit, seen, kept } of report.budgets) process.stdout.write(`${kept ? "kept  " : "MISSED"}  ${what}: ${seen} (budget ${limit})\n`);
  if (report.budgets.some(({ kept }) => !kept)) process.exitCode = 1;
  if (process.env["WRITE"] === "1") write(report);
}

function write(report: Report): void {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const text = [
    `## ${report.name}`,
    "",
    `${report.title}. ${new Date().toISOString().slice(0, 10)}, ${machine()}.`,
    "",
    row(report.head),
    row(report.head.map((_, column) => (column === 0 ? "---" : "---:"))),
    ...report.rows.map(row),
    "",
    row(["budget", "limit", "seen", ""]),
    row(["---", "---:", "---:", "---"]),
    ...report.budgets.map(({ what, limit, seen, kept }) => row([what, limit, seen, kept ? "kept" : "missed"])),
    "",
  ].join("\n");
  const before = readFileSync(page, "utf8");
  const start = before.indexOf(`## ${report.name}\n`);
  if (start < 0) return writeFileSync(page, `${before.trimEnd()}\n\n${text}`);
  const end = before.indexOf("\n## ", start + 1);
  writeFileSync(page, `${before.slice(0, start)}${text}${end < 0 ? "" : before.slice(end)}`);
}
