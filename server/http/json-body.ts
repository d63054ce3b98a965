// Reads a request body. Decides that only JSON is taken, that it has to be valid UTF-8,
// and what a body that is no JSON is answered; must not know what it holds.
import type { FastifyInstance } from "fastify";
import { InvalidInput } from "../rules/refusal.ts";
import { brokenJson } from "./input-problem.ts";

/** No body of this API is nested more than twice; to answer with what was sent, it is written again, which takes stack. */
const maxNesting = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true });

export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(["application/json", "application/scim+json"], { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parse(body as Buffer));
    } catch (cause) {
      done(cause as Error);
    }
  });
}

/** Clients send the header on requests without a body too: nothing is nothing, not broken JSON. */
function parse(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new InvalidInput([brokenJson(0, "The body is not valid UTF-8")]);
  }
  const depth = nestingOf(text);
  if (depth > maxNesting) throw new InvalidInput([brokenJson(0, `The body is nested more than ${maxNesting} deep`)]);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const { message } = cause as Error;
    // The parser tells the place only in some of its messages.
    throw new InvalidInput([brokenJson(Number(/position (\d+)/.exec(message)?.[1] ?? 0), message)]);
  }
}

/** How deep brackets go, outside of strings. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, (depth += 1));
    else if (token === "]" || token === "}") depth -= 1;
  }
  return deepest;
}
