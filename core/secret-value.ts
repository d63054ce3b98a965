// A secret that prints as [REDACTED] wherever a value is printed by accident:
// JSON, templates, String(), console and errors. Unwrapped by reveal() alone.

const inspect = Symbol.for("nodejs.util.inspect.custom");

export class SecretValue {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The plain value. Call sites: the HTTP Authorization header, the delivered copy, its fingerprint. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[REDACTED]";
  }

  toJSON(): string {
    return "[REDACTED]";
  }

  [Symbol.toPrimitive](): string {
    return "[REDACTED]";
  }

  [inspect](): string {
    return "[REDACTED]";
  }
}
