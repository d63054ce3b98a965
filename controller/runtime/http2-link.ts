// One HTTP/2 session. Decides when it is dead (an unanswered ping) and when it takes no
// more requests (GOAWAY); must not know what is asked.
import { connect, constants } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import type { Socket } from "node:net";
import { reasonOf, waiting } from "./link.ts";
import type { BodyReader, Incoming, Link, Outgoing } from "./link.ts";
import { TransportError, transportError } from "./transport-error.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** A list of thousands must not wait for the window at every 64 KiB, which is the protocol's default. */
const streamWindow = 1 << 20;
const sessionWindow = 4 << 20;

export class Http2Link implements Link {
  readonly pinged = true;
  readonly #session: ClientHttp2Session;
  readonly #beat: NodeJS.Timeout;
  #retired = false;
  #open = 0;

  constructor(socket: Socket, origin: string, pingMs: number) {
    this.#session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindow },
      // Megabytes that open streams may hold; node's 10 refuses new ones while a large snapshot is read.
      maxSessionMemory: 64,
    });
    this.#session.once("connect", () => this.#session.setLocalWindowSize(sessionWindow));
    this.#session.on("goaway", () => this.retire());
    // Each of its streams hears of it; there is nobody else to tell.
    this.#session.on("error", () => undefined);
    this.#session.once("close", () => {
      this.#retired = true;
      clearInterval(this.#beat);
    });
    this.#beat = this.#watchOver(socket, pingMs);
  }

  get usable(): boolean {
    return !this.#retired && !this.#session.closed && !this.#session.destroyed;
  }

  get ended(): boolean {
    return this.#session.destroyed;
  }

  request(out: Outgoing): Promise<Incoming> {
    return new Promise((resolve, reject) => {
      let stream: ClientHttp2Stream;
      try {
        stream = this.#session.request({ ":method": out.method, ":path": out.path, ...out.headers }, { endStream: out.body === undefined });
      } catch (error) {
        this.#retired = true;
        reject(transportError(error, true));
        return;
      }
      this.#open += 1;
      let settled = false;
      const fail = (error?: Error): void => {
        if (!settled) reject(this.#failure(stream, error, out));
        settled = true;
      };
      const wait = waiting(out, (reason) => {
        // The RST_STREAM goes out first: the server stops sending, and no answer finds a stream that is gone.
        stream.close(NGHTTP2_CANCEL);
        stream.destroy(reason);
        fail(reason);
      });
      stream.on("error", fail);
      stream.once("response", (headers) => {
        settled = true;
        wait.answered();
        resolve(incoming(stream, headers));
      });
      stream.once("close", () => {
        wait.over();
        this.#leave();
        fail();
      });
      if (out.body !== undefined) stream.end(out.body);
    });
  }

  retire(): void {
    this.#retired = true;
    if (this.#open === 0) this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #leave(): void {
    this.#open -= 1;
    if (this.#retired && this.#open === 0 && !this.#session.destroyed) this.#session.close();
  }

  #failure(stream: ClientHttp2Stream, error: Error | undefined, { signal }: Outgoing): Error {
    if (signal?.aborted === true) return reasonOf(signal);
    // The server says so itself: it has not looked at it. Without an id it never left.
    const unsent = stream.rstCode === NGHTTP2_REFUSED_STREAM || stream.id === undefined;
    return error === undefined ? new TransportError("CONNECTION_CLOSED", "the connection was closed before an answer", unsent) : transportError(error, unsent);
  }

  /** Any byte is a sign of life; where there was none, a ping asks for one. */
  #watchOver(socket: Socket, pingMs: number): NodeJS.Timeout {
    let seen = -1;
    let asked = false;
    return setInterval(() => {
      const { bytesRead } = socket;
      if (bytesRead !== seen) {
        seen = bytesRead;
        asked = false;
      } else if (asked) {
        this.#session.destroy(new TransportError("CONNECTION_DEAD", "the server does not answer pings"));
      } else if (!this.#session.destroyed) {
        asked = true;
        this.#session.ping(() => (asked = false));
      }
    }, pingMs);
  }
}

function incoming(stream: ClientHttp2Stream, headers: IncomingHttpHeaders & IncomingHttpStatusHeader): Incoming {
  const retryAfter = headers["retry-after"];
  return {
    status: headers[":status"] ?? 0,
    retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
    read: (reader) => read(stream, reader),
    destroy: (reason) => void stream.destroy(reason),
  };
}

function read(stream: ClientHttp2Stream, reader: BodyReader): void {
  let over = false;
  const once = (tell: () => void): void => {
    if (!over) tell();
    over = true;
  };
  stream.on("data", (chunk: Buffer) => reader.data(chunk));
  stream.once("error", (error) => once(() => reader.fail(error)));
  // Where the connection went, the stream ends like any other; only its code tells.
  stream.once("end", () => once(() => reader.end(!stream.aborted && (stream.rstCode === undefined || stream.rstCode === NGHTTP2_NO_ERROR) ? "whole" : "cut")));
  stream.once("close", () => once(() => reader.end("reset")));
}
