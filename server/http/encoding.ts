// Answers that are written bit by bit, and compressed for who asks. Decides which
// encoding a client gets and how hard it is worked at; must not know what is sent.
// Only answers to GET are compressed: one that holds a fresh token never is.
import { Readable, type Transform, pipeline } from "node:stream";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Below this the headers cost more than is won. */
const worthwhile = 2_048;

/** JSON whose text is made while it is sent. */
export class JsonStream {
  readonly chunks: Iterable<string>;

  constructor(chunks: Iterable<string>) {
    this.chunks = chunks;
  }
}

type Encoding = "br" | "gzip";

export function sendJson(request: FastifyRequest, reply: FastifyReply, answer: unknown): FastifyReply {
  reply.code(200).type("application/json; charset=utf-8");
  const text = answer instanceof JsonStream ? undefined : JSON.stringify(answer);
  const compressible = request.method === "GET" && (text === undefined || text.length >= worthwhile);
  if (compressible) reply.header("vary", "accept-encoding");
  const encoding = compressible ? encodingFor(request.headers["accept-encoding"]) : undefined;
  if (text !== undefined && encoding === undefined) return reply.send(text);
  const plain = Readable.from(text === undefined ? (answer as JsonStream).chunks : [text], { objectMode: false, highWaterMark: 64 * 1_024 });
  if (encoding === undefined) return reply.send(plain);
  // A client that goes away ends both; there is nobody left to tell.
  return reply.header("content-encoding", encoding).send(pipeline(plain, compressor(encoding), () => undefined));
}

/** A long list repeats itself so much that working harder makes it hardly smaller, and takes two to three times as long. */
function compressor(encoding: Encoding): Transform {
  return encoding === "br" ? createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 2, [constants.BROTLI_PARAM_LGWIN]: 18 } }) : createGzip({ level: 2 });
}

/** RFC 9110, 12.5.3: what is not named is not wanted, and q=0 is a refusal. */
export function encodingFor(header: string | string[] | undefined): Encoding | undefined {
  const wanted = new Map(
    String(header ?? "")
      .split(",")
      .map((part) => {
        const [name = "", ...parameters] = part.trim().toLowerCase().split(/\s*;\s*/);
        const quality = parameters.find((parameter) => parameter.startsWith("q="));
        return [name, quality === undefined ? 1 : Number(quality.slice(2))];
      }),
  );
  const of = (encoding: Encoding): number => wanted.get(encoding) ?? wanted.get("*") ?? 0;
  const [br, gzip] = [of("br"), of("gzip")];
  if (!(br > 0) && !(gzip > 0)) return undefined;
  return br >= gzip ? "br" : "gzip";
}
