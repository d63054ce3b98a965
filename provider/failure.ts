// How a handler fails: with a sentence and nothing else. The SDK prints an error's text and stack to the terminal
// besides handing the message to the engine, which shows it with the resource; so both are kept short here.

export class ProviderError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ProviderError";
    this.stack = "the reason stands with the resource";
  }

  override toString(): string {
    return "qualytics-servicetokens";
  }
}

/**
 * The resource exists, and not all of what was asked for could be done: the engine keeps what is in `properties`,
 * fails the update, and tries again in the next one.
 */
export class PartialFailure extends ProviderError {
  readonly id: string;
  readonly properties: object;
  readonly reasons: readonly string[];

  constructor(id: string, properties: object, reason: string) {
    super(reason);
    this.id = id;
    this.properties = properties;
    this.reasons = [reason];
  }
}

/** The sentence of whatever was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the next update does after a failure that nobody has to mend by hand. */
export const AGAIN = "The next pulumi up looks again, and goes on from there.";
/** The same for a deletion: what is out of the program goes by either. */
export const DELETED_AGAIN = "The next pulumi up or destroy looks again, and goes on from there.";
/** And after one that somebody has to. */
export const ONCE_CHANGED = "The next pulumi up goes on once that is changed.";

/** A failure in whole: what is in the way, what was done until then, and what the next update will do. */
export function told(trouble: string, done: readonly string[], next: string): string {
  return `${trouble} ${done.length === 0 ? "Nothing was done before." : `Done before: ${done.join(" ")}`} ${next}`;
}

/** Whatever was thrown before anything was begun, as a failure in whole. */
export function unbegun(error: unknown, again: string = AGAIN): ProviderError {
  return new ProviderError(told(sentence(error), [], error instanceof ProviderError ? ONCE_CHANGED : again), { cause: error });
}
