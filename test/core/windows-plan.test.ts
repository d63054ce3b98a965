// Rotation windows in the engine: what waits for them, what does not, and which date is named.
import { describe, expect, it } from "vitest";
import type { Desired, Window } from "../../core/desired.ts";
import { DAY, HOUR } from "../../core/duration.ts";
import { present } from "../../core/observed.ts";
import { plan, type Plan } from "../../core/plan.ts";
import { copy, desired, entry, issuer, NO_COPY, NOW, observed, record, remote, tokens, type Facts } from "./situations.ts";

// NOW is a Thursday, 2026-01-01T00:00:00Z.
const NIGHTLY: Window = { cron: "0 2 * * *", duration: HOUR, timeZone: "UTC" };
const OPEN: Window = { cron: "0 0 * * *", duration: HOUR, timeZone: "UTC" };
const RARE: Window = { cron: "0 2 1 7 *", duration: HOUR, timeZone: "UTC" };
const NEVER: Window = { cron: "0 2 * * *", duration: HOUR, timeZone: "Europe/Zurch" };

/** Revision 1 was issued so long ago. */
const aged = (age: number): Facts => ({ copy: copy({ record: record([entry(1, { created: NOW - age })]) }), list: [remote(1, { created: NOW - age, expires: NOW - age + 90 * DAY })] });

const two: Facts = {
  copy: copy({ record: record([entry(1), entry(2, { created: NOW - 2 * DAY })]) }),
  list: [remote(1, { lastUsed: NOW - HOUR }), remote(2, { created: NOW - 2 * DAY, lastUsed: NOW - DAY })],
};

interface Row {
  readonly why: string;
  readonly want: Partial<Desired>;
  readonly facts?: Facts;
  readonly check: string;
  readonly does: string;
  readonly reason: string;
  /** Hours from now. */
  readonly due?: number | null;
  readonly says?: RegExp;
}

const TABLE: readonly Row[] = [
  { why: "a renewal waits for the opening", want: { windows: [NIGHTLY] }, facts: aged(61 * DAY), check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: 2, says: /^Revision 1 is due for renewal\. It waits until a window/ },
  { why: "and begins in it", want: { windows: [OPEN] }, facts: aged(61 * DAY), check: "issue-in-turn", does: "Issue", reason: "Renewal" },
  { why: "one open window is enough", want: { windows: [RARE, NEVER, OPEN] }, facts: aged(61 * DAY), check: "issue-in-turn", does: "Issue", reason: "Renewal" },
  { why: "so waits a rotation that was asked for", want: { windows: [NIGHTLY], rotate: "now" }, check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: 2 },
  { why: "and another lifetime", want: { windows: [NIGHTLY], days: 30, renewBefore: DAY }, check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: 2 },
  { why: "no window before expiry: it will begin without, and that is said before", want: { windows: [RARE] }, facts: aged(61 * DAY), check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: 29 * 24 - 2, says: /No window .* before revision 1 has to be replaced: it begins without one/ },
  { why: "an opening at the last call still counts as one", want: { windows: [{ ...NIGHTLY, cron: "0 22 29 1 *" }] }, facts: aged(61 * DAY), check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: 29 * 24 - 2, says: /It waits until/ },
  { why: "then expiry wins", want: { windows: [RARE] }, facts: aged(90 * DAY - 2 * HOUR), check: "issue-urgently", does: "Issue", reason: "Renewal" },
  { why: "not a moment before", want: { windows: [RARE] }, facts: aged(90 * DAY - 2 * HOUR - 1_000), check: "issue-outside-window", does: "wait", reason: "OutsideWindow" },
  { why: "also over a rotation that was asked for", want: { windows: [RARE], rotate: "now" }, facts: aged(90 * DAY - HOUR), check: "issue-urgently", does: "Issue", reason: "Renewal" },
  { why: "what never expires waits for its window", want: { windows: [RARE], days: null, rotate: "now" }, facts: { copy: copy({ record: record([entry(1, { expires: null })]) }), list: [remote(1, { expires: null })] }, check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: 181 * 24 + 2 },
  { why: "and for good where none can open", want: { windows: [NEVER], days: null, rotate: "now" }, facts: { copy: copy({ record: record([entry(1, { expires: null })]) }), list: [remote(1, { expires: null })] }, check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: null, says: /none will open: correct rotation\.windows/ },
  { why: "a skewed API's clock decides, as for all dates", want: { windows: [NIGHTLY], rotate: "now" }, facts: { issuer: present(issuer({ clockOffset: 2 * HOUR })) }, check: "issue-in-turn", does: "Issue", reason: "RotationRequested" },
  { why: "the opening is named by our clock", want: { windows: [NIGHTLY], rotate: "now" }, facts: { issuer: present(issuer({ clockOffset: HOUR })) }, check: "issue-outside-window", does: "wait", reason: "OutsideWindow", due: 1 },
  // Not bound
  { why: "the first revision", want: { windows: [NIGHTLY] }, facts: { copy: { ...NO_COPY, writable: true }, list: [] }, check: "issue-urgently", does: "Issue", reason: "Issuing" },
  { why: "revoked elsewhere", want: { windows: [NIGHTLY] }, facts: { list: [remote(1, { active: false })] }, check: "issue-urgently", does: "Issue", reason: "RevokedElsewhere" },
  { why: "another value in the copy", want: { windows: [NIGHTLY] }, facts: { copy: copy({ record: record([entry(1)]), value: "changed" }) }, check: "issue-urgently", does: "Issue", reason: "SecretChanged" },
  { why: "expired", want: { windows: [NIGHTLY] }, facts: aged(91 * DAY), check: "issue-urgently", does: "Issue", reason: "Expired" },
  { why: "a leak is revoked at once", want: { windows: [NIGHTLY], compromised: 1 }, check: "compromised", does: "Record", reason: "Compromised" },
  { why: "and replaced at once", want: { windows: [NIGHTLY], compromised: 1 }, facts: { copy: copy({ record: record([entry(1, { revoked: { at: NOW, why: "compromised", done: true } })], { fence: 1 }) }), tokens: present(tokens([], { deleted: [101] })) }, check: "issue-urgently", does: "Issue", reason: "Compromised" },
  { why: "retirement", want: { windows: [NIGHTLY], retire: { when: "Unused", minOverlap: 0, idleFor: DAY, maxOverlap: DAY } }, facts: { copy: copy({ record: record([entry(1), entry(2, { created: NOW - 2 * DAY })]) }), list: [remote(1), remote(2, { created: NOW - 2 * DAY })] }, check: "retire-due", does: "Record", reason: "Retiring" },
  // Its place in the order
  { why: "what retires is waited for first", want: { windows: [NIGHTLY], rotate: "now" }, facts: two, check: "issue-in-turn", does: "wait", reason: "AwaitingRetirement" },
  { why: "what is in the way is said first", want: { windows: [NIGHTLY], rotate: "now", paused: true }, check: "issue-blocked", does: "wait", reason: "Paused" },
  { why: "nothing is due: nothing waits", want: { windows: [NIGHTLY] }, check: "rest", does: "rest", reason: "Ready" },
  { why: "a window that never opens is said at once", want: { windows: [NIGHTLY, NEVER] }, check: "window-invalid", does: "stall", reason: "WindowInvalid", says: /^rotation\.windows\[1\]\.timeZone: there is no time zone "Europe\/Zurch"/ },
];

