// Look, plan, do one thing, look again: until nothing is left to do now. Both fronts run this very loop.
import type { Desired } from "../core/desired.ts";
import { isKind, LifecycleError } from "../core/error.ts";
import type { EventText } from "../core/hit.ts";
import { absent, present, unknown, type Copy, type Fact, type Issuer, type Observed, type Owner, type Policy } from "../core/observed.ts";
import { plan, type Plan } from "../core/plan.ts";
import { issuerId, telling } from "../core/home.ts";
import { execute, specOf, type Scene } from "./execute.ts";
import type { IssuerSession } from "./issuer.ts";
import { listOf, placesOf, tokensAt, uncertainAt, type Places, type Reach } from "./places.ts";
import type { UserRef } from "./users.ts";

export interface Situated extends Scene {
  /** Why there is no issuer session, where there is none. */
  readonly issuerProblem: Fact<never> | null;
  readonly policy: Policy | null;
  /** The issuers that a record names, by its names for them; see places.ts. */
  readonly elsewhere?: (ref: string) => Reach;
  /** The service user the spec names; null: the credential's own user. */
  readonly owner: UserRef | null;
  /** Why the spec's service user cannot be told, where it cannot. */
  readonly ownerProblem?: Fact<never>;
  /** Whether the declaring object cannot vanish unseen. */
  readonly held: () => boolean;
  readonly alone: boolean;
  /** See Observed.said. */
  readonly said?: Observed["said"];
  readonly clock: { now(): number; monotonic(): number };
  /** False: a look that is due only later ends the loop instead of sleeping in it (Outcome.again). Default: true. */
  readonly patient?: boolean;
  /** Told every plan, for logs and for the simulation. */
  readonly traced?: (plan: Plan) => void;
}

export interface Outcome {
  /** The last plan: what is true, what comes next. */
  readonly plan: Plan;
  /** What that plan was made from, and when; null: something was done since. */
  readonly seen: Seen | null;
  /** What stopped the loop, if not rest; null: nothing is left to do now. */
  readonly error: LifecycleError | null;
  /** What took effect, in order. */
  readonly events: readonly EventText[];
  /** When to call again though nothing changed, by our clock: a look that is not due yet, instead of plan.nextDue. null: plan.nextDue counts. */
  readonly again: number | null;
}

interface Seen {
  readonly observed: Observed;
  readonly now: number;
}

/** More steps than any life needs at once; beyond it something chases itself, and waiting is the better answer. */
const MAX_PASSES = 60;
/** A dry run or a write that was refused is tried again after so long, and later each time it is refused again. */
const WRITE_AGAIN = 5_000;
const WRITE_AGAIN_MOST = 300_000;
/** A dry run is believed for so long. */
const PROBED_FOR = 60_000;
/** Workloads that are not there, or could not be looked at, are looked at again after so long. */
const ROLLOUT_AGAIN = 30_000;

/** Gathers every fact that the engine may ask for. */
export async function observe(at: Situated): Promise<Observed> {
  const { desired, memory, clock } = at;
  const copy = at.target.known() ?? (await at.target.read());
  const ids = (copy.record?.revisions ?? []).map(({ id }) => id);
  const { home, former, ahead } = placesOf(at);
  for (const { issuer } of new Set([home, ...(former ? [former] : []), ...(ahead ? [ahead] : [])])) if (issuer) await look(at, issuer, copy);
  const owner = ahead ? await recordedOwner(at, home, copy) : await ownerFact(at);
  const nextOwner = ahead ? await ownerFact(at) : owner;
  // From here on nothing is waited for: all lists are looked at in one moment.
  const refused = memory.refused && memory.refused.spec === specOf(desired) ? memory.refused.message : null;
  return {
    issuer: issuerFact(home),
    owner,
    tokens: tokensAt(home, desired, ids),
    ...(former ? { former: { issuer: issuerFact(former), tokens: tokensAt(former, desired, ids), uncertainAt: uncertainAt(memory, former.issuer) } } : {}),
    ...(ahead ? { next: { issuer: issuerFact(ahead), tokens: tokensAt(ahead, desired, ids), owner: nextOwner } } : {}),
    copy: present(sinceKnown(withProbe(copy, at), memory)),
    hand: memory.hand,
    dropped: memory.dropped,
    held: at.held(),
    taken: memory.taken,
    uncertainAt: uncertainAt(memory, home.issuer),
    refused,
    unrenderable: memory.unrenderable,
    trial: isTurn(desired, copy, { home, former }),
    said: at.said ?? null,
    ...rolloutFact(at),
    alone: at.alone,
    monotonic: clock.monotonic(),
  };
}

