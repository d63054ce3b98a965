// Reads answers from the bytes of one connection (RFC 9112), however the network cut them. Decides where an answer
// ends and whether another may follow; what can be read in two ways is refused. Must not know what an answer means.
import type { AnswerHeaders } from "./exchange.ts";
import { HttpError } from "./http-error.ts";

export interface AnswerSink {
  head(status: number, headers: AnswerHeaders): void;
  data(chunk: Buffer): void;
}

/** Bytes of a head, or of the trailers of a chunked body: as many as Node takes. */
const longestHead = 16_384;
const longestSizeLine = 1_024;

const STATUS = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\0-\x08\x0a-\x1f\x7f]*)?$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Control characters, and a tab at the end: some read the word before it as another one. */
const NO_VALUE = /[\0-\x08\x0a-\x1f\x7f]|\t$/;
const LENGTH = /^\d{1,15}$/;
/** Extensions are skipped, as long as they are plain words. */
const SIZE = /^([0-9a-fA-F]{1,12})(?:;\w+(?:=\w+)?)*$/;
const CLOSE = /(?:^|[,\s])close(?:[,\s]|$)/i;
const KEEP_ALIVE = /(?:^|[,\s])keep-alive(?:[,\s]|$)/i;
const NOTHING: Buffer = Buffer.alloc(0);

/** What the next byte belongs to. `toEnd`: a body that ends with its connection. */
type Place = "head" | "counted" | "toEnd" | "size" | "chunk" | "chunkEnd" | "trailers" | "done";

const refused = (what: string): HttpError => new HttpError("HTTP_PARSE", `the answer is no HTTP: ${what}`);

export class AnswerParser {
  readonly #sink: AnswerSink;
  #place: Place = "done";
  #bodiless = false;
  /** Bytes of a line or a head that has not come whole. */
  #kept = NOTHING;
  /** Bytes of the body, or of this chunk, that are still to come. */
  #left = 0;
  #trailed = 0;
  #persistent = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** The answer is whole. */
  get done(): boolean {
    return this.#place === "done";
  }

  /** The connection may carry another request: the server said nothing else, and sent nothing that nobody asked for. */
  get persistent(): boolean {
    return this.#persistent;
  }

  /** An answer to this method is to come. */
  begin(method: string): void {
    this.#place = "head";
    this.#bodiless = method === "HEAD";
  }

  /** Throws HttpError with the code HTTP_PARSE; nothing may be pushed after that. */
  push(chunk: Buffer): void {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = NOTHING;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#read(bytes, at);
      if (next < 0) {
        this.#kept = at === 0 ? bytes : bytes.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** No more bytes will come. True where that is the end of a whole answer. */
  close(): boolean {
    if (this.#place === "toEnd") this.#place = "done";
    return this.#place === "done";
  }

  /** Where the next piece begins; -1: this one has not come whole. */
  #read(bytes: Buffer, at: number): number {
    switch (this.#place) {
      case "head":
        return this.#head(bytes, at);
      case "counted":
      case "chunk":
        return this.#counted(bytes, at);
      case "toEnd":
        this.#sink.data(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case "size":
        return this.#size(bytes, at);
      case "chunkEnd":
        return this.#chunkEnd(bytes, at);
      case "trailers":
        return this.#trailer(bytes, at);
      case "done":
        // Whatever it is, it is no answer to the next request.
        this.#persistent = false;
        return bytes.length;
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf("\r\n\r\n", at, "latin1");
    if ((end < 0 ? bytes.length : end) - at > longestHead) throw refused("its head is too long");
    if (end < 0) return -1;
    const [first = "", ...lines] = bytes.toString("latin1", at, end).split("\r\n");
    const [, minor, code] = STATUS.exec(first) ?? [];
    if (code === undefined) throw refused("it has no status line");
    const status = Number(code);
    const headers = fields(lines);
    if (status === 101) throw refused("it changes to a protocol that nobody asked for");
    // 100 and 103 come before the answer, and came with HTTP/1.1.
    if (status < 200 && minor === "0") throw refused("an older server announces it");
    if (status >= 200) this.#begun(status, headers, minor === "1");
    return end + 4;
  }

  #begun(status: number, headers: AnswerHeaders, persists: boolean): void {
    const { connection = "", "content-length": length, "transfer-encoding": coding } = headers;
    this.#persistent = persists ? !CLOSE.test(connection) : KEEP_ALIVE.test(connection);
    if (coding !== undefined && (length !== undefined || !persists || coding.toLowerCase() !== "chunked")) throw refused("it does not say in one way how long it is");
    if (length !== undefined && !LENGTH.test(length)) throw refused("its length is no number");
    this.#left = Number(length ?? 0);
    if (this.#bodiless || status === 204 || status === 304) this.#place = "done";
    else if (coding !== undefined) this.#place = "size";
    else if (length === undefined) this.#place = "toEnd";
    else this.#place = this.#left === 0 ? "done" : "counted";
    if (this.#place === "toEnd") this.#persistent = false;
    this.#sink.head(status, headers);
  }

  #counted(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#place = this.#place === "counted" ? "done" : "chunkEnd";
    this.#sink.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  #size(bytes: Buffer, at: number): number {
    const end = lineEnd(bytes, at, longestSizeLine);
    if (end < 0) return -1;
    const size = SIZE.exec(bytes.toString("latin1", at, end))?.[1];
    if (size === undefined) throw refused("the length of a piece is no number");
    this.#left = Number.parseInt(size, 16);
    this.#trailed = 0;
    this.#place = this.#left === 0 ? "trailers" : "chunk";
    return end + 2;
  }

  #chunkEnd(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return -1;
    if (bytes[at] !== 13 || bytes[at + 1] !== 10) throw refused("a piece is longer than it said");
    this.#place = "size";
    return at + 2;
  }

  #trailer(bytes: Buffer, at: number): number {
    const end = lineEnd(bytes, at, longestHead - this.#trailed);
    if (end < 0) return -1;
    this.#trailed += end + 2 - at;
    if (end === at) this.#place = "done";
    // What they say is nobody's business here; that they are some is.
    else fields([bytes.toString("latin1", at, end)]);
    return end + 2;
  }
}

function lineEnd(bytes: Buffer, at: number, longest: number): number {
  const end = bytes.indexOf("\r\n", at, "latin1");
  if ((end < 0 ? bytes.length : end) - at > longest) throw refused("a line is too long");
  return end;
}

function fields(lines: readonly string[]): AnswerHeaders {
  const headers = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    // Also what begins with a blank, which once went on with the line before.
    if (!NAME.test(name)) throw refused("a header has no name");
    const rest = line.slice(colon + 1);
    if (NO_VALUE.test(rest)) throw refused("a header holds a control character");
    const value = rest.trim();
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}
