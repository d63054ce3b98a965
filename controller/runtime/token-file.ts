// A bearer token that somebody else rotates on disk. Decides when it is read again;
// must not know what the token opens.
import { readFileSync } from "node:fs";

/** Projected tokens are replaced at four fifths of their life; client-go looks once a minute too. */
const rereadMs = 60_000;

export class TokenFile {
  readonly #path: string;
  #header: string | undefined;
  #readAt = -Infinity;

  constructor(path: string) {
    this.#path = path;
  }

  authorization(): string {
    const now = performance.now();
    if (this.#header === undefined || now - this.#readAt >= rereadMs) this.#read(now);
    if (this.#header === undefined) throw new Error(`no token in ${this.#path}`);
    return this.#header;
  }

  invalidate(): void {
    this.#readAt = -Infinity;
  }

  #read(now: number): void {
    try {
      const token = readFileSync(this.#path, "utf8").trim();
      if (token !== "") {
        this.#header = `Bearer ${token}`;
        this.#readAt = now;
      }
    } catch (error) {
      // While the volume is being swapped the file may be missing for a moment; the old token is still valid then.
      if (this.#header === undefined) throw error;
    }
  }
}
