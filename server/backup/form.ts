// What a backup looks like: a line of JSON for its head, one for the keys, one for each
// row, and one at the end that says how many there are and what they hash to. Decides
// which tables are in it; must not know where it lies. Sessions are not: they end.
import { createHash } from "node:crypto";

export const format = "servicetokens-backup";

/** In an order in which each row finds what it refers to. */
export const tables = ["setting", "account", "team", "membership", "token", "audit", "audit_head"] as const;
export type Table = (typeof tables)[number];

/** Tables whose ids come from a sequence, which has to go on behind the last. */
export const counted: readonly Table[] = ["account", "team", "token"];

export interface BackupHead {
  readonly format: typeof format;
  /** How many migrations the data had seen. */
  readonly schema: number;
  readonly created: string;
}

export interface BackupEnd {
  readonly end: true;
  readonly lines: number;
  readonly sha256: string;
}

export type BackupRow = Readonly<{ table: Table; row: unknown }>;

/** Of all lines before the last. */
export class LineHash {
  #lines = 0;
  readonly #hash = createHash("sha256");

  add(line: string): void {
    this.#lines += 1;
    this.#hash.update(line).update("\n");
  }

  end(): BackupEnd {
    return { end: true, lines: this.#lines, sha256: this.#hash.copy().digest("hex") };
  }
}
