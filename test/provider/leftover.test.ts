// What a stack left behind, judged: one row a case. And what an exported state tells of us.
import { describe, expect, test } from "vitest";
import { tokenName } from "../../core/name.ts";
import type { Remote } from "../../core/observed.ts";
import type { Entry } from "../../core/record.ts";
import { readDeployment, type Deployment } from "../../provider/deployment.ts";
import { leftovers, type Question } from "../../provider/leftover.ts";
import { encodeState } from "../../provider/state-record.ts";

const CREATED = Date.UTC(2026, 0, 15, 10, 30);
const [SCOPE, EARLIER] = ["aaaaaa", "bbbbbb"];
const DECLARED = `${SCOPE}-111111111`;
const GONE = `${SCOPE}-222222222`;
const RENAMED = `${EARLIER}-333333333`;

const remote = (id: number, mark: string, more: Partial<Remote> = {}): Remote => ({ id, name: tokenName("base", mark, id), created: CREATED, active: true, expires: null, lastUsed: null, owner: 1, ...more });
const entry = (token: Remote): Entry => ({ number: token.id, id: token.id, name: token.name, created: token.created, expires: null, deliveredAt: token.created, usedAfter: token.created, sha256: null, inputs: { owner: 1, base: "base", days: null, scim: false, rotate: "" } });
const urn = (name: string): string => `urn:pulumi:dev::tokens::pulumi-nodejs:dynamic/servicetokens:ServiceToken::${name}`;

const recorded = remote(1, DECLARED);
const renamed = remote(7, RENAMED);
const resource = (name: string, mark: string, tokens: readonly Remote[]): Deployment["tokens"][number] => ({
  urn: urn(name),
  kind: "ServiceToken",
  mark,
  record: { mark, issuer: { url: "", userId: 1 }, current: tokens[0]?.id ?? null, fence: 0, revisions: tokens.map(entry) },
});
const deployment: Deployment = { project: "tokens", stack: "dev", tokens: [resource("ingest", DECLARED, [recorded]), resource("old", RENAMED, [renamed])], pending: [] };

const ask = (token: Remote, more: Partial<Question> = {}) => leftovers({ tokens: [token], deployment, scope: SCOPE, pendingMarks: [], isIdle: true, ...more });

describe("the verdict", () => {
  const used = { lastUsed: CREATED + 3_600_000 };
  const rows: [why: string, token: Remote, more: Partial<Question>, verdict: string | null][] = [
    ["on record", recorded, {}, null],
    ["another one under the same id", remote(1, DECLARED, { created: CREATED + 5_000 }), {}, "NextUp"],
    ["no resource of its mark, never used", remote(2, GONE), {}, "Leftover"],
    ["used by our own verification alone", remote(2, GONE, { lastUsed: CREATED + 1_000 }), {}, "Leftover"],
    ["no resource of its mark, used", remote(2, GONE, used), {}, "InUse"],
    ["newer than what its resource knows", remote(2, DECLARED, { created: CREATED + 5_000 }), {}, "NextUp"],
    ["older than what its resource knows", remote(2, DECLARED, { created: CREATED - 5_000 }), {}, "Leftover"],
    ["older, and used", remote(2, DECLARED, { created: CREATED - 3_600_000, lastUsed: CREATED }), {}, "InUse"],
    ["its create is pending and an update may run", remote(2, GONE), { pendingMarks: [GONE], isIdle: false }, "Busy"],
    ["its create is pending and no update runs", remote(2, GONE), { pendingMarks: [GONE] }, "Leftover"],
    ["another create is pending", remote(2, GONE), { pendingMarks: [DECLARED], isIdle: false }, "Leftover"],
    ["of the stack's earlier name", remote(2, `${EARLIER}-444444444`), {}, "EarlierName"],
    ["of a resource from before the renaming", remote(8, RENAMED, { created: CREATED + 5_000 }), {}, "NextUp"],
    ["revoked", remote(2, GONE, { active: false }), {}, null],
    ["of another stack", remote(2, "cccccc-555555555"), {}, null],
    ["made by hand", { ...remote(2, GONE), name: "by hand" }, {}, null],
  ];
  test.each(rows)("%s", (_, token, more, verdict) => {
    expect(ask(token, more).findings[0]?.verdict ?? null).toBe(verdict);
  });

  test("a record that cannot be read may know the token", () => {
    const unreadable = { ...deployment, tokens: [{ ...resource("ingest", DECLARED, []), record: null }] };
    expect(ask(remote(2, DECLARED), { deployment: unreadable }).findings[0]?.verdict).toBe("NextUp");
  });

  test("what is left out is counted", () => {
    expect(ask(remote(2, GONE, { active: false }))).toMatchObject({ revoked: 1, others: 0 });
    expect(ask(remote(2, "cccccc-555555555"))).toMatchObject({ revoked: 0, others: 1 });
  });
});

describe("the exported state", () => {
  const record = encodeState({ mark: DECLARED, issuer: { url: "https://q.example", userId: 1 }, current: 1, fence: 1, revisions: [entry(recorded)] });
  const exported = (resources: unknown, pending: unknown = null): string => JSON.stringify({ version: 3, deployment: { resources, pending_operations: pending } });
  const stack = { urn: "urn:pulumi:dev::tokens::pulumi:pulumi:Stack::tokens-dev", type: "pulumi:pulumi:Stack" };
  const token = (more: object) => ({ urn: urn("ingest"), type: "pulumi-nodejs:dynamic/servicetokens:ServiceToken", id: DECLARED, outputs: { record, tokenName: recorded.name }, ...more });
  const otherwise = { project: "p", stack: "s" };

  test("resources of ours, with their records; others are left out", () => {
    const read = readDeployment(exported([stack, token({}), token({ type: "servicetokens:index:PersonalToken" }), token({ type: "acme:index:ServiceToken" })]), otherwise);
    expect(read).toMatchObject({ project: "tokens", stack: "dev", pending: [] });
    expect(read.tokens.map(({ kind, record: known }) => [kind, known?.revisions.length])).toEqual([["ServiceToken", 1], ["PersonalToken", 1]]);
  });

  test("an empty stack is called what it is called", () => {
    expect(readDeployment(exported(undefined), otherwise)).toMatchObject({ ...otherwise, tokens: [] });
  });

  test("a record of a later version is not the same as none", () => {
    expect(readDeployment(exported([token({ outputs: { record: "9 x" } })]), otherwise).tokens[0]?.record).toBeNull();
    expect(readDeployment(exported([token({ outputs: {} })]), otherwise).tokens[0]?.record?.revisions).toEqual([]);
  });

  test("pending operations on ours, by their URNs", () => {
    const nested = urn("in").replace("pulumi-nodejs", "acme:index:Pipeline$pulumi-nodejs");
    const operation = (of: string) => ({ type: "creating", resource: { urn: of } });
    expect(readDeployment(exported([stack], [operation(urn("a")), operation(nested), operation(stack.urn)]), otherwise).pending).toEqual([urn("a"), nested]);
  });

  test.each([["no JSON", "{"], ["no deployment", "{}"], ["another version", '{"version":4,"deployment":{}}'], ["resources that are none", exported("x")], ["a resource that is none", exported([3])]])("%s is refused", (_, text) => {
    expect(() => readDeployment(text, otherwise)).toThrow("The stack's state cannot be read");
  });
});
