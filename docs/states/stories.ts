// The situations that docs/states.md is drawn from: what happens to a resource, in the order in which it happens.
// What the engine answers is written nowhere here.
import { DAY } from "../../core/duration.ts";
import { absent, present, unknown } from "../../core/observed.ts";
import type { DesiredForm, ObservedForm } from "../../core/explain-form.ts";
import { NOW, type World } from "./world.ts";

/** Something that happens while the engine has nothing to do. */
export interface Happening {
  readonly what: string;
  readonly happens: (world: World) => void;
}

export interface Story {
  readonly name: string;
  /** The revision that is followed. */
  readonly follow: number;
  readonly desired?: DesiredForm;
  readonly observed?: ObservedForm;
  /** So many actions are done before the first happening, though more are to be done. */
  readonly begin?: number;
  readonly then: readonly Happening[];
}

const FIRST = { number: 1, created: "2025-12-20T00:00:00Z" };
const SECOND = { number: 2, created: "2025-12-30T00:00:00Z" };
const one: ObservedForm = { copy: { record: { revisions: [FIRST] } } };
const two: ObservedForm = { copy: { record: { revisions: [FIRST, SECOND] } } };
/** Revision 1 is revoked, and kept for a restore. */
const past: ObservedForm = { copy: { record: { revisions: [{ ...FIRST, revoked: { at: "2025-12-31T00:00:00Z", why: "retired" } }, SECOND] } } };
const unrecorded = { revision: 1, created: "2025-12-31T00:00:00Z" };

const happening = (what: string, happens: Happening["happens"]): Happening => ({ what, happens });

const want = (what: string, change: Parameters<World["want"]>[0]): Happening => happening(what, (world) => world.want(change));

/** The next date that the engine named comes. */
const due = (what: string): Happening =>
  happening(what, (world) => {
    const { nextDue } = world.plan();
    if (nextDue === null) throw new Error(`${what}: the engine names no date`);
    world.pass(nextDue - world.case.now);
    world.list();
  });

const inList = (what: string, number: number, change: object | null): Happening =>
  happening(what, (world) => {
    world.pass();
    world.list((tokens) => tokens.flatMap((token) => (token.id !== 100 + number ? token : change === null ? [] : { ...token, ...change })));
  });

const used = (number: number): Happening =>
  happening(`revision ${number} is used`, (world) => {
    world.pass(DAY / 2);
    world.list((tokens) => tokens.map((token) => (token.id === 100 + number ? { ...token, lastUsed: world.case.now } : token)));
  });

const crash = happening("the process dies", (world) => {
  world.pass();
  world.see({ hand: null });
});
const fails = happening("it does not authenticate", (world) => {
  world.verifyFails = "401";
});
const secretChanged = happening("the value in the Secret is replaced", (world) => world.see({ copy: present({ ...world.copy, value: "changed" }) }));
const fencedOff = happening("another process gives it up", (world) => {
  const { record } = world.copy;
  world.see({ copy: present({ ...world.copy, place: "ours", record: { ...(record ?? { mark: world.case.desired.mark, issuer: { url: "https://qualytics.example", userId: 1 }, current: null, revisions: [] }), fence: 2 } }) });
});
const deleting = want("the object is deleted", { deleting: true });
const silent = happening("the API cannot be reached", (world) => world.see({ tokens: unknown("TokensUnknown", "The API cannot be reached.") }));
const later = (days: number, what: string): Happening =>
  happening(what, (world) => {
    world.pass(days * DAY);
    world.list();
  });

const REVOKED = { active: false };

