// What the runtime asks of a logger: the part of pino's interface it uses, so that
// a pino logger fits as it is and the runtime depends on no logging package.

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = (): void => undefined;

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The part of a thrown value that is fit for a log line: name, code and message, never an object graph that may hold a body. */
export function errorFields(error: unknown): { error: string; code?: string } {
  if (!(error instanceof Error)) return { error: typeof error === "string" ? error : `a thrown ${typeof error}` };
  const code = (error as { code?: unknown }).code;
  const text = `${error.name}: ${error.message}`;
  return typeof code === "string" ? { error: text, code } : { error: text };
}
