// The search for leaked tokens finds them: a search that cannot find anything proves nothing.
import { expect, test } from "vitest";
import { leaks } from "../../support/canary.ts";

const TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJqdGkiOiIxMjM0NTY3ODkwIn0.dGhlLXNpZ25hdHVyZS1vZi1pdA";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

test.each([
  ["as it is", `level=info msg="issued ${TOKEN}"`],
  ["in base64", JSON.stringify({ data: { token: base64(TOKEN) } })],
  ["in base64, after other text", base64(`user:${TOKEN}`)],
  ["in base64, at another offset", base64(`us:${TOKEN}`)],
  ["in base64, at the third offset", base64(`u:${TOKEN}`)],
  ["in a URL", `GET /x?token=${TOKEN}`],
])("a token that nobody knows of is found %s", (_, text) => {
  expect(leaks([{ where: "a log", text }], [])).toEqual(["a log"]);
});

test.each([
  ["as it is", "credential: s3cret-of-nobody"],
  ["in base64", base64("the credential is s3cret-of-nobody, and nothing else")],
  ["percent-encoded", "x=s3cret-of%2Fnobody"],
])("a secret that is known is found %s", (form, text) => {
  expect(leaks([{ where: "an event", text }], [form === "percent-encoded" ? "s3cret-of/nobody" : "s3cret-of-nobody"])).toEqual(["an event"]);
});

test("what is no secret is not taken for one", () => {
  const text = `{"kid":"${base64("some certificate that is rather long and quite harmless, is it not")}"} sha256 ${"0123456789abcdef".repeat(4)} [REDACTED] eyJ`;
  expect(leaks([{ where: "a log", text }], ["s3cret-of-nobody", "short"])).toEqual([]);
});
