// `servicetokens explain`: what it says of a right file, and of every wrong one.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { readCase } from "../../cli/explain-file.ts";
import { readJson } from "../../cli/json.ts";
import { explain } from "../../core/explain.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "explain-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const now = "2026-01-15T10:30:00Z";

function run(input: string, ...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "cli", "main.ts"), "explain", ...args], { encoding: "utf8", input, timeout: 30_000 });
  return { code: status, stdout, stderr };
}

function write(content: string | Uint8Array): string {
  const file = join(folder, "case.json");
  writeFileSync(file, content);
  return file;
}

/** What reading complains of; without the file's name. */
function refusal(content: unknown): string {
  const file = write(typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content));
  try {
    readCase(file);
  } catch (error) {
    expect(error).toMatchObject({ name: "UsageError" });
    return (error as Error).message.replaceAll(`${file}`, "FILE");
  }
  throw new Error("it was accepted");
}

describe("the program", () => {
  it("tells people the walk, and exits with 0", () => {
    const { code, stdout, stderr } = run(JSON.stringify({ desired: { resource: "data/ingest" }, now }), "-");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ServiceToken data\/ingest at 2026-01-15T10:30:00Z\n/);
    expect(stdout).toMatch(/APPLIES {2}issue-urgently .*\n +-> No revision is delivered yet\. Issuing revision 1\.\n +not asked: /);
    expect(stdout).toMatch(/action +Issue revision 1 as data-ingest-/);
  });

  it("gives the same as data, dates as in the file", () => {
    const { code, stdout } = run("", write(JSON.stringify({ desired: {}, observed: { copy: { record: { revisions: [{ number: 1, created: "2026-01-01T00:00:00Z" }] } } }, now })), "--json");
    const made = JSON.parse(stdout) as Record<string, unknown>;
    expect([code, made["now"]]).toEqual([0, now]);
    expect(made).toMatchObject({ revisions: [{ number: 1, role: "current", seen: "active", expires: "2026-04-01T00:00:00Z" }], plan: { check: "rest", outcome: "rest", nextAction: { type: "Rotate", at: "2026-03-02T00:00:00Z" } } });
  });

  it("says in one place what is wrong, and exits with 1", () => {
    const { code, stdout, stderr } = run("{}", "-");
    expect([code, stdout, stderr]).toEqual([1, "", "servicetokens: standard input: 2 mistakes\n  desired: is missing\n  now: is missing\n"]);
  });

  it("survives the longest durations", () => {
    const { code, stderr } = run(JSON.stringify({ desired: { spec: { rotation: { every: "999999h", keepRevokedFor: "999999h" } } }, observed: { copy: { record: { revisions: [{ number: 1, created: now, expires: null, revoked: { at: now, why: "retired" } }, { number: 2, created: now, expires: null }] } } }, now }), "-", "--json");
    expect([code, stderr]).toEqual([0, ""]);
  });
});

const wrong = (desired: unknown, more: object = {}): object => ({ desired, now, ...more });
const seeing = (observed: unknown): object => ({ desired: {}, observed, now });
const listing = (...tokens: unknown[]): object => seeing({ tokens });
const recording = (revision: object): object => seeing({ copy: { record: { revisions: [revision] } } });

