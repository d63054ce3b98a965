// Requests that are none: too long, too slow or broken before they could be read. Decides
// what the connection is told before it is closed; must not know any endpoint.
import type { ConnectionError } from "fastify";
import type { Socket } from "node:net";

const reasons = {
  400: ["Bad Request", "The request is not valid HTTP."],
  408: ["Request Timeout", "The request took too long to arrive."],
  414: ["URI Too Long", "The URI is too long."],
  431: ["Request Header Fields Too Large", "The headers are too long."],
} as const;

export function answerBrokenRequest(error: ConnectionError, socket: Socket): void {
  // Reset by the other side, or an answer is on its way already.
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = statusOf(error);
  const [phrase, detail] = reasons[status];
  const body = JSON.stringify({ detail });
  socket.end(`HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
  // Whoever does not take the answer is not waited for.
  socket.setTimeout(1_000, () => socket.destroy());
}

function statusOf(error: ConnectionError): keyof typeof reasons {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  if (error.code !== "HPE_HEADER_OVERFLOW") return 400;
  // A first line that does not end is what was too long.
  return /^[A-Z]+ [^\n]*$/.test(Buffer.from(error.rawPacket as unknown as Buffer).toString("latin1")) ? 414 : 431;
}
