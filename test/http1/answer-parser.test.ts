// What bytes are which answer: framing, what is refused, and that it does not matter where the network cut. Node's own
// client is asked what it makes of the same bytes: ours may be stricter, never laxer, and never reads them otherwise.
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerParser } from "../../http1/answer-parser.ts";

interface Read {
  status: number;
  headers: Record<string, string>;
  body: string;
  done: boolean;
  persistent: boolean;
}

/** Reads one answer from pieces; with `closes` the connection ends after them. */
function read(pieces: readonly Buffer[], { method = "GET", closes = false } = {}): Read {
  const seen: Read = { status: 0, headers: {}, body: "", done: false, persistent: false };
  const chunks: Buffer[] = [];
  const parser = new AnswerParser({
    head: (status, headers) => Object.assign(seen, { status, headers: { ...headers } }),
    data: (chunk) => void chunks.push(Buffer.from(chunk)),
  });
  parser.begin(method);
  for (const piece of pieces) parser.push(piece);
  if (closes) parser.close();
  return { ...seen, body: Buffer.concat(chunks).toString("latin1"), done: parser.done, persistent: parser.persistent };
}

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll("\n", "\r\n"), "latin1");
const lines = (...text: string[]): string => `${text.join("\n")}\n`;

describe("an answer ends", () => {
  test.each([
    ["where its length says", lines("HTTP/1.1 200 OK", "Content-Length: 5", "", "hello").slice(0, -1), { status: 200, body: "hello", done: true, persistent: true }],
    ["at once where the length is 0", lines("HTTP/1.1 200 OK", "content-length: 0", ""), { body: "", done: true, persistent: true }],
    ["not before all of it is there", lines("HTTP/1.1 200 OK", "content-length: 6", "", "hello").slice(0, -1), { body: "hello", done: false }],
    ["with the last piece", lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5;x=y", "hello", "1", " ", "0", ""), { body: "hello ", done: true, persistent: true }],
    ["after the trailers", lines("HTTP/1.1 200 OK", "transfer-encoding: Chunked", "", "A", "0123456789", "0", "Digest: x", "More: y", ""), { body: "0123456789", done: true }],
    ["with the head where there can be no body", lines("HTTP/1.1 204 No Content", ""), { status: 204, done: true, persistent: true }],
    ["with the head of a 304, whatever its length", lines("HTTP/1.1 304 Not Modified", "content-length: 9", ""), { status: 304, done: true, persistent: true }],
    ["after those that only announce it", lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "link: </a>", "", "HTTP/1.1 200 OK", "content-length: 0", ""), { status: 200, done: true }],
  ])("%s", (_what, text, expected) => expect(read([bytes(text)])).toMatchObject(expected));

  test("with the head of an answer to HEAD", () => expect(read([bytes(lines("HTTP/1.1 200 OK", "content-length: 9", ""))], { method: "HEAD" })).toMatchObject({ done: true, body: "" }));

  test("with its connection where it says nothing of its length, and only there", () => {
    const open = bytes(lines("HTTP/1.1 200 OK", "", "hello").slice(0, -1));
    expect(read([open])).toMatchObject({ body: "hello", done: false });
    expect(read([open], { closes: true })).toMatchObject({ body: "hello", done: true, persistent: false });
    for (const cut of ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhe", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n"]) {
      expect(read([Buffer.from(cut)], { closes: true }).done).toBe(false);
    }
  });
});

describe("the connection carries no other request", () => {
  test.each([
    ["the server says so", lines("HTTP/1.1 200 OK", "Connection: Close", "content-length: 0", "")],
    ["it says so among other things", lines("HTTP/1.1 200 OK", "Connection: upgrade, close", "content-length: 0", "")],
    ["the server is older", lines("HTTP/1.0 200 OK", "content-length: 0", "")],
    ["something follows that nobody asked for", lines("HTTP/1.1 200 OK", "content-length: 0", "", "HTTP/1.1 200 OK", "")],
  ])("where %s", (_what, text) => expect(read([bytes(text)])).toMatchObject({ done: true, persistent: false }));

  test("but an older server may keep it", () => expect(read([bytes(lines("HTTP/1.0 200 OK", "Connection: keep-alive", "content-length: 0", ""))])).toMatchObject({ done: true, persistent: true }));
});

test("fields are found by their names in lower case, without the blanks around their values, and joined where they come twice", () => {
  const { headers } = read([bytes(lines("HTTP/1.1 200 OK", "Retry-After: \t7 ", "X-A: 1", "x-a: 2", "empty:", "content-length: 0", ""))]);
  expect(headers).toEqual({ "retry-after": "7", "x-a": "1, 2", empty: "", "content-length": "0" });
  expect(read([bytes(lines("HTTP/1.1 200 OK", "__proto__: x", "content-length: 0", ""))]).done).toBe(true);
});

