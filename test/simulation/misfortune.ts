// Misfortunes seldom come singly: what befalls a world right where something has just gone wrong. Chance alone would
// bring the two together too seldom to be searched for.
import { DAY, MINUTE } from "../../core/duration.ts";
import { tokenName } from "../../core/name.ts";
import type { Record } from "../../core/record.ts";
import type { Writing } from "../../tokenapi/target.ts";
import { CREDENTIAL, type Site, type Token } from "./ledger.ts";
import { delivered, recordOf, siteOf } from "./truth.ts";
import type { Version } from "./secret.ts";
import type { Ref, World } from "./world.ts";

/** A revocation of ours is left half done by a process that died, and somebody revokes what took its place. */
export function onDeath(world: World): void {
  const pending = recordOf(world)?.revisions.some(({ revoked }) => revoked && !revoked.done);
  if (pending && world.faults && world.random.chance(0.3)) revokeSoon(world);
  if (world.faults && world.secret.refusal !== null && world.luck.chance(0.8)) world.time.in(world.luck.span(30_000, 2 * MINUTE), () => again(world));
}

/** Writes begin to be refused right when a new token is wanted. */
export function onRefused(world: World): void {
  const { object, luck, time } = world;
  if (!object || object.deleting || world.beside || world.stack || !luck.chance(0.3)) return;
  object.spec.rotate = `r${luck.int(1_000_000)}`;
  world.causes++;
  world.outside(500);
  time.in(luck.span(30_000, 2 * MINUTE), () => again(world));
}

/** What cannot be written has its process restarted again and again. */
function again(world: World): void {
  if (world.faults && world.secret.refusal !== null) world.replicas.at(-1)?.die("once more");
}

/** Somebody revokes what stands delivered. */
export function revokeSoon(world: World): void {
  world.time.in(world.random.span(10, 2_000), () => {
    const token = delivered(world);
    if (!token || !world.ledger.isValid(token)) return;
    world.tell(() => `  somebody revokes r${token.number}`);
    world.ledger.revoke(token.id, "outside");
    world.causes += 2;
    world.outside(1_000);
  });
}

/** A POST was given up that may still take effect: meanwhile its person wants it elsewhere, or not at all. */
export function onGivenUp(world: World): void {
  if (!world.faults || world.beside) return;
  if (world.stack) {
    if (world.luck.chance(0.4)) world.time.in(1, () => rename(world));
    else if (world.luck.chance(0.5)) world.time.in(world.luck.span(12_000, 3 * MINUTE), () => letGo(world));
    return;
  }
  if (!world.random.chance(0.5)) return;
  world.time.in(world.random.span(10, 15_000), () => {
    if (isBetween(world)) return changeMind(world);
    if (world.luck.chance(0.2)) forget(world);
    letGo(world);
  });
}

/** The record is written: what it tells of, its world knows how to spoil. */
export function onRecorded(world: World, before: Record | null, after: Record): void {
  onMove(world, before, after);
  onRemembered(world, before, after);
}

/** An up that gave up a POST is interrupted, and the next one asks for another name: the same number will be there twice. */
function rename(world: World): void {
  const { stack, object, faults } = world;
  if (!faults || !object || object.deleting) return;
  world.tell(() => "PERSON interrupts it, and wants another name");
  world.causes += 3;
  stack?.interrupt();
  object.spec.base = object.spec.base === "ingest" ? "data-ingest" : "ingest";
  stack?.soon(5_000);
}

/** The resource has moved, and nothing was issued at its new issuer yet: its person names a third one. */
function onMove(world: World, before: Record | null, after: Record): void {
  if (!before || before.issuer.ref === after.issuer.ref) return;
  if (world.faults && !world.beside && world.random.chance(0.1)) world.time.in(world.random.span(10, 2_000), () => changeMind(world));
  if (world.faults && !world.beside && world.luck.chance(0.2)) twin(world, after);
}

/** At the new issuer somebody else runs with our mark too, and has come to the very number that stands delivered. */
function twin(world: World, { issuer }: Record): void {
  const { ledger, luck, time } = world;
  const current = delivered(world);
  if (!current || siteOf(issuer) === current.place) return;
  const isAhead = luck.chance(0.3);
  const token = theirs(world, siteOf(issuer), current.number + (isAhead ? 1 : 0));
  if (!token) return;
  time.in(luck.span(70_000, 10 * MINUTE), () => use(world, token));
  if (isAhead && luck.chance(0.5)) {
    time.in(luck.span(10, 1_000), () => isBetween(world) && changeMind(world));
    return revokeSoon(world);
  }
  if (luck.chance(0.5)) time.in(luck.span(1_000, 12 * MINUTE), () => ledger.isValid(token) && ledger.revoke(token.id, "outside"));
}

