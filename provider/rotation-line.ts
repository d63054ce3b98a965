// The rotation block as the outputs of the dynamic provider repeat it: refresh and destroy get nothing but outputs, and
// the state holds them with every resource. One line instead of an object that is written twice; nobody but us reads it.
// Knows the form and decides nothing. What does not fit the form exactly stays as it is.
import { isDeepStrictEqual } from "node:util";

type Fields = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const NOTHING = "-";
/** What comes back as it was, and is no separator. */
const PLAIN = /^[^\s|,%-][^\s|,%]*$/;

const OWN = ["renewBefore", "every", "keepRevokedFor"] as const;
const RETIRE = ["when", "minOverlap", "idleFor", "maxOverlap"] as const;

const word = (value: unknown): string => (typeof value === "string" && PLAIN.test(value) ? value : NOTHING);

function windowLine(window: unknown): string {
  const { cron, duration, timeZone } = isObject(window) ? window : {};
  return `${typeof cron === "string" ? cron : ""},${word(duration)},${word(timeZone)}`;
}

/** "720h - 336h n Unused 2h 48h 240h|0 2 * * 1-5,4h,Europe/Zurich"; what is not said is "-", and left out at the end. */
function line(rotation: Fields): string {
  const { verify, retire, windows } = rotation;
  const words = [...OWN.map((name) => word(rotation[name])), verify === undefined ? NOTHING : verify === true ? "y" : "n", ...RETIRE.map((name) => word(isObject(retire) ? retire[name] : undefined))];
  while (words.at(-1) === NOTHING) words.pop();
  return [words.join(" "), ...(Array.isArray(windows) ? windows.map(windowLine) : [])].join("|");
}

const said = (names: readonly string[], words: readonly (string | undefined)[]): Fields =>
  Object.fromEntries(names.flatMap((name, index) => (words[index] === undefined || words[index] === NOTHING ? [] : [[name, words[index]]])));

function object(text: string): Fields {
  const [head = "", ...windows] = text.split("|");
  const words = head.split(" ");
  const verify = words[OWN.length] ?? NOTHING;
  const retire = said(RETIRE, words.slice(OWN.length + 1));
  return {
    ...said(OWN, words.map((one) => one || NOTHING)),
    ...(verify === NOTHING ? {} : { verify: verify === "y" }),
    ...(Object.keys(retire).length === 0 ? {} : { retire }),
    ...(windows.length === 0 ? {} : { windows: windows.map((window) => ({ cron: window.split(",").slice(0, -2).join(","), ...said(["duration", "timeZone"], window.split(",").slice(-2)) })) }),
  };
}

/** For the outputs. */
export function packRotation(rotation: unknown): unknown {
  if (!isObject(rotation)) return rotation;
  const text = line(rotation);
  return isDeepStrictEqual(object(text), rotation) ? text : rotation;
}

/** What packRotation() was given; what an older version wrote is no line, and stays as it is. */
export const unpackRotation = (written: unknown): unknown => (typeof written === "string" ? object(written) : written);