describe("refused is", () => {
  const ok = "HTTP/1.1 200 OK";
  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\n\n\n"],
    ["another version", lines("HTTP/2 200", "")],
    ["a status of four digits", lines("HTTP/1.1 2000 OK", "")],
    ["a status of no class", lines("HTTP/1.1 099 OK", "")],
    ["a change of protocol", lines("HTTP/1.1 101 Switching Protocols", "upgrade: x", "")],
    ["two lengths", lines(ok, "content-length: 5", "content-length: 6", "")],
    ["the same length twice", lines(ok, "content-length: 5", "content-length: 5", "")],
    ["a length with a sign", lines(ok, "content-length: +5", "")],
    ["a length beyond counting", lines(ok, "content-length: 9999999999999999", "")],
    ["a length beside pieces", lines(ok, "content-length: 5", "transfer-encoding: chunked", "")],
    ["a coding that nobody asked for", lines(ok, "transfer-encoding: gzip, chunked", "")],
    ["pieces from an older server", lines("HTTP/1.0 200 OK", "transfer-encoding: chunked", "")],
    ["a field that goes on in the next line", lines(ok, "x: a", " b", "")],
    ["a blank before the colon", lines(ok, "content-length : 5", "")],
    ["a line without a colon", lines(ok, "hello", "")],
    ["a field without a name", lines(ok, ": x", "")],
    ["a control character in a value", lines(ok, "x: a\0b", "")],
    ["a piece without a length", lines(ok, "transfer-encoding: chunked", "", "", "")],
    ["a piece with a negative length", lines(ok, "transfer-encoding: chunked", "", "-1", "")],
    ["a piece that is longer than it said", lines(ok, "transfer-encoding: chunked", "", "2", "hello", "0", "")],
    ["a piece of immense length", lines(ok, "transfer-encoding: chunked", "", "fffffffffffff", "")],
    ["a head without end", `${ok}\nx: ${"y".repeat(20_000)}`],
    ["a head too long", lines(ok, `x: ${"y".repeat(20_000)}`, "")],
    ["a line of a piece's length without end", lines(ok, "transfer-encoding: chunked", "", `1;${"y".repeat(2_000)}`)],
    ["trailers without end", lines(ok, "transfer-encoding: chunked", "", "0", ...Array.from({ length: 2_000 }, (_, index) => `x-${index}: y`))],
  ])("%s", (_what, text) => expect(() => read([bytes(text)])).toThrow(/^the answer is no HTTP: /));

  test("line breaks of one character", () => expect(() => read([Buffer.from("HTTP/1.1 200 OK\ncontent-length: 0\n\n\r\n\r\n")])).toThrow("no HTTP"));

  test("without a word of what was received", () => {
    try {
      read([bytes(lines("HTTP/1.1 200 OK", "canary", ""))]);
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).stack)).not.toContain("canary");
    }
  });
});

const body = fc.string({ maxLength: 40, unit: "binary-ascii" });
const framed = fc.oneof(
  body.map((text) => ({ text, wire: `content-length: ${text.length}\r\n\r\n${text}` })),
  fc.array(body.filter((text) => text !== ""), { maxLength: 4 }).map((pieces) => ({
    text: pieces.join(""),
    wire: `transfer-encoding: chunked\r\n\r\n${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("")}0\r\n\r\n`,
  })),
);
const answer = fc.record({ status: fc.constantFrom(200, 201, 404, 500), early: fc.boolean(), framed }).map(({ status, early, framed: { text, wire } }) => ({
  status,
  body: text,
  wire: `${early ? "HTTP/1.1 100 Continue\r\n\r\n" : ""}HTTP/1.1 ${status} Some words\r\nX-Is: y\r\n${wire}`,
}));

test("it does not matter where the network cut", () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat({ max: 300 }), { maxLength: 12 }), ({ status, body: text, wire }, cuts) => {
      const whole = Buffer.from(wire, "latin1");
      const at = [...new Set([0, ...cuts.map((cut) => cut % whole.length), whole.length])].sort((a, b) => a - b);
      const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
      expect(read(pieces)).toMatchObject({ status, body: text, done: true, persistent: true });
    }),
    { numRuns: 500 },
  );
});

/** What Node's client makes of the bytes; null: it refuses them. */
async function nodes(wire: Buffer): Promise<{ status: number; body: string } | null> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => void socket.end(wire));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await new Promise((resolve) => {
      const asked = request({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => resolve(null));
        response.on("close", () => resolve(response.complete ? { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("latin1") } : null));
      });
      asked.on("error", () => resolve(null));
      asked.on("upgrade", (_response, socket) => {
        socket.destroy();
        resolve(null);
      });
      asked.end();
    });
  } finally {
    server.close();
  }
}

test("bytes that went wrong are read as Node reads them, or refused", async () => {
  const wrong = fc.record({ at: fc.nat(), byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from("\r\n :0,;\t"))), how: fc.constantFrom("replace", "insert", "drop") });
  await fc.assert(
    fc.asyncProperty(answer, fc.array(wrong, { minLength: 1, maxLength: 3 }), async ({ wire }, faults) => {
      let text = Buffer.from(wire, "latin1");
      for (const { at, byte, how } of faults) {
        const place = at % text.length;
        text = Buffer.concat([text.subarray(0, place), how === "drop" ? Buffer.alloc(0) : Buffer.from([byte]), text.subarray(how === "insert" ? place : place + 1)]);
      }
      let ours: Read;
      try {
        ours = read([text], { closes: true });
      } catch {
        return;
      }
      // Where something follows, Node gives the answer up; ours is whole, and its connection goes.
      if (!ours.done || !ours.persistent) return;
      expect(await nodes(text)).toEqual({ status: ours.status, body: ours.body });
    }),
    { numRuns: 400 },
  );
}, 60_000);
