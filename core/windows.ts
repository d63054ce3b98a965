// When a rotation may begin: windows that open by a cron expression on the wall clock of a time zone and stay open
// for a duration. A start that the wall clock skips happens at the jump; one that it shows twice counts the first time.
import { nextMatch, parseCron, type Cron } from "./cron.ts";
import type { Window } from "./desired.ts";
import { DAY, MINUTE, SECOND } from "./duration.ts";
import { instantOf, zoneOf, type Zone } from "./zone.ts";

export interface WindowProblem {
  readonly field: keyof Window;
  readonly message: string;
}

interface Rule {
  /** null: it cannot be read, and never opens; so with the zone. */
  readonly cron: Cron | null;
  readonly zone: Zone | null;
  readonly problems: readonly WindowProblem[];
  /** Answers that were given: they depend on nothing but the rule and the question. */
  readonly starts: Map<number, number | null>;
}

/** No opening is looked for before 1970 or in the last years that a date can name. */
const LAST = 8e15;
/** A window that stays open longer than its openings are apart is always open. */
const LONGEST = 6 * 366 * DAY;
const REMEMBERED = 1_000;

// Reading a rule costs more than asking it. Both maps only save work: with them emptied every answer is the same.
const rules = new Map<string, Rule>();

function remember<K, V>(map: Map<K, V>, key: K, value: V): V {
  if (map.size >= REMEMBERED) map.clear();
  map.set(key, value);
  return value;
}

function ruleOf({ cron, timeZone }: Window): Rule {
  const key = `${timeZone}\n${cron}`;
  return rules.get(key) ?? remember(rules, key, readRule(cron, timeZone));
}

function readRule(text: string, timeZone: string): Rule {
  const { cron, problem } = parseCron(text);
  const zone = zoneOf(timeZone);
  const problems: WindowProblem[] = problem === null ? [] : [{ field: "cron", message: problem }];
  if (!zone) problems.push({ field: "timeZone", message: `there is no time zone ${JSON.stringify(timeZone)}: write its IANA name, as in Europe/Zurich` });
  return { cron, zone, problems, starts: new Map() };
}

/** What is wrong with a window, all of it. */
export function windowProblems(window: Window): readonly WindowProblem[] {
  const { problems } = ruleOf(window);
  if (window.duration > 0) return problems;
  return [...problems, { field: "duration", message: "how long the window stays open has to be more than 0s, as in 4h" }];
}

/** The first start at or after an instant. */
function nextStart(rule: Rule, instant: number): number | null {
  const known = rule.starts.get(instant);
  return known === undefined ? remember(rule.starts, instant, findStart(rule, instant)) : known;
}

function findStart({ cron, zone }: Rule, instant: number): number | null {
  if (!cron || !zone) return null;
  const from = Math.ceil(instant / SECOND) * SECOND;
  // By the offset of the second before: at a jump, what the wall clock skips starts now.
  let wall = nextMatch(cron, from + zone(from - SECOND));
  while (wall !== null) {
    const start = instantOf(zone, wall);
    if (start >= instant) return start;
    wall = nextMatch(cron, wall + MINUTE);
  }
  return null;
}

function opening(window: Window, instant: number): number | null {
  const rule = ruleOf(window);
  if (!(window.duration > 0) || !(instant >= 0 && instant < LAST)) return null;
  const start = nextStart(rule, Math.max(0, instant - Math.min(window.duration, LONGEST) + 1));
  return start === null ? null : Math.max(start, instant);
}

/** The first moment at or after an instant at which a window is open; null: none within five years. */
export function nextOpening(windows: readonly Window[], instant: number): number | null {
  let first: number | null = null;
  for (const window of windows) {
    const at = opening(window, instant);
    if (at !== null && (first === null || at < first)) first = at;
  }
  return first;
}

export function isOpen(windows: readonly Window[], instant: number): boolean {
  return nextOpening(windows, instant) === instant;
}
