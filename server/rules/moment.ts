// Points in time as the API states them: whole seconds, UTC. Decides the rounding, so
// that a token's `exp` and its `expiration` are the same second.

export type Clock = () => number;

const daySeconds = 86_400;

export const systemClock: Clock = () => Date.now();

export function currentSecond(clock: Clock): number {
  return Math.floor(clock() / 1_000);
}

export function dateOf(second: number): Date {
  return new Date(second * 1_000);
}

export function secondOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}

export function daysAfter(second: number, days: number): number {
  return second + days * daySeconds;
}

/** `2026-01-15T10:30:00Z` */
export function stamp(date: Date): string {
  return stampOfSecond(secondOf(date));
}

/** The same of a second. Most that are asked for fall on the day before them, whose date need not be worked out again. */
export function stampOfSecond(second: number): string {
  const day = Math.floor(second / daySeconds);
  if (day !== lastDay.day) lastDay = { day, text: dateOf(day * daySeconds).toISOString().slice(0, 11) };
  const rest = second - day * daySeconds;
  return `${lastDay.text}${two(Math.floor(rest / 3_600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}Z`;
}

let lastDay = { day: Number.NaN, text: "" };

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** `2026-01-15T10:30:00.700Z`, where a second is too coarse. */
export function stampMs(date: Date): string {
  return date.toISOString();
}

export function stampOrNull(date: Date | null): string | null {
  return date === null ? null : stamp(date);
}
