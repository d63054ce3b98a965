// Go duration strings ("720h", "1h30m", "10s"): the one place that reads and prints them.
// Values are milliseconds; the finest unit a person may write is one second.

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** The pattern that the CRDs and the provider's input schema use: some centuries at most, so that every date can be held. */
export const DURATION_PATTERN = "^([0-9]{1,6}h)?([0-9]{1,8}m)?([0-9]{1,9}s)?$";
const SHAPE = new RegExp(DURATION_PATTERN);

/** Milliseconds of a duration string, or null when it is not one. */
export function parseDuration(text: string): number | null {
  const parts = text === "" || text.length > 20 ? null : SHAPE.exec(text);
  if (parts === null) return null;
  const [, hours = "0", minutes = "0", seconds = "0"] = parts;
  return parseInt(hours, 10) * HOUR + parseInt(minutes, 10) * MINUTE + parseInt(seconds, 10) * SECOND;
}

/** Milliseconds of a duration string that was validated before; throws on a programming error. */
export function duration(text: string): number {
  const value = parseDuration(text);
  if (value === null) throw new RangeError(`not a duration: ${JSON.stringify(text)} (write hours, minutes and seconds, as in "1h30m")`);
  return value;
}

/** The shortest way to write so many milliseconds, rounded to seconds: "72h", "1h30m", "0s". */
export function formatDuration(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds / SECOND));
  const hours = Math.floor(rest / 3_600);
  rest -= hours * 3_600;
  const minutes = Math.floor(rest / 60);
  const seconds = rest - minutes * 60;
  const text = `${hours ? `${hours}h` : ""}${minutes ? `${minutes}m` : ""}${seconds ? `${seconds}s` : ""}`;
  return text === "" ? "0s" : text;
}
