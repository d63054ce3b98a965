// The id of a request, which is in its answer, in the log and in the audit log. Decides
// that one that a proxy or client sends is kept when it is harmless.
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

const harmless = /^[\w.:-]{1,64}$/;

export function requestId({ headers }: Pick<IncomingMessage, "headers">): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && harmless.test(given) ? given : randomUUID();
}
