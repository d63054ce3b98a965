// What a rule answers when it says no. Decides the closed list of kinds; must not know
// HTTP, which gives each kind its status.

export type RefusalKind = "unauthenticated" | "denied" | "refused" | "missing" | "conflict" | "limited";

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: RefusalKind;
  /** When it may be tried again, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: RefusalKind, detail: string, retryAfterSeconds?: number) {
    super(detail);
    this.kind = kind;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** One thing that is wrong with what was sent, in the words of pydantic v2. */
export interface InputProblem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
  readonly problems: readonly InputProblem[];

  constructor(problems: readonly InputProblem[]) {
    super(problems.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; "));
    this.problems = problems;
  }
}

/** A value of the right type that cannot be meant. */
export function valueProblem(loc: readonly (string | number)[], why: string, input: unknown): InputProblem {
  return { type: "value_error", loc, msg: `Value error, ${why}`, input, ctx: { error: {} } };
}
