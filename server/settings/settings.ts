// What the service is told. Decides where a setting comes from (a flag, else the
// environment, else the file, else the default) and what it has to look like; must not
// know what it is used for.
import { readFileSync } from "node:fs";
import { Ajv, type ErrorObject } from "ajv";
import { parse } from "yaml";
import { DURATION_PATTERN, duration } from "../../core/duration.ts";
import { StartError, reasonOf } from "../start-error.ts";
import { type Rate, ratePattern, parseRate } from "./rate.ts";
import { type SettingKind, type SettingName, flagOf, settingRows, variableOf } from "./setting-table.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Settings {
  readonly listen: string;
  readonly data: string;
  readonly adminTokenFile: string;
  readonly teams: readonly string[];
  readonly acceptTokens: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly trustProxy: readonly string[];
  readonly metrics?: string;
  /** Milliseconds, like all times here. */
  readonly stopTimeout: number;
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly uriLength: number;
  /** Undefined: no limit. */
  readonly addressRate?: Rate;
  readonly identityRate?: Rate;
  readonly failureRate?: Rate;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly idleTimeout: number;
  readonly logLevel: LogLevel;
  readonly accessLog: boolean;
  readonly development: boolean;
  readonly fault: readonly string[];
  readonly clockOffset?: string;
  readonly developmentOnPostgres: boolean;
}

type Written = Partial<Record<SettingName, unknown>>;

export interface SettingSources {
  /** As commander leaves them: by name, undefined where not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: string | undefined;
}

const schemas: Readonly<Record<SettingKind, Readonly<Record<string, unknown>>>> = {
  text: { type: "string", minLength: 1 },
  duration: { type: "string", minLength: 2, pattern: DURATION_PATTERN },
  count: { type: "integer", minimum: 1, maximum: 1_000_000_000 },
  switch: { type: "boolean" },
  list: { type: "array", items: { type: "string", minLength: 1 } },
  rate: { type: "string", pattern: ratePattern },
  level: { enum: ["debug", "info", "warn", "error"] },
};

/** Of the YAML file, and of all settings from wherever. */
export const settingSchema = {
  type: "object",
  properties: Object.fromEntries(settingRows.map(([name, { kind }]) => [name, schemas[kind]])),
  additionalProperties: false,
};

const validate = new Ajv({ allErrors: true }).compile(settingSchema);

export function readSettings({ flags = {}, environment = {}, file }: SettingSources): Settings {
  const written: Written = { ...fromFile(file), ...fromEnvironment(environment), ...fromFlags(flags) };
  for (const name of ["data", "adminTokenFile"] as const) {
    if (written[name] === undefined) throw unusable(`${name} is needed: give ${flagOf(name)}, or ${name} in the file of --config.`);
  }
  return consistent(settle(written));
}

/** What is not given is the default. */
export function settingsWith(given: Partial<Settings> & Pick<Settings, "listen" | "data" | "adminTokenFile">): Settings {
  const { listen, data, adminTokenFile } = given;
  return consistent({ ...settle({ listen, data, adminTokenFile }), ...given });
}

function consistent(settings: Settings): Settings {
  if (settings.headersTimeout > settings.requestTimeout) {
    throw unusable(`${flagOf("headersTimeout")} is longer than ${flagOf("requestTimeout")}, which is for headers and body together: make the first shorter or the second longer.`);
  }
  return settings;
}

function settle(written: Written): Settings {
  const all = settingRows.map(([name, { kind, initial }]) => [name, meaningOf(kind, written[name] ?? initial)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as unknown as Settings;
}

function meaningOf(kind: SettingKind, value: unknown): unknown {
  if (kind === "list") return value ?? [];
  if (kind === "duration") return duration(String(value));
  if (kind === "rate") return parseRate(String(value));
  return value;
}

function fromFile(path: string | undefined): Written {
  if (path === undefined) return {};
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8")) ?? {};
  } catch (cause) {
    throw unusable(`The file ${path} of --config cannot be read: name a YAML file that this user may read (${reasonOf(cause)}).`);
  }
  return checked(content, (name) => `${name} in ${path}`);
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Written {
  const given: Written = {};
  for (const [name, row] of settingRows) {
    const text = environment[variableOf(name, row)];
    if (text !== undefined && text !== "") given[name] = valueOf(row.kind, text);
  }
  return checked(given, (name) => settingRows.filter(([known]) => known === name).map(([known, row]) => variableOf(known, row))[0] ?? name);
}

function fromFlags(flags: Readonly<Record<string, unknown>>): Written {
  const given: Written = {};
  for (const [name, { kind }] of settingRows) {
    const value = flags[name];
    if (value !== undefined) given[name] = typeof value === "string" ? valueOf(kind, value) : value;
  }
  return checked(given, (name) => flagOf(name as SettingName));
}

/** A text that is none of its kind stays a text, which the schema then refuses. */
function valueOf(kind: SettingKind, text: string): unknown {
  if (kind === "count") return /^\d+$/.test(text) ? Number(text) : text;
  if (kind === "switch") return switches.get(text.toLowerCase()) ?? text;
  if (kind === "list") return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return text;
}

const switches = new Map([["true", true], ["false", false]]);

function checked(content: unknown, whereOf: (name: string) => string): Written {
  if (validate(content)) return content as Written;
  throw unusable((validate.errors ?? []).map((error) => problemOf(error, whereOf)).join(" "));
}

function problemOf(error: ErrorObject, whereOf: (name: string) => string): string {
  const name = error.instancePath.split("/")[1] ?? "";
  if (error.keyword === "additionalProperties") return `There is no setting ${whereOf(String(error.params["additionalProperty"]))}: see "servicetokens server --help" for those there are.`;
  if (name === "") return `The settings have to be a list of names and values: ${error.message ?? "they are none"}.`;
  const kind = settingRows.find(([known]) => known === name)?.[1].kind ?? "text";
  return `${whereOf(name)} has to be ${looks[kind]}.`;
}

const looks: Readonly<Record<SettingKind, string>> = {
  text: "a text that is not empty",
  duration: "a duration, as in 10s or 1h30m",
  count: "a whole number of at least 1",
  switch: "true or false",
  list: "a list of texts",
  rate: 'how many a second and how many at once, as in 50:250, or "off"',
  level: "debug, info, warn or error",
};

function unusable(message: string): StartError {
  return new StartError("settings-unusable", message);
}