/** Where the delivered token is, there its value settles what to think of a list. */
function isTurn(desired: Desired, { record }: Copy, { home, former }: Pick<Places, "home" | "former">): boolean {
  const isAway = record?.revisions.some((entry) => entry.number === record.current && entry.former);
  const issuer = (isAway ? former : home)?.issuer;
  return issuer ? listOf(issuer, desired).claim(desired.mark) : false;
}

/** The list that shows this resource's tokens at one issuer, at least one look old. */
async function look(at: Situated, issuer: IssuerSession, copy: Copy): Promise<void> {
  const { desired, memory } = at;
  const list = listOf(issuer, desired);
  if (list.sentAt === null) await list.refresh(0).catch(() => undefined);
  // Settled: a list that was sent later is here.
  const uncertain = uncertainAt(memory, issuer);
  if (uncertain !== null && list.sentAt !== null && list.sentAt > uncertain) memory.uncertain.delete(issuerId(issuer));
  expect(at, issuer, copy);
}

/** Tells the list what should stand in it, so that it knows when most of that is missing. */
function expect({ desired }: Situated, issuer: IssuerSession, { record, value }: Copy): void {
  const entry = record?.mark === desired.mark ? record.revisions.find(({ number }) => number === record.current) : undefined;
  const issued = entry?.former ? record?.former : record?.issuer;
  const stands = entry?.sha256 && !entry.revoked && !desired.deleting && value === "intact" && issued && issuerId(issued) === issuerId(issuer);
  listOf(issuer, desired).expect(desired.mark, stands ? entry : null);
}

function withProbe(copy: Copy, { memory, clock }: Situated): Copy {
  const left = memory.writableAt + (memory.writable === true ? PROBED_FOR : Math.min(WRITE_AGAIN_MOST, WRITE_AGAIN * 2 ** (memory.refusals - 1))) - clock.monotonic();
  if (left <= 0) memory.writable = null;
  // That others may write says nothing of one that was refused.
  if (copy.writable !== null && memory.refusals === 0) return copy;
  return { ...copy, writable: memory.writable, ...(typeof memory.writable === "string" ? { writeAgainAt: clock.now() + left } : {}) };
}

function rolloutFact({ memory, clock }: Situated): Pick<Observed, "rollout"> {
  if (memory.rollout && memory.rollout.is !== "present" && clock.monotonic() - memory.rolloutAt >= ROLLOUT_AGAIN) memory.rollout = null;
  return memory.rollout ? { rollout: memory.rollout } : {};
}

/** The same record at the same place read again is known since it was read first: what it says is no younger. */
function sinceKnown(copy: Copy, memory: Situated["memory"]): Copy {
  const at = copy.doneAt ?? copy.readAt;
  const { seen } = memory;
  if (seen && seen.place === copy.place && (seen.record === copy.record || JSON.stringify(seen.record) === JSON.stringify(copy.record))) {
    return { ...copy, doneAt: Math.min(seen.at, at) };
  }
  memory.seen = { record: copy.record, place: copy.place, at };
  return copy;
}

function issuerFact({ issuer, policy, problem }: Reach): Fact<Issuer> {
  if (issuer) return issuer.fact(policy ?? issuer.policy);
  return problem ?? absent("There is no such issuer.");
}

