// Cron expressions of five fields: read once, then asked for the next matching minute of a wall clock.
// Knows no time zone: a wall clock is written as the milliseconds that it would be in UTC.
import { DAY, HOUR, MINUTE } from "./duration.ts";

export interface Cron {
  /** In rising order. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Indexed by the number itself: 1 to 31, 1 to 12, 0 (Sunday) to 6. */
  readonly days: readonly boolean[];
  readonly months: readonly boolean[];
  readonly weekdays: readonly boolean[];
  /** Neither of the two kinds of day begins with *: then a day matches when one of them does, otherwise both have to. */
  readonly eitherDay: boolean;
}

export type ParsedCron = { readonly cron: Cron; readonly problem: null } | { readonly cron: null; readonly problem: string };

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FIELDS: readonly Field[] = [
  { name: "minute", min: 0, max: 59, names: [] },
  { name: "hour", min: 0, max: 23, names: [] },
  { name: "day of month", min: 1, max: 31, names: [] },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day of week", min: 0, max: 7, names: WEEKDAYS },
];

/** How far ahead a match is looked for; what comes more rarely counts as never. */
const YEARS = 5;
const HORIZON = (YEARS * 365 + 2) * DAY;

class CronError extends Error {}

function readNumber(field: Field, text: string): number {
  const { name, min, max, names } = field;
  const index = names.indexOf(text.toUpperCase());
  if (index >= 0) return index + min;
  const also = names.length > 0 ? ` or ${names[0]}-${names.at(-1)}` : "";
  const value = /^[0-9]{1,4}$/.test(text) ? Number(text) : -1;
  if (value < min || value > max) throw new CronError(`${name}: ${JSON.stringify(text)} is not ${min}-${max}${also}`);
  return value;
}

function readRange(field: Field, text: string): { from: number; to: number } {
  const { name, min, max } = field;
  // Sunday is 0 and 7: all of the week is counted once.
  if (text === "*") return { from: min, to: max === 7 ? 6 : max };
  const [first = "", last, ...more] = text.split("-");
  if (more.length > 0) throw new CronError(`${name}: ${JSON.stringify(text)} is not a range: write first-last`);
  const from = readNumber(field, first);
  if (last === undefined) return { from, to: from };
  const end = readNumber(field, last);
  const to = end === 0 && from > 0 && /^SUN$/i.test(last) ? 7 : end;
  if (to < from) throw new CronError(`${name}: the range ${text} runs backwards: write ${text.split("-").reverse().join("-")}, or a list`);
  return { from, to };
}

function readItem(field: Field, item: string): number[] {
  const { name, max } = field;
  if (item === "") throw new CronError(`${name}: there is nothing before or after a comma`);
  const [range = "", step, ...more] = item.split("/");
  if (more.length > 0) throw new CronError(`${name}: ${JSON.stringify(item)} has two steps`);
  const { from, to } = readRange(field, range);
  const by = step === undefined ? 1 : /^[0-9]{1,4}$/.test(step) ? Number(step) : 0;
  if (by < 1 || by > max) throw new CronError(`${name}: the step ${JSON.stringify(step)} is not 1-${max}`);
  if (step !== undefined && range !== "*" && !range.includes("-")) throw new CronError(`${name}: a step follows * or a range: write ${range}-${max}/${step}`);
  const values: number[] = [];
  for (let value = from; value <= to; value += by) values.push(value);
  return values;
}

const readField = (field: Field, text: string): number[] => [...new Set(text.split(",").flatMap((item) => readItem(field, item)))].sort((a, b) => a - b);

/** Indexed by number; 7 is Sunday too. */
function flags(values: readonly number[], size: number): boolean[] {
  const list = new Array<boolean>(size).fill(false);
  for (const value of values) list[value === 7 && size === 7 ? 0 : value] = true;
  return list;
}

export function parseCron(text: string): ParsedCron {
  const words = text.trim().split(/\s+/).filter((word) => word !== "");
  if (words.length !== FIELDS.length) {
    return { cron: null, problem: `five fields are needed, as in "0 2 * * 1-5" (minute, hour, day of month, month, day of week): there ${words.length === 1 ? "is" : "are"} ${words.length}` };
  }
  try {
    const [minutes = [], hours = [], days = [], months = [], weekdays = []] = FIELDS.map((field, index) => readField(field, words[index] ?? ""));
    const eitherDay = !words[2]?.startsWith("*") && !words[4]?.startsWith("*");
    const cron = { minutes, hours, days: flags(days, 32), months: flags(months, 13), weekdays: flags(weekdays, 7), eitherDay };
    return isFrequent(cron) ? { cron, problem: null } : { cron: null, problem: `there may be no such day for more than ${YEARS} years` };
  } catch (error) {
    if (error instanceof CronError) return { cron: null, problem: error.message };
    throw error;
  }
}

/** Whether it comes within five years from the beginning of any year: dates and weekdays repeat every 28 years. */
function isFrequent(cron: Cron): boolean {
  for (let year = 2001; year < 2029; year++) if (nextDay(cron, Date.UTC(year, 0, 1)) === null) return false;
  return true;
}

function isDay(cron: Cron, date: Date): boolean {
  const day = cron.days[date.getUTCDate()] === true;
  const weekday = cron.weekdays[date.getUTCDay()] === true;
  return cron.eitherDay ? day || weekday : day && weekday;
}

/** The first matching day at or after the one that begins at `midnight`. */
function nextDay(cron: Cron, midnight: number): number | null {
  const end = midnight + HORIZON;
  const date = new Date(midnight);
  while (date.getTime() < end) {
    if (cron.months[date.getUTCMonth() + 1] !== true) date.setUTCMonth(date.getUTCMonth() + 1, 1);
    else if (isDay(cron, date)) return date.getTime();
    else date.setUTCDate(date.getUTCDate() + 1);
  }
  return null;
}

/** The first matching minute of a wall clock at or after `wall`; null: none within five years. */
export function nextMatch(cron: Cron, wall: number): number | null {
  const from = Math.ceil(wall / MINUTE) * MINUTE;
  const today = Math.floor(from / DAY) * DAY;
  const day = nextDay(cron, today);
  if (day === today) {
    const hour = Math.floor((from - today) / HOUR);
    const minute = Math.floor((from - today - hour * HOUR) / MINUTE);
    const later = cron.hours.includes(hour) ? cron.minutes.find((value) => value >= minute) : undefined;
    if (later !== undefined) return today + hour * HOUR + later * MINUTE;
    const next = cron.hours.find((value) => value > hour);
    if (next !== undefined) return today + next * HOUR + (cron.minutes[0] ?? 0) * MINUTE;
  }
  const after = day === today ? nextDay(cron, today + DAY) : day;
  return after === null ? null : after + (cron.hours[0] ?? 0) * HOUR + (cron.minutes[0] ?? 0) * MINUTE;
}
