// One resource in front of the engine: what is wanted, what the state holds, the session all resources share.
import type { Desired } from "../core/desired.ts";
import { LifecycleError } from "../core/error.ts";
import type { EventText } from "../core/hit.ts";
import { unknown, type Observed } from "../core/observed.ts";
import { plan, type Plan } from "../core/plan.ts";
import { situate, type Situation } from "../core/situation.ts";
import type { Clock } from "../tokenapi/clock.ts";
import { converge, observe, type Situated } from "../tokenapi/converge.ts";
import { execute } from "../tokenapi/execute.ts";
import { blankMemory } from "../tokenapi/memory.ts";
import type { UserRef } from "../tokenapi/users.ts";
import type { Session } from "./session.ts";
import { goOn, whileRunning } from "./stop.ts";
import { NOT_SAVED_YET, StateTarget, type Stored } from "./state-target.ts";

export interface Scene {
  readonly at: Situated;
  readonly target: StateTarget;
  readonly clock: Clock;
  /** What ends the operation; null: nothing does. */
  readonly signal: AbortSignal | null;
  /** Whether it only looks at this moment: no value is in hand, and nothing is under way that changes something. */
  readonly looks: () => boolean;
}

export interface View {
  readonly plan: Plan;
  readonly situation: Situation;
  /** What kept the view from being complete, or the work from being done; null: nothing. */
  readonly error: LifecycleError | null;
  /** All that this call may do is done; the rest is for the next one. */
  readonly isEnough: boolean;
}

/** The spec's serviceUser, checked before. */
export function ownerOf(serviceUser: unknown): UserRef | null {
  if (typeof serviceUser !== "object" || serviceUser === null) return null;
  if ("id" in serviceUser && typeof serviceUser.id === "number") return { id: serviceUser.id };
  return "name" in serviceUser && typeof serviceUser.name === "string" ? { name: serviceUser.name } : null;
}

export function sceneOf({ issuer, signal }: Session, desired: Desired, { token, record }: Stored, serviceUser: unknown): Scene {
  // Every administrator sees the same service tokens: whose credential runs the update does not matter.
  const shared = record && desired.kind === "ServiceToken" && record.issuer.url === issuer.url ? { ...record, issuer: { ...record.issuer, userId: issuer.userId } } : record;
  const target = new StateTarget({ token, record: shared }, () => issuer.clock.monotonic());
  const memory = blankMemory();
  const ends = signal?.() ?? null;
  let changes = false;
  const at: Situated = {
    desired,
    issuer,
    target,
    memory,
    issuerProblem: null,
    policy: null,
    owner: ownerOf(serviceUser),
    held: () => true,
    alone: true,
    clock: issuer.clock,
    guard: () => {
      // A value in memory exists nowhere else: it is brought to its place, whoever is impatient.
      if (memory.hand === null) goOn(ends);
      changes = true;
    },
    traced: () => {
      changes = false;
    },
  };
  return { at, target, clock: issuer.clock, signal: ends, looks: () => memory.hand === null && !changes };
}

/** More looks than any decision needs. */
const MAX_LOOKS = 6;

/** What would be done, without doing it: looks as often as the engine asks for it, and stops at the first act. */
export async function foresee({ at }: Scene): Promise<View> {
  let error: LifecycleError | null = null;
  for (let look = 1; ; look++) {
    const observed = await observe(at);
    const view = see(at, observed);
    const [action] = view.plan.actions;
    if (action?.do !== "Look" || look >= MAX_LOOKS || error) return { ...view, error, isEnough: false };
    try {
      await execute(action, at);
    } catch (failed) {
      if (!(failed instanceof LifecycleError)) throw failed;
      error = failed;
    }
  }
}

function see(at: Situated, observed: Observed): { plan: Plan; situation: Situation } {
  const now = at.clock.now();
  return { plan: plan(at.desired, observed, now), situation: situate(at.desired, observed, now) };
}

/** Pauses between attempts, milliseconds. A value in memory is lost with this process, so it is worth some patience. */
const PAUSES = [250, 500, 1_000, 2_000, 2_000];

/** Does all there is to do now, or what can be begun until the operation ends. */
export async function carryOut(scene: Scene, said: (event: EventText) => void): Promise<View> {
  const { at, signal, looks } = scene;
  try {
    return await whileRunning(signal, finish(scene, said), looks);
  } catch (error) {
    if (!(error instanceof LifecycleError)) throw error;
    // Left while it looked: what was seen before tells what came of it, and nobody is asked anything more.
    return { ...see(at, await observe({ ...at, ownerProblem: unknown("ServiceUserUnknown", error.message) })), error, isEnough: false };
  }
}

async function finish({ at, clock }: Scene, said: (event: EventText) => void): Promise<View> {
  for (let attempt = 0; ; attempt++) {
    const { error } = await converge(at, said);
    const pause = PAUSES[attempt];
    if (error && pause !== undefined && worthRepeating(error, at)) {
      await clock.sleep(Math.max(pause, Math.min(error.retryAfter ?? 0, 30_000)));
      continue;
    }
    const isEnough = error?.code === NOT_SAVED_YET;
    return { ...see(at, await observe(at)), error: isEnough ? null : error, isEnough };
  }
}

function worthRepeating({ kind }: LifecycleError, { memory }: Situated): boolean {
  // The client has tried again already whatever can be sent twice; what is left to save is a token in hand.
  return kind === "uncertain" || kind === "conflict" || (kind === "retryable" && memory.hand !== null);
}