export const STORIES: readonly Story[] = [
  { name: "A life", follow: 1, then: [due("renewal is due"), used(2), due("the old one has stood still"), due("keepRevokedFor is over")] },
  { name: "The new one is never used", follow: 1, observed: one, then: [due("renewal is due"), due("maxOverlap is over")] },
  { name: "state: Revoked and back", follow: 1, observed: one, then: [want("the spec says state: Revoked", { state: "Revoked" }), want("the spec says state: Active", { state: "Active" })] },
  { name: "state: Revoked until it expired", follow: 1, observed: one, then: [want("the spec says state: Revoked", { state: "Revoked" }), later(100, "expiry passes"), want("the spec says state: Active", { state: "Active" })] },
  { name: "Compromised", follow: 1, observed: one, then: [want("a person reports it as compromised", { compromised: 1 })] },
  { name: "Revoked elsewhere: Reissue", follow: 1, observed: one, then: [inList("somebody revokes it", 1, REVOKED), due("keepRevokedFor is over")] },
  { name: "Revoked elsewhere: Restore", follow: 1, desired: { spec: { onExternalChange: "Restore" } }, observed: one, then: [inList("somebody revokes it", 1, REVOKED)] },
  { name: "Revoked elsewhere: Report", follow: 1, desired: { spec: { onExternalChange: "Report" } }, observed: one, then: [inList("somebody revokes it", 1, REVOKED)] },
  { name: "Deleted elsewhere", follow: 1, observed: one, then: [inList("somebody deletes it", 1, null)] },
  { name: "A retiring one is revoked elsewhere", follow: 1, observed: two, then: [inList("somebody revokes it", 1, REVOKED)] },
  { name: "Expired while nobody ran", follow: 1, observed: one, then: [later(100, "expiry passes")] },
  { name: "Another value in the Secret", follow: 1, observed: one, then: [secretChanged] },
  { name: "Urgent while an older one retires", follow: 1, observed: two, then: [secretChanged] },
  { name: "Somebody wrote the Secret", follow: 1, observed: one, then: [happening("somebody writes the Secret", (world) => world.see({ copy: present({ ...world.copy, value: "unread" }) }))] },
  { name: "A lost answer", follow: 1, observed: one, then: [happening("a request gets no answer", (world) => world.see({ uncertainAt: world.case.now }))] },
  { name: "Died before delivery", follow: 1, begin: 1, then: [crash] },
  { name: "Given up by another process", follow: 2, observed: one, begin: 1, desired: { annotations: { rotate: "now" } }, then: [fencedOff] },
  { name: "Revoked before delivery", follow: 1, begin: 1, then: [inList("somebody revokes it", 1, REVOKED)] },
  { name: "Verification fails", follow: 1, begin: 1, then: [fails] },
  { name: "Nobody's record, and in use", follow: 1, observed: { tokens: [{ ...unrecorded, lastUsed: "2025-12-31T12:00:00Z" }] }, then: [] },
  { name: "Nobody's record, and never used", follow: 1, observed: { tokens: [unrecorded] }, then: [] },
  { name: "A second owner", follow: 2, observed: { ...one, tokens: [{ revision: 1 }, { revision: 2, created: "2025-12-30T00:00:00Z", lastUsed: "2025-12-31T12:00:00Z" }] }, then: [] },
  { name: "Of an earlier life", follow: 1, desired: { since: NOW }, observed: { tokens: [unrecorded] }, then: [] },
  { name: "Rollback", follow: 1, observed: past, then: [want("a person asks for a rollback", { rollback: 1 })] },
  { name: "Restored elsewhere", follow: 1, observed: past, then: [inList("somebody restores it", 1, { active: true })] },
  { name: "The copy looks different", follow: 1, observed: one, then: [want("template or labels change", { look: "another" })] },
  { name: "No service user", follow: 1, observed: { owner: { is: "absent" } }, then: [] },
  { name: "Another's Secret", follow: 1, observed: { copy: { place: "foreign" } }, then: [] },
  { name: "The issuer is gone", follow: 1, observed: one, then: [happening("the issuer is deleted", (world) => world.see({ issuer: absent("There is no such issuer.") }))] },
  { name: "Another url", follow: 1, observed: { ...one, issuer: { url: "https://elsewhere.example" }, copy: { record: { issuer: { url: "https://qualytics.example" }, revisions: [FIRST] } } }, then: [] },
  { name: "Silence", follow: 1, observed: one, then: [silent] },
  { name: "The copy cannot be read", follow: 1, observed: { copy: { is: "unknown" } }, then: [] },
  { name: "Paused", follow: 1, observed: one, then: [want("a person pauses it, and asks for a rotation", { paused: true, rotate: "now" })] },
  { name: "Outside the window", follow: 1, desired: { spec: { rotation: { windows: [{ cron: "0 2 * * 1-5", duration: "4h", timeZone: "Europe/Zurich" }] } } }, observed: one, then: [want("a person asks for a rotation", { rotate: "now" }), due("the window opens")] },
  { name: "A window that cannot be", follow: 1, desired: { spec: { rotation: { windows: [{ cron: "0 2 * * *", duration: "4h", timeZone: "Nowhere/At_All" }] } } }, observed: one, then: [] },
  { name: "A rotation while one retires", follow: 2, observed: { ...two, tokens: [{ revision: 1, lastUsed: "2025-12-31T23:00:00Z" }, { revision: 2, lastUsed: "2025-12-31T23:00:00Z" }] }, then: [want("a person asks for a rotation", { rotate: "now" })] },
  { name: "Deletion", follow: 1, observed: one, then: [deleting] },
  { name: "Deletion after a lost answer", follow: 1, observed: one, then: [happening("the object is deleted", (world) => {
    world.see({ uncertainAt: world.case.now });
    world.want({ deleting: true });
  })] },
  { name: "Deletion: Revoke", follow: 1, desired: { spec: { deletionPolicy: "Revoke" } }, observed: one, then: [deleting] },
  { name: "Deletion: Orphan", follow: 1, desired: { spec: { deletionPolicy: "Orphan" } }, observed: one, then: [deleting] },
  { name: "Deletion of an imported token", follow: 1, observed: { copy: { record: { revisions: [{ ...FIRST, name: "imported" }] } } }, then: [deleting] },
  { name: "Deletion before delivery", follow: 1, begin: 1, then: [deleting] },
  { name: "Deletion without the API", follow: 1, observed: one, then: [silent, deleting, want("a person lets go", { abandon: true })] },
];

