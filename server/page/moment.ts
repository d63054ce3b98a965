// Points in time in words. Decides formats; the reader's time zone counts.

const dates = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export const dateOf = (moment: string | number): string => dates.format(new Date(moment));
export const exactOf = (moment: string): string => exact.format(new Date(moment));

/** "in 12 days", "3 hours ago". Up to half a year, days are what people plan with. */
export function distanceOf(moment: string, now: number): string {
  const seconds = (Date.parse(moment) - now) / 1_000;
  const size = Math.abs(seconds);
  if (size < 60) return seconds > 0 ? "in less than a minute" : "just now";
  const [unit, length] = units.find(([name, least]) => size >= (name === "month" ? 183 * 86_400 : least)) ?? ["minute", 60];
  return relative.format(Math.trunc(seconds / length), unit);
}
