// Property values on the engine's wire: plain JSON, and envelopes for what is secret, what is an output and what is not
// known yet. Inside, everything is plain and the unknown is the text of unknown.ts; secrets get their envelope back
// where a value leaves.
import { UNKNOWN } from "../unknown.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

export type Values = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

/** Without envelopes. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (value[SIGNATURE] === SECRET) return plain(value["value"]);
  if (value[SIGNATURE] === OUTPUT) return "value" in value ? plain(value["value"]) : UNKNOWN;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

export const plainValues = (values: unknown): Values => plain(isObject(values) ? values : {}) as Values;

const secret = (value: unknown): Values => ({ [SIGNATURE]: SECRET, value });

/** Outputs for the wire: the token is a secret by itself, whatever the program asks for. */
export function shown(outputs: Values, unknown: readonly string[] = []): Values {
  const all: Values = { ...outputs, ...Object.fromEntries(unknown.map((name) => [name, UNKNOWN])) };
  return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, name === "token" ? secret(value) : value]])));
}

export type Kind = "ADD" | "DELETE" | "UPDATE";

/** The paths at which two plain inputs differ, as "rotation.retire.when" or "teams[1]". */
export function differences(olds: unknown, news: unknown, path = ""): Map<string, Kind> {
  const found = new Map<string, Kind>();
  if (JSON.stringify(olds) === JSON.stringify(news)) return found;
  if (olds === undefined || news === undefined) return found.set(path, olds === undefined ? "ADD" : "DELETE");
  const isList = Array.isArray(olds) && Array.isArray(news);
  if (!isList && !(isObject(olds) && isObject(news))) return found.set(path, "UPDATE");
  const [before, after] = [olds, news] as [Values, Values];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = isList ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
    for (const [place, kind] of differences(before[name], after[name], at)) found.set(place, kind);
  }
  return found;
}
