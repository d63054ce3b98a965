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
