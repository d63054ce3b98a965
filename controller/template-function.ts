// What a template may do to a text: each a pure function of it alone.

const FUNCTIONS = {
  /** As HTTP basic authentication and Docker's configuration want it. */
  base64: (text: string) => Buffer.from(text, "utf8").toString("base64"),
  /** A JSON string with its quotes; good YAML too. */
  json: (text: string) => JSON.stringify(text),
  /** For a part of a URL. */
  url: (text: string) => encodeURIComponent(text),
  /** Host and port of a URL, as .netrc and registries name them. */
  host: (text: string) => (URL.canParse(text) ? new URL(text).host : text),
  /** One word for a shell, and for files that a shell reads. */
  shell: (text: string) => `'${text.replaceAll("'", `'\\''`)}'`,
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

export const functionNames = Object.keys(FUNCTIONS) as readonly FunctionName[];

export const isFunction = (name: string): name is FunctionName => Object.hasOwn(FUNCTIONS, name);

export const applyFunction = (name: FunctionName, text: string): string => FUNCTIONS[name](text);
