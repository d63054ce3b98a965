import { describe, expect, it } from "vitest";
import { DAY, HOUR } from "../../core/duration.ts";
import { defaultRenewBefore, deleteAt, lastCall, minOverlap, renewAt, retireAt } from "../../core/dates.ts";
import type { Desired } from "../../core/desired.ts";
import { present } from "../../core/observed.ts";
import { situate } from "../../core/situation.ts";
import { copy, desired, entry, issuer, NOW, observed, record, remote } from "./situations.ts";

const one = entry(1);

describe("renewal", () => {
  it.each<[string, Partial<Desired>, number | null, number | null]>([
    ["before expiry", {}, one.expires, (one.expires ?? 0) - 30 * DAY],
    ["so long after issue", { every: DAY }, null, one.created + DAY],
    ["whichever comes first", { every: 70 * DAY }, one.expires, (one.expires ?? 0) - 30 * DAY],
    ["never", {}, null, null],
  ])("%s", (_, want, expires, at) => {
    expect(renewAt(desired(want), { ...one, expires })).toBe(at);
  });

  it("is due by default when a third of the lifetime is left, in whole seconds", () => {
    expect(defaultRenewBefore(90)).toBe(30 * DAY);
    expect(defaultRenewBefore(1) % 1_000).toBe(0);
  });

  it("can wait until the overlap and an hour are left, and no longer", () => {
    const s = situate(desired(), observed(), NOW);
    expect(lastCall(s, one)).toBe((one.expires ?? 0) - 2 * HOUR);
    expect(lastCall(s, { ...one, expires: null })).toBeNull();
    const tight = situate(desired({ renewBefore: 15_000, retire: { when: "Unused", minOverlap: 2_000, idleFor: 0, maxOverlap: 10_000 } }), observed(), NOW);
    expect(lastCall(tight, one)).toBe((one.expires ?? 0) - 2_000 - 7_500);
  });

  it("waits half of renewBefore where nobody comes back by a date of ours", () => {
    const s = situate(desired(), observed({ copy: copy({ record: record([one]), exclusive: true }) }), NOW);
    expect(lastCall(s, one)).toBe((one.expires ?? 0) - HOUR - 15 * DAY);
  });
});

interface Retiring {
  readonly why: string;
  readonly retire: Desired["retire"];
  readonly oldUsed?: number;
  readonly newUsed?: number;
  readonly oldExpires?: number;
  readonly at: number;
  readonly byUse?: boolean;
}

const delivered = NOW - 2 * DAY;
const unused = { when: "Unused", minOverlap: HOUR, idleFor: DAY, maxOverlap: 7 * DAY } as const;

describe("retirement", () => {
  it.each<Retiring>([
    { why: "Deadline: at minOverlap", retire: { ...unused, when: "Deadline" }, at: delivered + HOUR },
    { why: "nobody uses the new one: at maxOverlap", retire: unused, at: delivered + 7 * DAY },
    { why: "our own verification is no use", retire: unused, newUsed: delivered + 1_000, at: delivered + 7 * DAY },
    { why: "the new one is used and the old one was idle", retire: unused, newUsed: delivered + HOUR, at: delivered + DAY, byUse: true },
    { why: "the old one was used since", retire: unused, newUsed: delivered + HOUR, oldUsed: NOW - HOUR, at: NOW - HOUR + DAY, byUse: true },
    { why: "idle is never shorter than a resync", retire: { ...unused, idleFor: 0, minOverlap: 0 }, newUsed: delivered + HOUR, at: delivered + 60_000, byUse: true },
    { why: "never before minOverlap", retire: { ...unused, idleFor: 0, minOverlap: 3 * DAY }, newUsed: delivered + HOUR, at: delivered + 3 * DAY, byUse: true },
    { why: "never past maxOverlap", retire: unused, newUsed: delivered + HOUR, oldUsed: delivered + 7 * DAY, at: delivered + 7 * DAY },
    { why: "never past its own expiry", retire: unused, oldExpires: delivered + DAY, at: delivered + DAY },
    { why: "minOverlap is cut to what is left of its life", retire: { ...unused, when: "Deadline", minOverlap: 5 * DAY }, oldExpires: delivered + DAY, at: delivered + DAY },
  ])("$why", ({ retire, oldUsed, newUsed, oldExpires, at, byUse }) => {
    const expires = oldExpires ?? one.expires;
    const current = entry(2, { created: delivered });
    const s = situate(
      desired({ retire }),
      observed({
        copy: copy({ record: record([{ ...one, expires }, current]) }),
        list: [remote(1, { expires, lastUsed: oldUsed ?? null }), remote(2, { created: delivered, lastUsed: newUsed ?? null })],
      }),
      NOW,
    );
    const [old] = s.retiring;
    if (!old || !s.current) throw new Error("both revisions are there");
    expect(retireAt(s, old, s.current)).toMatchObject({ at, byUse: byUse ?? false });
  });

  it("owes the larger of the resource's and the issuer's overlap", () => {
    const policy = { ...issuer().policy, minOverlap: 2 * HOUR };
    expect(minOverlap(situate(desired(), observed({ issuer: present(issuer({ policy })) }), NOW))).toBe(2 * HOUR);
  });
});

describe("deletion", () => {
  it("waits for a restore, but not for a leaked one", () => {
    expect(deleteAt(desired(), one)).toBeNull();
    expect(deleteAt(desired(), { ...one, revoked: { at: NOW, why: "retired", done: true } })).toBe(NOW + 7 * DAY);
    expect(deleteAt(desired(), { ...one, revoked: { at: NOW, why: "compromised", done: true } })).toBe(NOW);
  });
});
