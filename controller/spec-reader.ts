// Reads the fields of a spec that admission let through though it should not have: an older CRD, another apiserver's
// idea of it. What cannot be read is left out, and said; nothing that is read here has to be doubted afterwards.
import { parseDuration } from "../core/duration.ts";

type Json = { readonly [key: string]: unknown };
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === "string");
const isWords = (value: unknown): value is { [name: string]: string } => isObject(value) && Object.values(value).every((item) => typeof item === "string");
const isDuration = (value: unknown): value is string => typeof value === "string" && parseDuration(value) !== null;
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";

export class SpecReader {
  /** What is wrong, and what to write instead. */
  readonly problems: string[];
  readonly #source: Json;
  readonly #path: string;

  constructor(source: unknown, path = "", problems: string[] = []) {
    this.problems = problems;
    this.#source = isObject(source) ? source : {};
    this.#path = path;
    if (source !== undefined && source !== null && !isObject(source)) problems.push(`${path === "" ? "spec" : path}: write its fields, by their names`);
  }

  has(name: string): boolean {
    return this.#source[name] !== undefined && this.#source[name] !== null;
  }

  text(name: string): string | undefined {
    return this.#read(name, isText, "a text");
  }

  texts(name: string): readonly string[] | undefined {
    return this.#read(name, isTexts, "a list of texts");
  }

  words(name: string): { readonly [name: string]: string } | undefined {
    return this.#read(name, isWords, "names, and a text for each");
  }

  duration(name: string): string | undefined {
    return this.#read(name, isDuration, "a duration in hours, minutes and seconds, as in 720h or 1h30m");
  }

  count(name: string): number | undefined {
    return this.#read(name, isCount, "a whole number from 1");
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, isFlag, "true or false");
  }

  choice<T extends string>(name: string, values: readonly T[]): T | undefined {
    return this.#read(name, (value): value is T => (values as readonly unknown[]).includes(value), `one of ${values.join(", ")}`);
  }

  /** One that has to be there; empty where it is not. */
  needed(name: string): string {
    const value = this.#source[name];
    if (!isText(value)) this.problems.push(`${this.#at(name)}: it is missing, or no text`);
    return isText(value) ? value : "";
  }

  below(name: string): SpecReader {
    return new SpecReader(this.#source[name], this.#at(name), this.problems);
  }

  /** Each of a list. */
  each(name: string): SpecReader[] {
    const value = this.#read(name, (list): list is unknown[] => Array.isArray(list), "a list") ?? [];
    return value.map((item, index) => new SpecReader(item, `${this.#at(name)}[${index}]`, this.problems));
  }

  #at(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  #read<T>(name: string, is: (value: unknown) => value is T, what: string): T | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#source[name];
    if (is(value)) return value;
    this.problems.push(`${this.#at(name)}: write ${what}`);
    return undefined;
  }
}

type Given<T> = { [name in keyof T]: Exclude<T[name], undefined> };

/** Without the fields that are not there. */
export const given = <T extends object>(fields: T): Partial<Given<T>> => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Given<T>>;

/** One sentence of all that is wrong; null: nothing. */
export const complaintOf = ({ problems }: SpecReader): string | null => (problems.length === 0 ? null : `${problems.join("; ")}.`);