const use = ({ ledger, time }: World, token: Token): void => {
  if (ledger.use(token.value)) token.uses.push(time.now);
};

/** A copy of this installation has a token of a number at one API, often for a while, and uses it; null: it cannot. */
function theirs(world: World, place: Site | null, number: number): Token | null {
  const { ledger, luck, object } = world;
  const owner = ledger.users.find((user) => user.active && (world.kind === "PersonalToken" ? user.id === CREDENTIAL : user.place === place));
  const name = tokenName("data-ingest", world.mark, number);
  if (!owner || !place || place === "nobody" || !object) return null;
  if ([...ledger.tokens.values()].some((other) => other.place === place && other.name === name)) return null;
  const age = Math.max(0, Math.min(ledger.clock - object.since, luck.pick([0, 10 * MINUTE])));
  const token = ledger.issue({ name, days: 30, scim: false, owner: owner.id, place, ago: Math.floor(age / 1_000) * 1_000 }, "clone");
  world.tell(() => `  a copy of this installation issued r${token.number} (#${token.id}) at ${place}`);
  world.causes += 3;
  if (age > 2 * MINUTE) use(world, token);
  return token;
}

/** The record tells of something that nothing else does: a second owner, or that nothing is asked for where the resource is. */
function onRemembered(world: World, before: Record | null, after: Record): void {
  const { faults, beside, luck, time, object } = world;
  if (!faults || beside) return;
  if (after.others?.length && !before?.others?.length && luck.chance(0.4)) time.in(luck.span(MINUTE, 20 * MINUTE), () => letGo(world));
  if (!after.former?.onward || before?.former?.onward || !luck.chance(0.8)) return;
  time.in(luck.span(6 * MINUTE, 9.8 * MINUTE), () => {
    const { ref } = recordOf(world)?.issuer ?? {};
    if (!world.faults || !object || world.object !== object || object.deleting || ref === undefined) return;
    world.tell(() => `PERSON wants it at ${ref} after all`);
    object.spec.issuerRef = ref as Ref;
    world.nextLate = true;
    world.causes += 4;
    world.outside(500);
  });
}

/** A number that is yet to come is called compromised: the next ones leave it out, and are no good either. */
export function onCompromised(world: World, number: number | null): void {
  const { luck, time, object } = world;
  if (!object || number === null || world.beside || number <= (recordOf(world)?.fence ?? 0) || !luck.chance(0.5)) return;
  world.tell(() => "  and what is issued next does not authenticate");
  world.refusedUntil = time.now + luck.span(MINUTE, 10 * MINUTE);
  object.spec.rotate = `besides r${number}`;
  world.causes += 3;
}

/** The issuer is gone, and a clock of ours jumps, when its person names another one. */
export function onGone(world: World, gone: Ref): void {
  const { object, luck, time } = world;
  if (!world.faults || !object || world.beside || world.stack || !luck.chance(0.6)) return;
  time.in(luck.span(100, 5_000), () => {
    if (!world.faults || world.object !== object || object.deleting) return;
    for (const replica of world.replicas) replica.shift = luck.pick([90, -90]) * DAY;
    object.spec.issuerRef = luck.pick((["a", "b", "c"] as Ref[]).filter((ref) => ref !== gone));
    world.tell(() => `PERSON names another issuer: ${object.spec.issuerRef}, and clocks jump`);
    world.causes += 4;
    world.outside(500);
    if (luck.chance(0.5)) time.in(luck.span(2_000, 2 * MINUTE), () => changeMind(world));
  });
}

/** A token was issued, and the way to its delivery is barred: meanwhile somebody revokes it. */
export function onIssued(world: World, token: Token): void {
  const { secret, luck, time, ledger, object } = world;
  if (!world.faults || world.beside || world.stack) return;
  if (world.profile.mode === "replicas" && luck.chance(0.03)) sluggish(world);
  if (secret.refusal !== null || !luck.chance(isBetween(world) ? 0.2 : 0.02)) return;
  // The first of all, of which no record tells where it is.
  if (object && !object.deleting && recordOf(world) === null && luck.chance(0.7)) {
    world.tell(() => "PERSON names another issuer");
    object.spec.issuerRef = luck.pick((["a", "b", "c"] as Ref[]).filter((ref) => ref !== object.spec.issuerRef));
    world.outside(500);
  }
  world.tell(() => "  and the Secret refuses to be written");
  secret.refusal = "quota exceeded";
  world.causes += 2;
  time.in(luck.span(10, 20_000), () => {
    if (!ledger.isValid(token)) return;
    world.tell(() => `  somebody revokes r${token.number}`);
    ledger.revoke(token.id, "outside");
    world.outside(1_000);
    if (isBetween(world) && luck.chance(0.5)) time.in(luck.span(100, 5_000), () => changeMind(world));
  });
  time.in(luck.span(MINUTE, 10 * MINUTE), () => (secret.refusal = null));
}

