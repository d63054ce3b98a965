// Misfortunes seldom come singly: what befalls a world right where something has just gone wrong. Chance alone would
// bring the two together too seldom to be searched for.
import { DAY, MINUTE } from "../../core/duration.ts";
import type { Record } from "../../core/record.ts";
import type { Writing } from "../../tokenapi/target.ts";
import { CREDENTIAL, type Token } from "./ledger.ts";
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
    if (world.luck.chance(0.5)) world.time.in(world.luck.span(12_000, 3 * MINUTE), () => letGo(world));
    return;
  }
  if (!world.random.chance(0.5)) return;
  world.time.in(world.random.span(10, 15_000), () => (isBetween(world) ? changeMind(world) : letGo(world)));
}

/** The resource has moved, and nothing was issued at its new issuer yet: its person names a third one. */
export function onMove(world: World, before: Record | null, after: Record): void {
  if (!before || before.issuer.ref === after.issuer.ref) return;
  if (world.faults && !world.beside && world.random.chance(0.1)) world.time.in(world.random.span(10, 2_000), () => changeMind(world));
  if (world.faults && !world.beside && world.luck.chance(0.2)) twin(world, after);
}

/** At the new issuer somebody else runs with our mark too, and has come to the very number that stands delivered. */
function twin(world: World, { issuer }: Record): void {
  const { ledger, luck, time } = world;
  const current = delivered(world);
  const place = siteOf(issuer);
  const owner = ledger.users.find((user) => user.active && (world.kind === "PersonalToken" ? user.id === CREDENTIAL : user.place === place));
  if (!current || !owner || !place || place === "nobody" || place === current.place) return;
  if ([...ledger.tokens.values()].some((other) => other.place === place && other.name === current.name)) return;
  const token = ledger.issue({ name: current.name, days: 30, scim: false, owner: owner.id, place }, "clone");
  world.tell(() => `  a copy of this installation issued r${token.number} (#${token.id}) there`);
  world.causes += 3;
  time.in(luck.span(70_000, 10 * MINUTE), () => {
    if (ledger.use(token.value)) token.uses.push(time.now);
    if (luck.chance(0.5) && ledger.isValid(token)) time.in(luck.span(1_000, 5 * MINUTE), () => ledger.isValid(token) && ledger.revoke(token.id, "outside"));
  });
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
  const { secret, luck, time, ledger } = world;
  if (!world.faults || world.beside || world.stack || secret.refusal !== null || !luck.chance(isBetween(world) ? 0.2 : 0.02)) return;
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
  const { current } = secret;
  if (!world.faults || world.beside || world.stack || !object || object.deleting || current?.owner !== object.uid || !luck.chance(0.25)) return;
  world.tell(() => "PERSON pauses it, and the record is removed");
  object.spec.paused = true;
  world.touch();
  secret.put({ ...current, record: null, ownAlone: false });
  world.causes += 2;
  world.outside(500);
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
