// The token that stands in a Secret is found again by its fingerprint, and nothing else is taken for it.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { findValue } from "../../../controller/standing-value.ts";

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxMjM0NTY3ODkwIn0.dGhlLXNpZ25hdHVyZS1vZi1pdA";
const sha256 = createHash("sha256").update(TOKEN).digest("hex");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

test.each([
  ["alone", TOKEN],
  ["in a line of a file", `URL=https://q.example\nTOKEN=${TOKEN}\n`],
  ["in JSON", JSON.stringify({ auth: { token: TOKEN } })],
  ["in a URL", `https://q.example/?token=${TOKEN}&x=1`],
  ["in single quotes", `export TOKEN='${TOKEN}'`],
  ["in base64", base64(TOKEN)],
  ["in base64 with a user, inside JSON", JSON.stringify({ auths: { "q.example": { auth: base64(`user:${TOKEN}`) } } })],
])("it is found %s", (_, text) => {
  expect(findValue({ other: base64("nothing"), key: base64(text) }, sha256)?.reveal()).toBe(TOKEN);
});

test.each([
  ["another one stands there", TOKEN.replace("9", "8")],
  ["it is cut", TOKEN.slice(1)],
  ["it is written in base64 twice", base64(base64(TOKEN))],
  ["nothing stands there", ""],
])("it is not found where %s", (_, text) => {
  expect(findValue({ key: base64(text) }, sha256)).toBeNull();
});

test("without a fingerprint nothing is taken for it, and a full Secret is searched in no time", () => {
  expect(findValue({ key: base64(TOKEN) }, null)).toBeNull();
  expect(findValue({ key: base64("abcdefghijklmnopqrstuvwxyz ".repeat(38_000)) }, sha256)).toBeNull();
});