/** A value was delivered: its consumer uses it, and right then the copy of before is put back. */
export function onDelivered(world: World, { value }: Writing, before: Version | null): void {
  const { secret, luck, time, ledger } = world;
  const token = typeof value === "string" ? null : ledger.ofValue(value.reveal());
  if (!token || !world.faults || world.beside || world.rival || !before?.value || !luck.chance(0.03)) return;
  time.in(luck.span(1_000, 2 * MINUTE), () => {
    const { current } = secret;
    if (!world.faults || !current || current.value !== token.value || current.owner !== before.owner || world.object?.deleting !== false) return;
    if (ledger.use(token.value)) token.uses.push(time.now);
    world.tell(() => `  r${token.number} is used, and the Secret of before is put back`);
    world.touch();
    secret.put({ ...before });
    world.causes += 3;
    world.outside(500);
  });
}

/** A revocation of an up is sent: its person presses Ctrl-C before it can save anything. */
export function onRevoked({ stack, luck, time, faults }: World): void {
  if (stack && faults && luck.chance(0.2)) time.in(1, () => stack.interrupt());
}

/** Somebody runs with our mark: once it uses what it issued its person lets ours go; or our memory goes, and nothing may be begun. */
export function onCopied(world: World): void {
  const { object, secret, luck, time } = world;
  if (luck.chance(0.15)) time.in(luck.span(2 * MINUTE, 30 * MINUTE), () => letGo(world));
  if (object && !object.deleting && luck.chance(0.15)) {
    object.spec.onExternalChange = "Report";
    const token = delivered(world);
    if (token) time.in(luck.span(3 * MINUTE, 30 * MINUTE), () => comeBack(world, token));
    return revokeSoon(world);
  }
  if (!world.faults || world.beside || world.stack || !object || object.deleting || secret.current?.owner !== object.uid || !luck.chance(0.25)) return;
  world.tell(() => "PERSON pauses it");
  object.spec.paused = true;
  forget(world);
}

/** The record is removed from the Secret. */
function forget(world: World): void {
  const { secret, object } = world;
  const { current } = secret;
  if (!world.faults || !object || current?.owner !== object.uid) return;
  world.tell(() => "  the record is removed");
  world.touch();
  secret.put({ ...current, record: null, ownAlone: false });
  world.causes += 2;
  world.outside(500);
}

/** Two replicas, and what is new does not authenticate: each trial takes so long that the other one clears the token meanwhile. */
function sluggish(world: World): void {
  const until = world.time.now + world.luck.span(2 * MINUTE, 6 * MINUTE);
  world.tell(() => "  and new tokens do not authenticate, and say so slowly");
  world.refusedUntil = world.sluggishUntil = until;
  world.causes++;
}

/** Somebody takes a revocation back, and then wants a new token. */
function comeBack(world: World, token: Token): void {
  const { object, ledger } = world;
  if (!world.faults || !object || object.deleting || token.deleted || token.active || delivered(world) !== token) return;
  world.tell(() => `  somebody restores r${token.number}, and asks for a rotation`);
  ledger.restore(token.id, "outside");
  object.spec.rotate = `after r${token.number}`;
  world.causes += 3;
  world.outside(1_000);
}

function isBetween(world: World): boolean {
  const record = recordOf(world);
  return record?.former !== undefined && record.revisions.every(({ former }) => former);
}

function changeMind(world: World): void {
  const { object } = world;
  const record = recordOf(world);
  if (!object || object.deleting || !record?.former || !isBetween(world)) return;
  const third = (["a", "b", "c"] as Ref[]).find((ref) => ref !== record.issuer.ref && ref !== record.former?.ref);
  if (!third) return;
  world.tell(() => `PERSON names a third issuer: ${third}`);
  object.spec.issuerRef = third;
  // Somebody else is there with our mark, and in use.
  const beyond = world.luck.chance(0.3) ? theirs(world, siteOf(record.issuer), record.fence + 3) : null;
  if (beyond) world.time.in(world.luck.span(70_000, 4 * MINUTE), () => use(world, beyond));
  world.causes += 4;
  world.outside(500);
}

function letGo(world: World): void {
  const { object } = world;
  if (!world.faults || !object || object.deleting || !(object.held || world.stack)) return;
  world.tell(() => "PERSON deletes it");
  object.deleting = true;
  world.outside(500);
}
