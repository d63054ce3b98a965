// Between instants and the wall clock of a time zone, across its changes. A wall clock is written as the milliseconds
// that it would be in UTC. The rules of the zones are the platform's; nothing here asks what time it is.
import { HOUR, SECOND } from "./duration.ts";

/** What is between a zone's wall clock and UTC at an instant, milliseconds. */
export type Zone = (instant: number) => number;

/** No offset is larger than fourteen hours, so what held so long before and what holds so long after are all there is. */
const REACH = 15 * HOUR;

/** An IANA name as in Europe/Zurich; fixed offsets as in +01:00 are none. */
export const ZONE_PATTERN = "^[A-Za-z][A-Za-z0-9_+/-]*$";
const SHAPE = new RegExp(ZONE_PATTERN);

/** The zone of that name; null: there is none. */
export function zoneOf(name: string): Zone | null {
  if (!SHAPE.test(name)) return null;
  const format = formatOf(name);
  if (!format) return null;
  return (instant) => {
    const whole = Math.floor(instant / SECOND) * SECOND;
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (format.format(whole).match(/[0-9]+/g) ?? []).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23",
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The instant at which a wall clock shows `wall`: the first of two, and the moment of the jump where there is none. */
export function instantOf(zone: Zone, wall: number): number {
  const before = zone(wall - REACH);
  const after = zone(wall + REACH);
  if (before === after) return wall - before;
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  if (early + zone(early) === wall) return early;
  if (late + zone(late) === wall) return late;
  return jump(zone, early, late);
}

/** The first second at which the zone's offset is that of `late`; at `early` it is another. */
function jump(zone: Zone, early: number, late: number): number {
  const target = zone(late);
  let low = Math.floor(early / SECOND);
  let high = Math.ceil(late / SECOND);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone(middle * SECOND) === target) high = middle;
    else low = middle;
  }
  return high * SECOND;
}
