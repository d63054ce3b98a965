// explain: the walk names what plan() did, the file's defaults are a resource to which nothing has happened, and facts
// that contradict each other are named and answered, never with an exception or the end of a token.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explain, type Walk } from "../../core/explain.ts";
import type { CaseForm, ObservedForm, RevisionForm } from "../../core/explain-form.ts";
import { caseProblems, toCase } from "../../core/explain-input.ts";
import { markOf, tokenName } from "../../core/name.ts";
import { absent } from "../../core/observed.ts";
import { chain } from "../../core/plan.ts";
import { desired, NO_COPY, NOW, observed } from "./situations.ts";

const now = "2026-03-02T12:00:00Z";

function walk(form: Partial<CaseForm["desired"]>, seen: ObservedForm = {}): Walk {
  const file = { desired: form, observed: seen, now };
  expect(caseProblems(file)).toEqual([]);
  const asked = toCase(file);
  return explain(asked.desired, asked.observed, asked.now);
}

const one = { number: 1, created: "2026-02-01T00:00:00Z" };
const two = { number: 2, created: "2026-03-01T00:00:00Z" };
const holding = (...revisions: RevisionForm[]): ObservedForm => ({ copy: { record: { revisions } } });

describe("explain", () => {
  it.each([
    ["a healthy resource", {}, {}, "rest"],
    ["the first revision", {}, { copy: NO_COPY, list: [] }, "issue-urgently"],
    ["a deletion", { deleting: true }, {}, "deletion-copy"],
    ["an issuer that is not there", {}, { issuer: absent("no such issuer") }, "issuer-known"],
  ] as const)("%s: the last check asked is the one that decided", (_, want, facts, check) => {
    const made = explain(desired(want), observed(facts), NOW);
    expect(made.plan.check).toBe(check);
    const asked = made.steps.map((step) => step.check);
    expect([...asked, ...made.unasked]).toEqual(chain(desired(want)).map(({ name }) => name));
    expect(made.steps.slice(0, -1).every(({ applies }) => !applies)).toBe(true);
    const last = made.steps.at(-1);
    expect([last?.applies, last?.applies ? last.check : "rest"]).toEqual([check !== "rest", check]);
    if (last?.applies) expect(last.saw).toBe(made.plan.message);
  });

  it("sorts the revisions as the engine does", () => {
    const { revisions } = walk({}, { ...holding({ ...one, revoked: { at: "2026-03-01T12:00:00Z", why: "retired" } }, two), tokens: [{ revision: 1, active: false }, { revision: 2 }, { revision: 3, created: "2026-03-01T10:00:00Z" }] });
    expect(revisions.map(({ number, role, seen }) => [number, role, seen])).toEqual([
      [1, "ended", "revoked"],
      [2, "current", "active"],
      [3, "lost", "active"],
    ]);
  });
});

describe("what a file leaves out", () => {
  it("is a resource to which nothing has happened", () => {
    const asked = toCase({ desired: {}, now });
    expect(asked.desired).toMatchObject({ kind: "ServiceToken", mark: markOf("example", "ServiceToken/default/example"), days: 90, since: asked.now });
    expect(walk({}).plan).toMatchObject({ check: "issue-urgently", reason: "Issuing" });
  });

  it("is what the record says", () => {
    const made = walk({}, holding(one));
    expect([made.plan.check, made.contradictions, made.plan.conditions[0]?.status]).toEqual(["rest", [], "True"]);
  });

  it("is the hand's token in the list", () => {
    expect(walk({}, { hand: { number: 1 } }).plan.check).toBe("hand-verify");
    expect(walk({}, { hand: { number: 1, verified: true } }).plan.check).toBe("hand-deliver");
  });

  it.each<[string, Partial<CaseForm["desired"]>, ObservedForm, readonly [check: string, reason: string]]>([
    ["an issuer that is unknown", {}, { issuer: { is: "unknown" } }, ["issuer-known", "IssuerNotReady"]],
    ["a list that is unknown", {}, { tokens: { is: "unknown", reason: "CredentialDenied" } }, ["tokens-known", "CredentialDenied"]],
    ["a copy that is unknown", {}, { copy: { is: "unknown" } }, ["copy-known", "CopyUnknown"]],
    ["an owner that is absent", {}, { owner: { is: "absent" } }, ["issue-blocked", "NoServiceUser"]],
    ["another's Secret", {}, { copy: { place: "foreign", foreign: "It belongs to helm." } }, ["copy-ours", "SecretNotOurs"]],
    ["a clock that is ahead", { spec: { rotation: { renewBefore: "1500h" } } }, { ...holding({ ...one, deliveredAt: null }), issuer: { clockOffset: "-90s" } }, ["rest", "Ready"]],
    ["a rotation that was asked for", { annotations: { rotate: "now" } }, holding(two), ["issue-in-turn", "RotationRequested"]],
    ["gone in two lists", {}, { ...holding(one), tokens: { list: [], earlier: { sentAt: "2026-03-02T11:59:30Z" }, sentAt: "2026-03-02T11:59:58Z" }, copy: { knownSince: "2026-03-01T00:00:00Z", record: { revisions: [one] } } }, ["issue-urgently", "DeletedElsewhere"]],
    ["a deletion that is confirmed", {}, { ...holding({ ...one, revoked: { at: now, why: "retired" } }, two), tokens: { list: [{ revision: 2 }], deleted: [1] } }, ["ended-due", "CleaningUp"]],
  ])("%s", (_, want, seen, [check, reason]) => {
    expect(walk(want, seen).plan).toMatchObject({ check, reason });
  });

  it("is the mark of a record that was pasted", () => {
    const mark = markOf("elsewhere", "ServiceToken/a/b");
    const made = walk({}, { copy: { record: { mark, revisions: [{ ...one, name: tokenName("x", mark, 1), inputs: { base: "default-example" } }] } } });
    expect(made.plan.check).toBe("rest");
  });
});