const doing = (made: Plan): string => made.actions[0]?.do ?? made.outcome;

describe("rotation windows", () => {
  it.each(TABLE)("$check: $why", (row) => {
    const made = plan(desired(row.want), observed(row.facts), NOW);
    expect({ check: made.check, does: doing(made), reason: made.reason }).toEqual({ check: row.check, does: row.does, reason: row.reason });
    if (row.says) expect(made.message).toMatch(row.says);
    if (row.due === undefined) return;
    expect(made.nextAction).toMatchObject(row.due === null ? { type: "None", at: null } : { type: "Rotate", at: NOW + row.due * HOUR, reason: made.message });
    expect(made.nextDue).toBe(row.due === null ? null : NOW + row.due * HOUR);
  });

  it("leave Ready as it is while a rotation waits", () => {
    const made = plan(desired({ windows: [NIGHTLY], rotate: "now" }), observed(), NOW);
    expect(made.conditions).toEqual([expect.objectContaining({ type: "Ready", status: "True" })]);
  });

  it.each<[string, Window[], number, RegExp]>([
    ["the opening after the renewal date", [NIGHTLY], 50 * 24 + 2, /due for renewal, and a window opens/],
    ["the renewal date, where a window is open then", [OPEN], 50 * 24, /due for renewal$/],
    ["the last call, where none opens before expiry", [RARE], 80 * 24 - 2, /about to expire, and no window opens before/],
    ["the renewal date, where none is given", [], 50 * 24, /due for renewal$/],
  ])("name the date at which the rotation will begin: %s", (_, windows, hours, reason) => {
    const made = plan(desired({ windows }), observed(), NOW);
    expect(made.nextAction).toMatchObject({ type: "Rotate", at: NOW + hours * HOUR, reason: expect.stringMatching(reason) as string });
    expect(made.nextDue).toBe(NOW + hours * HOUR);
    // And then it begins.
    expect(doing(plan(desired({ windows }), observed(), NOW + hours * HOUR))).toBe("Issue");
    expect(doing(plan(desired({ windows }), observed(), NOW + hours * HOUR - 1_000))).not.toBe("Issue");
  });
});
