// Cuts a byte stream into lines. Works on bytes and decodes only whole lines: a
// newline byte never occurs inside a UTF-8 sequence, so it does not matter where the
// network cut. Must not know what a line means.

const newline = 0x0a;

export class LineSplitter {
  readonly #limitBytes: number;
  #pieces: Buffer[] = [];
  #pending = 0;

  /** `limitBytes` bounds one line: an endless one is an error, not an endless buffer. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Calls `onLine` for each line that this chunk completes. */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = this.#complete(chunk, start, end);
      start = end + 1;
      if (line !== "") onLine(line);
    }
    if (start >= chunk.length) return;
    this.#pending += chunk.length - start;
    if (this.#pending > this.#limitBytes) throw new Error(`a line of more than ${this.#limitBytes} bytes`);
    this.#pieces.push(start === 0 ? chunk : chunk.subarray(start));
  }

  #complete(chunk: Buffer, start: number, end: number): string {
    if (this.#pieces.length === 0) return chunk.toString("utf8", start, end);
    this.#pieces.push(chunk.subarray(start, end));
    const line = Buffer.concat(this.#pieces).toString("utf8");
    this.#pieces = [];
    this.#pending = 0;
    return line;
  }
}