describe("a wrong file", () => {
  it.each<[string, unknown, string]>([
    ["nothing", "  \n", 'FILE: it is empty; the least it can hold is {"desired": {}, "now": "2026-01-15T10:30:00Z"}'],
    ["no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "FILE: this is no text in UTF-8"],
    ["words", "hello", 'FILE:1:1: not JSON: expected a value, found "hello"'],
    ["a comma too many", '{\n  "desired": {},\n}', 'FILE:3:1: not JSON: expected a name in double quotes, found "}"'],
    ["a comma too few", '{\n  "desired": {}\n  "now": "x"}', "FILE:3:3: not JSON: expected \",\" or \"}\", found a text that is not closed in its line, or holds a wrong escape"],
    ["a value too few", '{"desired": }', 'FILE:1:13: not JSON: expected a value for "desired", found "}"'],
    ["a file cut off", '{"desired": {', "FILE:1:14: not JSON: expected a name in double quotes, found the end of the file"],
    ["a comment", "// why\n{}", 'FILE:1:1: not JSON: expected a value, found "/"'],
    ["two documents", "{} {}", 'FILE:1:4: not JSON: expected the end of the file, found "{"'],
    ["a name twice", '{"now": "a", "now": "b"}', 'FILE:1:14: not JSON: the name "now" stands twice in one object'],
    ["NaN", '{"now": NaN}', 'FILE:1:9: not JSON: expected a value for "now", found "NaN"'],
    ["nested without end", "[".repeat(100_000), "FILE:1:202: not JSON: nested deeper than 200"],
    ["a list", [], "FILE: the file: has to be an object, and there stands []"],
    ["null", null, "FILE: the file: has to be an object, and there stands null"],
    ["an unknown field", { desired: {}, now, observd: {} }, "FILE: observd: there is no such field: did you mean observed?"],
    ["a far-off field", { desired: {}, now, banana: 1 }, "FILE: banana: there is no such field: there are desired, observed, now"],
    ["a field of Object", '{"desired": {}, "now": "2026-01-15T10:30:00Z", "__proto__": 1}', "FILE: __proto__: there is no such field: there are desired, observed, now"],
    ["a day that is not in the calendar", { desired: {}, now: "2026-02-30T00:00:00Z" }, 'FILE: now: has to be a date and time as in 2026-01-15T10:30:00Z (RFC 3339), and there stands "2026-02-30T00:00:00Z"'],
    ["a date without a time", { desired: {}, now: "2026-02-03" }, 'FILE: now: has to be a date and time as in 2026-01-15T10:30:00Z (RFC 3339), and there stands "2026-02-03"'],
    ["a number for a date", { desired: {}, now: 1 }, "FILE: now: has to be a text, and there stands 1"],
    ["the spec: a mistyped word", wrong({ spec: { expiresInDay: 9 } }), "FILE: desired.spec.expiresInDay: there is no such field: did you mean expiresInDays?"],
    ["the spec: deep", wrong({ spec: { rotation: { retire: { minOverlp: "1h" } } } }), "FILE: desired.spec.rotation.retire.minOverlp: there is no such field: did you mean minOverlap?"],
    ["the spec: a choice", wrong({ spec: { state: "revoked" } }), 'FILE: desired.spec.state: has to be one of Active, Revoked (did you mean Revoked?), and there stands "revoked"'],
    ["the spec: days", wrong({ spec: { expiresInDays: 400 } }), "FILE: desired.spec.expiresInDays: may be at most 365, and there stands 400"],
    ["the spec: a duration", wrong({ spec: { rotation: { renewBefore: "30d" } } }), 'FILE: desired.spec.rotation.renewBefore: has to be a duration in hours, minutes and seconds, as in "720h" or "1h30m" (a day is "24h"), and there stands "30d"'],
    ["the spec: a duration beyond numbers", wrong({ spec: { rotation: { every: "9999999999999999h" } } }), 'FILE: desired.spec.rotation.every: has to be a duration in hours, minutes and seconds, as in "720h" or "1h30m" (a day is "24h"), and there stands "9999999999999999h"'],
    ["the spec: what cannot work", wrong({ spec: { neverExpires: true, expiresInDays: 3 } }), "FILE: desired.spec.expiresInDays: expiresInDays and neverExpires exclude each other: leave one of them out"],
    ["the spec of a PersonalToken", wrong({ kind: "PersonalToken", spec: { serviceUser: { id: 1 } } }), "FILE: desired.spec.serviceUser: there is no such field: there are tokenName, expiresInDays, neverExpires, state, rotation, onExternalChange, deletionPolicy, issuerChange, issuerRef, secret, restart"],
    ["a mark that is none", wrong({ mark: "abc" }), 'FILE: desired.mark: has to be a mark as it stands in a token\'s name before -r1, as in 3b9k2m-7q0x5c1dh (or leave it out, and give scope), and there stands "abc"'],
    ["mark and scope", wrong({ mark: "3b9k2m-7q0x5c1dh", scope: "a" }), "FILE: desired.scope: scope and mark exclude each other: a mark is made of the scope"],
    ["an annotation with its prefix", wrong({ annotations: { "tokens.qualytics.io/rotate": "x" } }), "FILE: desired.annotations.tokens.qualytics.io/rotate: there is no such field: there are rotate, compromised, rollback, paused, abandon"],
    ["an annotation of the wrong kind", wrong({ annotations: { paused: "true" } }), 'FILE: desired.annotations.paused: has to be true or false, and there stands "true"'],
    ["a fact that is neither", seeing({ issuer: { is: "missing" } }), 'FILE: observed.issuer.is: has to be one of present, absent, unknown, and there stands "missing"'],
    ["an absent list", seeing({ tokens: { is: "absent" } }), 'FILE: observed.tokens.is: has to be one of present, unknown, and there stands "absent"'],
    ["an unknown fact with a value", seeing({ issuer: { is: "unknown", url: "x" } }), "FILE: observed.issuer.url: there is no such field: there are is, reason, message"],
    ["a reason that is none", seeing({ tokens: { is: "unknown", reason: "CredentialDenid" } }), 'FILE: observed.tokens.reason: is no reason (did you mean CredentialDenied?), and there stands "CredentialDenid"'],
    ["a text for a fact", seeing({ tokens: "unknown" }), 'FILE: observed.tokens: has to be an object, and there stands "unknown"'],
    ["a token without a name", listing({}), "FILE: observed.tokens[0]: say which token this is: by revision, a number, or by name"],
    ["a token that nobody knows", listing({ revision: 3 }), "FILE: observed.tokens[0].created: is missing, and the record has no such revision to take it from"],
    ["a token's date", listing({ revision: 1, created: now }, { revision: 2, created: now, lastUsed: "yesterday" }), 'FILE: observed.tokens[1].lastUsed: has to be a date and time as in 2026-01-15T10:30:00Z (RFC 3339), and there stands "yesterday"'],
    ["a revision without a number", recording({ created: now }), "FILE: observed.copy.record.revisions[0].number: is missing"],
    ["revision 0", recording({ number: 0, created: now }), "FILE: observed.copy.record.revisions[0].number: has to be at least 1, and there stands 0"],
    ["half a revision", recording({ number: 1.5, created: now }), "FILE: observed.copy.record.revisions[0].number: has to be a whole number, and there stands 1.5"],
    ["why it was revoked", recording({ number: 1, created: now, revoked: { at: now, why: "retire" } }), 'FILE: observed.copy.record.revisions[0].revoked.why: has to be one of retired, state, compromised, early, elsewhere, expired (did you mean retired?), and there stands "retire"'],
    ["a clock", seeing({ issuer: { clockOffset: "+3s" } }), 'FILE: observed.issuer.clockOffset: has to be the API\'s clock minus ours as a duration, as in "90s" or "-90s", and there stands "+3s"'],
  ])("%s", (_, content, message) => {
    expect(refusal(content)).toBe(message);
  });

  it("is told all its mistakes at once, and not more than can be read", () => {
    expect(refusal({ desired: { spc: 1, spec: { state: 1 } }, observed: 3 }).split("\n")).toEqual([
      "FILE: 4 mistakes",
      "  now: is missing",
      "  desired.spc: there is no such field: did you mean spec?",
      expect.stringMatching(/^ {2}desired\.spec\.state: /),
      "  observed: has to be an object, and there stands 3",
    ]);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x${index}`, 1]));
    expect(refusal({ desired: {}, now, ...many }).split("\n")).toHaveLength(22);
  });

  it("that is not there, or is a folder", () => {
    expect(() => readCase(join(folder, "none.json"))).toThrow(/none\.json: there is no such file$/);
    expect(() => readCase(folder)).toThrow(/: this is a folder$/);
  });
});

test("JSON is read as JSON.parse reads it", () => {
  const texts = ['{"a": [1, -0.5e+3, true, null, "\\u00e9\\n\\"x"], "b": {}}', "[]", '"x"', " 12 ", "1.5", "01", "1.", "-", "[1,]", '"\t"', '"\\x"', "tru", "truex", "{\"a\":1}x"];
  for (const text of texts) {
    let value: unknown;
    let fine = true;
    try {
      value = JSON.parse(text);
    } catch {
      fine = false;
    }
    const read = readJson(text);
    expect([text, "value" in read, "value" in read ? read.value : undefined]).toEqual([text, fine, value]);
  }
});

test("the example of docs/explain.md is answered as the page says", () => {
  const page = readFileSync(join(root, "docs", "explain.md"), "utf8");
  const [, example = ""] = /```json\n(\{\n[\s\S]*?)```/.exec(page) ?? [];
  const { desired, observed, now: when } = readCase(write(example));
  const last = explain(desired, observed, when).steps.at(-1);
  expect(last).toMatchObject({ check: "retire-due", applies: true });
  expect(page).toContain(`-> ${last?.saw ?? ""}`);
  expect(page).toContain(last?.why ?? "");
  for (const [, fact = ""] of page.matchAll(/```json\n(\{ "[\s\S]*?)```/g)) {
    for (const line of fact.trim().split("\n")) expect(() => readCase(write(JSON.stringify({ desired: {}, observed: JSON.parse(line) as unknown, now })))).not.toThrow();
  }
});