const DESTRUCTIVE = new Set(["Revoke", "Delete", "Remove", "Release"]);

describe("facts that contradict each other", () => {
  it.each<[string, ObservedForm, RegExp, string]>([
    ["a delivered token that no list shows", { ...holding(one), tokens: [] }, /list does not show it/, "TokenMissing"],
    ["two current ones", { copy: { record: { current: 1, revisions: [{ ...one, created: "2026-03-01T00:00:00Z" }, two] } } }, /newer than the current/, "Ready"],
    ["one revision twice", holding(one, one), /twice/, "Ready"],
    ["a current one that the record lacks", { copy: { record: { current: 7, revisions: [one] } } }, /does not hold it/, "Issuing"],
    ["expired before it was created", holding({ ...one, expires: "2026-01-01T00:00:00Z" }), /expire before it was created/, "Expired"],
    ["created in the future", holding({ ...one, created: "2030-01-01T00:00:00Z" }), /created in the future/, "Ready"],
    ["delivered before it was created", holding({ ...one, deliveredAt: "2020-01-01T00:00:00Z" }), /delivered before/, "Ready"],
    ["delivered in the future", holding(one, { ...two, deliveredAt: "2030-01-01T00:00:00Z" }), /delivered in the future/, "Ready"],
    ["revoked in the future", holding({ ...one, revoked: { at: "2030-01-01T00:00:00Z", why: "retired" } }, two), /revoked in the future/, "Ready"],
    ["a use in the future", { ...holding(one, two), tokens: [{ revision: 1, lastUsed: "2030-01-01T00:00:00Z" }, { revision: 2 }] }, /last used in the future/, "Ready"],
    ["a use before its creation", { ...holding(one), tokens: [{ revision: 1, lastUsed: "2020-01-01T00:00:00Z" }] }, /last used before/, "Ready"],
    ["an id that is another's now", { ...holding(one), tokens: [{ id: 101, name: "theirs", created: "2026-03-01T00:00:00Z" }] }, /another token under the id 101/, "DeletedElsewhere"],
    ["two tokens of one name", { ...holding(one), tokens: [{ revision: 1 }, { revision: 1 }] }, /id 101 twice/, "Ready"],
    ["in memory and delivered", { ...holding(one), hand: { number: 1 } }, /in memory/, "Delivered"],
  ])("%s", (_, seen, said, reason) => {
    const made = walk({}, seen);
    expect(made.contradictions.join("\n")).toMatch(said);
    expect(made.plan.reason).toBe(reason);
    expect(made.plan.actions.filter((action) => DESTRUCTIVE.has(action.do))).toEqual([]);
  });

  it("never throws, whatever the dates and the numbers are", () => {
    const date = fc.constantFrom("2020-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", now, "2030-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z");
    const number = fc.integer({ min: 1, max: 4 });
    const revision = fc.record(
      { number, created: date, expires: fc.option(date), deliveredAt: fc.option(date), usedAfter: date, revoked: fc.record({ at: date, why: fc.constantFrom("retired", "state", "compromised", "early", "elsewhere", "expired"), done: fc.boolean() }), retiringSince: date, kept: fc.boolean() },
      { requiredKeys: ["number", "created"] },
    );
    const listed = fc.record({ revision: number, created: date, id: fc.integer({ min: 101, max: 103 }), active: fc.boolean(), expires: fc.option(date), lastUsed: fc.option(date) }, { requiredKeys: ["revision", "created"] });
    const copy = fc.record({ record: fc.record({ current: fc.option(number), fence: fc.integer({ min: 0, max: 5 }), revisions: fc.array(revision, { maxLength: 4 }) }, { requiredKeys: [] }), value: fc.constantFrom("intact", "changed", "missing", "unread") }, { requiredKeys: [] });
    const form = fc.record({
      desired: fc.record({ deleting: fc.boolean(), since: date, annotations: fc.record({ compromised: number, rollback: number, paused: fc.boolean(), abandon: fc.boolean(), rotate: fc.constant("x") }, { requiredKeys: [] }) }, { requiredKeys: [] }),
      observed: fc.record({ copy, tokens: fc.array(listed, { maxLength: 4 }), hand: fc.record({ number, verified: fc.boolean() }), taken: fc.integer({ min: 0, max: 9 }), uncertainAt: date }, { requiredKeys: [] }),
      now: date,
    });
    fc.assert(
      fc.property(form, (file) => {
        const asked = toCase(file as CaseForm);
        const made = explain(asked.desired, asked.observed, asked.now);
        const last = made.steps.at(-1);
        expect(last?.applies ? last.check : "rest").toBe(made.plan.check);
      }),
      { numRuns: 2_000, seed: 4 },
    );
  });
});
