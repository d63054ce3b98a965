// Properties over any observation, facts that contradict each other included.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Desired } from "../../core/desired.ts";
import { DAY, HOUR } from "../../core/duration.ts";
import { absent, present, unknown, type Fact, type Observed, type Remote } from "../../core/observed.ts";
import { plan } from "../../core/plan.ts";
import type { Entry, Record } from "../../core/record.ts";
import { REASONS } from "../../core/reason.ts";
import { copy, desired, entry, hand, issuer, NOW, observed, record, remote, tokens } from "./situations.ts";

const time = fc.constantFrom(0, NOW - 99 * DAY, NOW - DAY, NOW - 1_000, NOW, NOW + HOUR, NOW + 400 * DAY);
const mono = fc.constantFrom(0, 500, 1_000, 2_000, 3_000);
const number = fc.constantFrom(1, 2, 3, 7);

function fact<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Fact<T>> {
  return fc.oneof(
    { weight: 6, arbitrary: value.map(present) },
    { weight: 1, arbitrary: fc.constant(absent("not there")) },
    { weight: 1, arbitrary: fc.constant(unknown("TokensUnknown", "not read")) },
  );
}

const anyRemote: fc.Arbitrary<Remote> = fc
  .record({ n: number, created: time, active: fc.boolean(), expires: fc.option(time), lastUsed: fc.option(time), id: fc.option(fc.nat(5)) })
  .map(({ n, id, ...more }) => remote(n, { ...more, ...(id === null ? {} : { id }) }));
const anyEntry: fc.Arbitrary<Entry> = fc
  .record({ n: number, created: time, expires: fc.option(time), deliveredAt: fc.option(time), usedAfter: time, at: time, done: fc.boolean(), kept: fc.boolean(), restart: fc.constantFrom(undefined, "due" as const, NOW - DAY), revoked: fc.boolean(), why: fc.constantFrom("retired", "state", "compromised", "early", "elsewhere", "expired") })
  .map(({ n, at, done, kept, restart, revoked, why, ...more }) => entry(n, { ...more, ...(restart === undefined ? {} : { restart }), ...(revoked ? { revoked: { at, done, why: why as "retired" } } : {}), ...(kept ? { kept } : {}) }));
const A = { url: "https://q", userId: 1, ref: "TokenIssuer/a" };
const B = { url: "https://b", userId: 1, ref: "TokenIssuer/b" };
/** At home at one issuer, or moved from another one, with any of its revisions left there. */
const anyPlaces = fc.record({ ref: fc.constantFrom(undefined, A, B), former: fc.boolean(), there: fc.array(number, { maxLength: 2 }) });
const placed = (of: Record, { ref, former, there }: { ref: typeof A | undefined; former: boolean; there: readonly number[] }): Record => ({
  ...of,
  ...(ref ? { issuer: ref } : {}),
  ...(former ? { former: { ...(ref === B ? A : B), since: NOW - DAY }, revisions: of.revisions.map((one) => (there.includes(one.number) ? { ...one, former: true } : one)) } : {}),
});
const anyRecord: fc.Arbitrary<Record | null> = fc.option(
  fc.record({ places: anyPlaces, entries: fc.uniqueArray(anyEntry, { maxLength: 4, selector: ({ number: n }) => n }), mark: fc.boolean(), fence: fc.nat(9), current: fc.option(number) }).map(({ places, entries, mark, fence, current }) => placed({
    ...record(entries), ...(mark ? {} : { mark: "other" }), fence, current: entries.some((one) => one.number === current) ? current : null,
  }, places)),
);
const anyCopy = fc
  .record({ readAt: mono, doneAt: mono, unsaved: fc.boolean(), place: fc.constantFrom("none" as const, "ours" as const, "foreign" as const), record: anyRecord, value: fc.constantFrom("intact" as const, "changed" as const, "missing" as const, "unread" as const), look: fc.constantFrom(null, "look", "other"), writable: fc.constantFrom(null, true as const, "quota"), exclusive: fc.boolean() })
  .map((change) => copy(change));
