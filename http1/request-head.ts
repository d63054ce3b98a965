// The first bytes of a request (RFC 9112). Decides what may stand in them: a value with a line break in it would be
// a header, or a request, of somebody else's making.
import type { Request } from "./exchange.ts";
import { HttpError } from "./http-error.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PATH = /^\/[!-~]*$/;
/** Visible ASCII, blanks and tabs: what lies above has no meaning that both sides agree on. */
const NO_VALUE = /[^\t\x20-\x7e]/;

/** These say so where they have no body: RFC 9110 section 8.6. */
const WITH_BODY = new Set(["POST", "PUT", "PATCH"]);

const unwritable = (what: string): HttpError => new HttpError("ERR_INVALID_CHAR", `${what} holds characters that no HTTP request can carry`);

/** ASCII up to and with the empty line. Throws HttpError with the code ERR_INVALID_CHAR, without the value. */
export function requestHead({ method, path, headers, body }: Request, host: string): string {
  if (!TOKEN.test(method)) throw unwritable("the method");
  if (!PATH.test(path)) throw unwritable("the path");
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? "";
    if (!TOKEN.test(name)) throw unwritable("the name of a header");
    if (NO_VALUE.test(value)) throw unwritable(`the header ${name}`);
    head += `${name}: ${value}\r\n`;
  }
  if (body !== null) head += `content-length: ${Buffer.byteLength(body)}\r\n`;
  else if (WITH_BODY.has(method)) head += "content-length: 0\r\n";
  return `${head}\r\n`;
}
