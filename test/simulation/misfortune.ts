// Misfortunes seldom come singly: what befalls a world right where something has just gone wrong. Chance alone would
// bring the two together too seldom to be searched for.
import type { Record } from "../../core/record.ts";
import { delivered, recordOf } from "./truth.ts";
import type { Ref, World } from "./world.ts";

/** A revocation of ours is left half done by a process that died, and somebody revokes what took its place. */
export function onDeath(world: World): void {
  const pending = recordOf(world)?.revisions.some(({ revoked }) => revoked && !revoked.done);
  if (pending && world.faults && world.random.chance(0.3)) revokeSoon(world);
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
  if (!world.faults || world.beside || world.stack || !world.random.chance(0.5)) return;
  world.time.in(world.random.span(10, 15_000), () => (isBetween(world) ? changeMind(world) : letGo(world)));
}

/** The resource has moved, and nothing was issued at its new issuer yet: its person names a third one. */
export function onMove(world: World, before: Record | null, after: Record): void {
  if (!before || before.issuer.ref === after.issuer.ref) return;
  if (world.faults && !world.beside && world.random.chance(0.1)) world.time.in(world.random.span(10, 2_000), () => changeMind(world));
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
  if (!object?.held || object.deleting) return;
  world.tell(() => "PERSON deletes it");
  object.deleting = true;
  world.outside(500);
}