const anyIssuer = fact(fc.record({ clockOffset: fc.constantFrom(0, 5_000, -90_000, 9 * DAY), userId: fc.constantFrom(1, 1, 1, 2), url: fc.constantFrom("https://q", "https://q", "https://b") }).map((change) => issuer(change)));
const anyTokens = fact(fc.record({ list: fc.array(anyRemote, { maxLength: 5 }), sentAt: mono, doneAt: mono, earlier: fc.option(fc.record({ sentAt: mono, ids: fc.array(fc.constantFrom(101, 102), { maxLength: 2 }) })) }).map(({ list, ...more }) => tokens(list, more)));
const anyOwner = fact(fc.record({ id: fc.constantFrom(11, 12), name: fc.constant("x"), active: fc.boolean() }));
const anyObserved: fc.Arbitrary<Observed> = fc.record({
  issuer: anyIssuer,
  former: fc.record({ issuer: anyIssuer, tokens: anyTokens, uncertainAt: fc.option(mono) }),
  next: fc.record({ issuer: anyIssuer, tokens: anyTokens, owner: anyOwner }),
  owner: anyOwner,
  tokens: anyTokens,
  copy: fact(anyCopy),
  hand: fc.option(fc.record({ n: number, verified: fc.boolean(), failures: fc.nat(6) }).map(({ n, ...more }) => hand(n, more))),
  held: fc.boolean(),
  taken: fc.nat(3),
  uncertainAt: fc.option(mono),
  refused: fc.option(fc.constant("refused")),
  rollout: fact(fc.record({ readAt: mono, revision: number, created: fc.constantFrom(NOW - 10 * DAY, NOW - DAY), asked: fc.boolean(), complete: fc.boolean(), waits: fc.option(fc.constant("rolls out")), missing: fc.constantFrom([], ["Deployment x"]) })),
  alone: fc.boolean(),
  monotonic: fc.constant(3_000),
});
const anyDesired: fc.Arbitrary<Desired> = fc
  .record({
    issuerRef: fc.constantFrom("TokenIssuer/a", "TokenIssuer/b", "TokenIssuer/c"), issuerChange: fc.constantFrom({ from: "https://q#1", to: "https://b#1" }, { from: "https://b#1", to: "https://q#1" }, { from: "https://q#1", to: "https://q#2" }),
    state: fc.constantFrom("Active" as const, "Revoked" as const), days: fc.constantFrom(90, null), rotate: fc.constantFrom("", "x"), compromised: fc.option(number), rollback: fc.option(number), paused: fc.boolean(),
    deleting: fc.boolean(), abandon: fc.boolean(), onExternalChange: fc.constantFrom("Reissue" as const, "Restore" as const, "Report" as const), deletionPolicy: fc.constantFrom("Delete" as const, "Revoke" as const, "Orphan" as const), since: time,
    restart: fc.constantFrom([], ["Deployment x"]), complaint: fc.constantFrom(null, { message: "x", blocks: true }, { message: "x", blocks: false }),
  })
  .map((change) => desired(change));

const DESTRUCTIVE = new Set(["Revoke", "Delete"]);
const options = { numRuns: 3_000 };

describe("plan, for any observation", () => {
  it("answers in its own words and never throws", () => {
    fc.assert(
      fc.property(anyDesired, anyObserved, (want, seen) => {
        const made = plan(want, seen, NOW);
        expect(REASONS).toContain(made.reason);
        for (const condition of made.conditions) expect(REASONS).toContain(condition.reason);
        expect(made.actions.length).toBeLessThanOrEqual(1);
        expect(made.outcome === "act").toBe(made.actions.length === 1);
        expect(made.nextDue === null || Number.isFinite(made.nextDue)).toBe(true);
      }),
      options,
    );
  });

  it("destroys nothing on an unknown fact", () => {
    fc.assert(
      fc.property(anyDesired, anyObserved, fc.constantFrom("issuer" as const, "tokens" as const, "copy" as const), (want, seen, which) => {
        const made = plan(want, { ...seen, [which]: unknown("TokensUnknown", "not read") }, NOW);
        for (const action of made.actions) expect(DESTRUCTIVE.has(action.do)).toBe(false);
        if (!want.deleting) for (const action of made.actions) expect(["Issue", "Remove"]).not.toContain(action.do);
      }),
      options,
    );
  });

  it("touches only tokens that the list shows, exactly as it shows them", () => {
    fc.assert(
      fc.property(anyDesired, anyObserved, (want, seen) => {
        for (const action of plan(want, seen, NOW).actions) {
          if (action.do !== "Revoke" && action.do !== "Delete" && action.do !== "Restore") continue;
          const list = action.former ? seen.former?.tokens : seen.tokens;
          const shown = list?.is === "present" ? list.value.tokens : [];
          expect(shown).toContain(action.token);
          if (action.do === "Delete") expect(shown.find((token) => token === action.token)?.active).toBe(false);
        }
      }),
      options,
    );
  });

  it("is Ready only with the recorded value in place and its token unexpired", () => {
    fc.assert(
      fc.property(anyDesired, anyObserved, (want, seen) => {
        if (plan(want, seen, NOW).conditions[0]?.status !== "True") return;
        expect(seen.copy).toMatchObject({ is: "present", value: { place: "ours", value: "intact" } });
        expect(want.deleting || want.state === "Revoked").toBe(false);
      }),
      options,
    );
  });

  it("is the same plan for the same facts", () => {
    fc.assert(fc.property(anyDesired, anyObserved, (want, seen) => void expect(plan(want, seen, NOW)).toEqual(plan(want, seen, NOW))), { numRuns: 500 });
  });

  it("rests when all is well", () => {
    expect(plan(desired(), observed(), NOW)).toMatchObject({ outcome: "rest", actions: [] });
  });
});
