// `servicetokens explain`: what the engine would do in a situation that a file describes, and which checks it asked.
import { explain, type Sorted, type Walk } from "../core/explain.ts";
import type { Action } from "../core/action.ts";
import { formatInstant } from "../core/instant.ts";
import type { Record } from "../core/record.ts";
import { readCase } from "./explain-file.ts";

export function explainFile(file: string, options: { readonly json: boolean }): void {
  const { desired, observed, now } = readCase(file);
  const walk = explain(desired, observed, now);
  process.stdout.write(options.json ? `${JSON.stringify(dated(walk), null, 2)}\n` : told(walk));
}

/** The last millisecond that a date can hold. */
const LATEST = 8.64e15;

/** A time far beyond every calendar comes from a duration of ages: it never comes. */
const date = (time: number): string => (Math.abs(time) < LATEST ? formatInstant(time) : "never");

const DATES: ReadonlySet<string> = new Set(["now", "created", "expires", "lastUsed", "at", "nextDue", "deliveredAt", "usedAfter"]);

/** The walk with dates for people; `after` of a Look is a date here as well, as in the file. */
function dated(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => dated(item));
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dated(item, key)]));
  return typeof value === "number" && (DATES.has(name) || name === "after") ? date(value) : value;
}

const pad = (text: string, width: number): string => text.padEnd(width);

function told(walk: Walk): string {
  const { plan, steps } = walk;
  const width = Math.max(...steps.map(({ check }) => check.length), 10);
  const number = (index: number): string => String(index + 1).padStart(4);
  const lines = [
    `${walk.resource} at ${date(walk.now)}`,
    "",
    "Revisions, as the engine sees them",
    ...(walk.revisions.length === 0 ? ["  none"] : walk.revisions.map(revision)),
    ...(walk.contradictions.length === 0 ? [] : ["", "Facts that contradict each other", ...walk.contradictions.map((line) => `  ${line}`)]),
    "",
    "Checks, in the order of their priority",
    ...steps.flatMap(({ check, why, applies, saw }, index) => [
      `${number(index)}  ${applies ? "APPLIES" : "no     "}  ${pad(check, width)}  ${why}`,
      ...(applies ? [`${" ".repeat(15 + width + 2)}-> ${saw}`] : []),
    ]),
    ...(walk.unasked.length === 0 ? [] : [`      not asked: ${walk.unasked.join(", ")}`]),
    "",
    "Plan",
    `  action    ${plan.actions.map(described).join(", ") || outcomes[plan.outcome]}`,
    `  because   ${plan.reason}: ${plan.message}`,
    ...plan.conditions.map(({ type, status, reason, message }) => `  ${pad(type, 9)} ${status}, ${reason}: ${message}`),
    ...plan.events.map(({ type, reason, message }) => `  event     ${type}, ${reason}: ${message}`),
    `  next      ${plan.nextAction.type === "None" ? "" : `${plan.nextAction.type} `}${plan.nextAction.at === null ? "when something changes" : `at ${date(plan.nextAction.at)}`}: ${plan.nextAction.reason}`,
  ];
  return `${lines.join("\n")}\n`;
}

const outcomes = { act: "none", wait: "none: it waits", stall: "none: a person has to act, or something outside has to change", rest: "none: the goal is reached" };

function revision({ number, role, seen, created, expires, lastUsed }: Sorted): string {
  const use = lastUsed === null ? "" : `, last used ${date(lastUsed)}`;
  return `  ${pad(String(number), 4)} ${pad(role, 9)}  ${pad(seen, 8)} created ${date(created)}, ${expires === null ? "never expires" : `expires ${date(expires)}`}${use}`;
}

function described(action: Action): string {
  if ("record" in action) return `${action.do}: ${recorded(action.record)}`;
  if ("token" in action) return `${action.do} ${action.token.name}`;
  switch (action.do) {
    case "Look":
      return `Look at the ${action.at} again`;
    case "Issue":
      return `Issue revision ${action.number} as ${action.name}`;
    case "Verify":
      return `Verify revision ${action.number}`;
    case "Try":
      return "Try whether the delivered value still authenticates";
    case "Restart":
      return `Restart what spec.restart names for revision ${action.revision}`;
    case "Hold":
    case "Release":
    case "Probe":
    case "Drop":
    case "Remove":
    case "Disown":
      return action.do;
  }
}

function recorded({ revisions, current, fence }: Record): string {
  const numbers = revisions.map(({ number, revoked }) => `${number}${revoked ? " (revoked)" : ""}`).join(", ");
  return `the record then holds ${numbers === "" ? "no revision" : `revision ${numbers}`}; current ${current ?? "none"}, fence ${fence}`;
}
