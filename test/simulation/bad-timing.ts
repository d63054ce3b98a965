// Misfortunes of requests and processes: what goes wrong at the very step where that does the most harm.
import { DAY, HOUR, MINUTE } from "../../core/duration.ts";
import type { Plan } from "../../core/plan.ts";
import { revokeSoon } from "./misfortune.ts";
import type { Process } from "./process.ts";
import { delivered, recordOf } from "./truth.ts";
import type { World } from "./world.ts";

/** A process is about to look once more before it acts on what it has seen: it stands still for longer than that is true. */
export function onPlanned(of: Process, { check, actions: [action] }: Plan): void {
  const { faults, luck, profile, stack } = of.world;
  if (!faults || stack || !action) return;
  if (action.do === "Try" && luck.chance(0.1)) of.standsFor = luck.span(65_000, 150_000);
  // Whoever leads has lost the lead by then, and may do nothing.
  if (check === "lost-token" && action.do === "Look" && action.at === "copy" && profile.mode === "replicas" && luck.chance(0.1)) of.standsFor = luck.span(60_000, 4 * MINUTE);
}

/** What becomes of a request for certain; null: that is left to chance. */
export function ill({ world }: Process, name: string): "late" | "500" | null {
  const { faults, stack, luck } = world;
  if (!faults) return null;
  if (name === "issue" && world.nextLate) {
    world.nextLate = false;
    return "late";
  }
  // A revocation that an up could not send stays in the state: meanwhile somebody revokes what took its place.
  if (name !== "revoke" || !stack) return null;
  if (world.barredUntil > world.time.now) return "500";
  if (!luck.chance(0.1)) return null;
  world.barredUntil = world.time.now + luck.span(20_000, 2 * MINUTE);
  if (luck.chance(0.7)) world.time.in(luck.span(1_000, MINUTE), () => revokeSoon(world));
  return "500";
}

/** A request that an up had given up took effect: nobody runs another one for a day, and then the resource is let go. */
export function onLate(world: World): void {
  const { stack, luck, object, time } = world;
  const current = delivered(world);
  if (!stack || !world.faults || !object || object.deleting || !current || recordOf(world)?.current !== current.number || !luck.chance(0.5)) return;
  stack.rest(time.now + luck.span(DAY + HOUR, 2 * DAY));
  world.tell(() => "PERSON removes it from the program, and runs no up for a day");
  object.deleting = true;
}
