// Reads the file of `servicetokens explain`: every mistake in it is told with its place and with what stands there.
import { readFileSync } from "node:fs";
import { Ajv, type ErrorObject } from "ajv";
import { parseDuration } from "../core/duration.ts";
import type { CaseForm } from "../core/explain-form.ts";
import { caseProblems, toCase, type Case } from "../core/explain-input.ts";
import { caseSchema } from "../core/explain-schema.ts";
import { parseInstant } from "../core/instant.ts";
import { parseName } from "../core/name.ts";
import { nearest } from "../core/nearest.ts";
import { UsageError } from "./failure.ts";
import { readJson } from "./json.ts";

/** So many mistakes are told at once. */
const MOST = 20;

/** A date that the calendar has. */
function isInstant(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return parseInstant(text) !== null && new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)) - 1, day)).getUTCDate() === day;
}

const FORMATS: Readonly<Record<string, { readonly accepts: (text: string) => boolean; readonly asks: string }>> = {
  instant: { accepts: isInstant, asks: "has to be a date and time as in 2026-01-15T10:30:00Z (RFC 3339)" },
  duration: { accepts: (text) => parseDuration(text) !== null, asks: 'has to be a duration in hours, minutes and seconds, as in "720h" or "1h30m" (a day is "24h")' },
  due: { accepts: (text) => text === "due" || isInstant(text), asks: 'has to be "due", or the date and time at which the restart was asked for' },
  offset: { accepts: (text) => parseDuration(text.replace(/^-/, "")) !== null, asks: 'has to be the API\'s clock minus ours as a duration, as in "90s" or "-90s"' },
  mark: { accepts: (mark) => parseName(`x-${mark}-r1`)?.mark === mark, asks: "has to be a mark as it stands in a token's name before -r1, as in 3b9k2m-7q0x5c1dh (or leave it out, and give scope)" },
};

const TYPES: Readonly<Record<string, string>> = { object: "an object", string: "a text", integer: "a whole number", boolean: "true or false", array: "a list" };

function source(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "this is a folder" : code === "EACCES" ? "it may not be read" : (error as Error).message;
    throw new UsageError(`${name(file)}: ${why}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${name(file)}: this is no text in UTF-8`);
  }
}

const name = (file: string): string => (file === "-" ? "standard input" : file);

/** What the engine is to be asked; throws a UsageError that names every mistake. */
export function readCase(file: string): Case {
  const text = source(file);
  if (text.trim() === "") throw new UsageError(`${name(file)}: it is empty; the least it can hold is {"desired": {}, "now": "2026-01-15T10:30:00Z"}`);
  const read = readJson(text);
  if (!("value" in read)) throw new UsageError(`${name(file)}:${read.line}:${read.column}: not JSON: ${read.message}`);
  const found = mistakes(read.value);
  if (found.length > 0) throw new UsageError(told(file, found));
  return toCase(read.value as CaseForm);
}

function told(file: string, found: readonly string[]): string {
  if (found.length === 1) return `${name(file)}: ${found[0]}`;
  const more = found.length > MOST ? [`and ${found.length - MOST} more`] : [];
  return `${name(file)}: ${found.length} mistakes\n${[...found.slice(0, MOST), ...more].map((line) => `  ${line}`).join("\n")}`;
}

function mistakes(value: unknown): string[] {
  const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
  for (const [format, { accepts }] of Object.entries(FORMATS)) ajv.addFormat(format, accepts);
  const validate = ajv.compile(caseSchema(value));
  if (!validate(value)) return [...new Set((validate.errors ?? []).filter(isNews).map(complaint))];
  return caseProblems(value as CaseForm).map(({ path, message }) => `${path}: ${message}`);
}

/** That a number is none of some words is said by its type already. */
const isNews = ({ keyword, data }: ErrorObject): boolean => keyword !== "enum" || typeof data === "string";

const pathOf = (pointer: string): string =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part, index) => (/^[0-9]+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");

const within = (place: string, member: string): string => (place === "" ? member : `${place}.${member}`);

function complaint(error: ErrorObject): string {
  const place = pathOf(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === "required") return `${within(place, String(params["missingProperty"]))}: is missing`;
  if (error.keyword === "additionalProperties") return unknownName(place, String(params["additionalProperty"]), error);
  return `${place === "" ? "the file" : place}: ${asked(error, params)}, and there stands ${shown(error.data)}`;
}

function asked(error: ErrorObject, params: Readonly<Record<string, unknown>>): string {
  const limit = String(params["limit"]);
  switch (error.keyword) {
    case "type":
      return `has to be ${[params["type"]].flat().map((type) => TYPES[String(type)] ?? String(type)).join(" or ")}`;
    case "enum":
      return choice(params["allowedValues"] as readonly string[], error.data);
    case "format":
      return FORMATS[String(params["format"])]?.asks ?? "is not valid";
    case "minimum":
      return `has to be at least ${limit}`;
    case "maximum":
      return `may be at most ${limit}`;
    case "minLength":
      return "may not be empty";
    case "maxLength":
      return `may have at most ${limit} characters`;
    case "maxProperties":
      return "has to name one thing only";
    case "maxItems":
      return `may hold at most ${limit}`;
    default:
      return error.message ?? "is not valid";
  }
}

function choice(words: readonly string[], value: unknown): string {
  const near = typeof value === "string" ? nearest(value, words) : null;
  const all = words.length > 12 && near ? "" : ` has to be one of ${words.join(", ")}`;
  return `${all}${near ? `${all === "" ? " is no reason" : ""} (did you mean ${near}?)` : ""}`.trim();
}

function unknownName(place: string, member: string, { parentSchema }: ErrorObject): string {
  const names = Object.keys((parentSchema?.["properties"] ?? {}) as object);
  const near = nearest(member, names);
  return `${within(place, member)}: there is no such field: ${near ? `did you mean ${near}?` : `there are ${names.join(", ")}`}`;
}

/** What stands there, cut to what fits in a line. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