/** At an issuer that the spec no longer names, the spec's words may mean somebody else: the token was issued to this one. */
async function recordedOwner({ desired }: Situated, { issuer }: Reach, { record }: Copy): Promise<Fact<Owner>> {
  if (!issuer) return unknown("IssuerNotReady", "Without an issuer the service user is not known.");
  if (desired.kind === "PersonalToken") return present({ id: issuer.userId, name: "the issuer's own user", active: true });
  const entry = telling(record);
  return entry ? issuer.users.find({ id: entry.inputs.owner }) : unknown("ServiceUserUnknown", "Nothing is delivered that would tell the service user.");
}

async function ownerFact({ desired, issuer, owner, ownerProblem }: Situated): Promise<Fact<Owner>> {
  if (!issuer) return unknown("IssuerNotReady", "Without an issuer the service user is not known.");
  if (desired.kind === "PersonalToken") return present({ id: issuer.userId, name: "the issuer's own user", active: true });
  if (ownerProblem) return ownerProblem;
  if (!owner) return absent("The spec names no service user: set serviceUser.");
  return issuer.users.find(owner);
}

/** Runs until nothing is left to do now, or until something has to be waited for. Never throws for what the world does. */
export async function converge(at: Situated, said: (event: EventText) => void = () => undefined): Promise<Outcome> {
  const events: EventText[] = [];
  let last: Plan | null = null;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const observed = await safely(() => observe(at));
    if (observed instanceof LifecycleError) return { plan: last ?? blind(at, observed), seen: null, error: observed, events, again: null };
    const now = at.clock.now();
    last = plan(at.desired, observed, now);
    at.traced?.(last);
    const action = last.actions[0];
    const seen = { observed, now };
    if (!action) return { plan: last, seen, error: null, events, again: null };
    const early = action.do === "Look" ? action.after - observed.monotonic : 0;
    if (early > 0 && at.patient === false) return { plan: last, seen, error: null, events, again: now + early };
    const effect = await safely(() => execute(action, at));
    if (effect instanceof LifecycleError) return { plan: await judgeAgain(at, last), seen: null, error: effect, events, again: null };
    for (const event of happened(effect, last)) {
      events.push(event);
      said(event);
    }
    if (action.do === "Hold" && !at.held()) {
      const error = new LifecycleError("retryable", "NOT_HELD", "The declaring object is gone, or is not seen as held yet.");
      return { plan: last, seen: null, error, events, again: null };
    }
    if (action.do === "Release") return { plan: last, seen: null, error: null, events, again: null };
  }
  const error = new LifecycleError("retryable", "TOO_MANY_STEPS", `No rest after ${MAX_PASSES} steps: ${last?.message ?? ""}`);
  return { plan: last ?? blind(at, error), seen: null, error, events, again: null };
}

/** What is true may have changed with what failed: an answer before it may have told more. */
async function judgeAgain(at: Situated, last: Plan): Promise<Plan> {
  const observed = await safely(() => observe(at));
  return observed instanceof LifecycleError ? last : plan(at.desired, observed, at.clock.now());
}

/** Of a step that had no effect there is nothing to be told. */
const happened = (effect: Awaited<ReturnType<typeof execute>>, { events }: Plan): Plan["events"] => (effect === false ? [] : events);

async function safely<T>(work: () => Promise<T>): Promise<T | LifecycleError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LifecycleError) return error;
    throw error;
  }
}

/** A plan made without having seen the place of delivery. */
function blind(at: Situated, error: LifecycleError): Plan {
  const observed: Observed = {
    issuer: issuerFact({ issuer: at.issuer, problem: at.issuerProblem, policy: at.policy }),
    owner: unknown("ServiceUserUnknown", error.message),
    tokens: unknown("TokensUnknown", error.message),
    copy: unknown("CopyUnknown", error.message),
    hand: at.memory.hand,
    held: at.held(),
    taken: at.memory.taken,
    uncertainAt: null,
    refused: null,
    alone: at.alone,
    monotonic: at.clock.monotonic(),
  };
  return plan(at.desired, observed, at.clock.now());
}

/** Whether an error of the loop will not go away by trying again. */
export function isFinal(error: LifecycleError): boolean {
  return isKind(error, "invalid", "terminal");
}
