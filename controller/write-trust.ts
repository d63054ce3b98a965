// Where a Secret of the same form was created a moment ago, another one is not tried by a dry run first: a thousand new
// objects would cost a thousand requests more, and those that begin together share one dry run. The first refusal in a namespace ends the trust in all of it.

const TRUSTED_FOR = 60_000;

export class WriteTrust {
  readonly #until = new Map<string, Map<string, number>>();
  readonly #trials = new Map<string, Promise<unknown>>();
  readonly #monotonic: () => number;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  trusts(namespace: string, form: string): boolean {
    return (this.#until.get(namespace)?.get(form) ?? 0) > this.#monotonic();
  }

  /** One dry run says the same to all that begin together as a Secret that was created; a refusal is each one's own. */
  async tried(namespace: string, form: string, dryRun: () => Promise<unknown>): Promise<void> {
    const place = JSON.stringify([namespace, form]);
    const first = this.#trials.get(place);
    if (first !== undefined && (await first.then(() => true, () => false))) return;
    const trial = dryRun();
    this.#trials.set(place, trial);
    try {
      await trial;
      this.created(namespace, form);
    } finally {
      if (this.#trials.get(place) === trial) this.#trials.delete(place);
    }
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
