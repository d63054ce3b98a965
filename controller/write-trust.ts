// Where a Secret of the same form was created a moment ago, another one is not tried by a dry run first: a thousand new
// objects would cost a thousand requests more. The first refusal in a namespace ends the trust in all of it.
import type { SecretSpec } from "./kinds.ts";

const TRUSTED_FOR = 60_000;

export class WriteTrust {
  readonly #until = new Map<string, Map<string, number>>();
  readonly #monotonic: () => number;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  trusts(namespace: string, form: string): boolean {
    return (this.#until.get(namespace)?.get(form) ?? 0) > this.#monotonic();
  }

  created(namespace: string, form: string): void {
    const now = this.#monotonic();
    const forms = this.#until.get(namespace) ?? new Map<string, number>();
    for (const [known, until] of forms) if (until <= now) forms.delete(known);
    forms.set(form, now + TRUSTED_FOR);
    this.#until.set(namespace, forms);
  }

  refused(namespace: string): void {
    this.#until.delete(namespace);
  }
}

/** What two objects have to have in common for one write to say that the other is allowed too. */
export function formOf({ type, template, labels = {}, annotations = {} }: SecretSpec): string {
  return JSON.stringify([type, Object.entries(template).sort(), Object.entries(labels).sort(), Object.entries(annotations).sort()]);
}
