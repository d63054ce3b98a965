// A request that is given up in its first moments leaves a ghost. undici closes its
// stream without an error code and destroys it at once, so no RST_STREAM is sent; when
// the answer comes, node:http2 finds no stream for it and makes one up as if the server
// had pushed it. Nobody listens to that: the server goes on sending (a watch stays open),
// and the next error of the connection is an uncaught exception, which ends the process.
// (Seen with Node 24.21 and undici 8.13.1.)
//
// Ghosts can be told from everything else: a stream that this side asked for, and one
// that a server really pushed, is announced with the headers of a request; only a ghost
// with those of an answer.
import { subscribe } from "node:diagnostics_channel";
import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";

let listening = false;

/** Lays every ghost in this process from now on. Once is enough. */
export function layGhosts(): void {
  if (listening) return;
  listening = true;
  subscribe("http2.client.stream.created", (message) => {
    const { stream, headers } = message as { stream: ClientHttp2Stream; headers: IncomingHttpHeaders };
    if (headers[":status"] === undefined) return;
    stream.on("error", () => undefined);
    stream.destroy();
  });
}
