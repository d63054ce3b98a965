// Look, plan, do one thing, look again, for a service user: both fronts run this very loop. The only place where a
// planned action on a user becomes a call.
import { isKind, LifecycleError } from "../core/error.ts";
import type { UserAction, UserEvent } from "../core/user/hit.ts";
import { planUser, type UserPlan } from "../core/user/plan.ts";
import type { IssuerSession } from "./issuer.ts";
import { observeUser, specOf, type UserScene } from "./user-scene.ts";

export interface UserOutcome {
  readonly plan: UserPlan;
  /** What stopped the loop, if not rest. */
  readonly error: LifecycleError | null;
}

/** More steps than any user needs at once. */
const MAX_PASSES = 20;

/** Runs until nothing is left to do now, or until something has to be waited for. */
export async function convergeUser(at: UserScene, said: (event: UserEvent) => void = () => undefined): Promise<UserOutcome> {
  let plan: UserPlan;
  for (let pass = 0; ; pass++) {
    plan = planUser(at.desired, await observeUser(at), at.clock.now());
    const { action, event } = plan;
    if (!action) return { plan, error: null };
    if (pass === MAX_PASSES) return { plan, error: new LifecycleError("retryable", "TOO_MANY_STEPS", `No rest after ${MAX_PASSES} steps: ${plan.message}`) };
    try {
      if ((await execute(action, at)) && event) said(event);
    } catch (error) {
      if (!(error instanceof LifecycleError)) throw error;
      return { plan: planUser(at.desired, await observeUser(at), at.clock.now()), error };
    }
    if (action.do === "Release") return { plan, error: null };
    if (action.do === "Hold" && !at.held()) return { plan, error: new LifecycleError("retryable", "NOT_HELD", "The declaring object is gone, or is not seen as held yet.") };
  }
}

/** What a preview shows: looks as often as the engine asks for it, and stops at the first act. */
export async function foreseeUser(at: UserScene): Promise<UserPlan> {
  for (let pass = 0; ; pass++) {
    const plan = planUser(at.desired, await observeUser(at), at.clock.now());
    if (plan.action?.do !== "Look" || pass === MAX_PASSES) return plan;
    await execute(plan.action, at);
  }
}

/** Whether it took effect; a refusal that the next plan has to weigh is remembered instead. */
async function execute(action: UserAction, at: UserScene): Promise<boolean> {
  if (action.do === "Look") return look(action, session(at));
  at.guard?.();
  if (action.do === "Hold") await at.hold();
  else if (action.do === "Release") await at.release();
  else return send(action, at);
  return true;
}

function session({ issuer }: UserScene): IssuerSession {
  if (!issuer) throw new LifecycleError("retryable", "ISSUER_NOT_READY", "The issuer is not ready.");
  return issuer;
}

async function look({ at, after }: UserAction & { do: "Look" }, issuer: IssuerSession): Promise<boolean> {
  if (at === "tokens") {
    await issuer.tokens("service").refresh(after);
    return true;
  }
  await issuer.users.refresh(after);
  if ((issuer.users.sentAt ?? 0) <= after) throw new LifecycleError("retryable", "USERS_UNKNOWN", "The service users could not be listed again.");
  return true;
}

type Sending = Exclude<UserAction, { do: "Look" | "Hold" | "Release" }>;

async function send(action: Sending, at: UserScene): Promise<boolean> {
  const { memory, clock, desired } = at;
  try {
    await call(action, session(at));
    return true;
  } catch (error) {
    const now = clock.monotonic();
    if (isKind(error, "conflict") && action.do === "Create") memory.takenAt = now;
    else if (isKind(error, "conflict") && action.do === "Deactivate") await recount(at, now);
    else if (isKind(error, "invalid")) memory.refused = { message: error.message, spec: specOf(desired), at: now };
    else {
      // Missing: it went meanwhile. Anything else may have taken effect. Either way the listing is old.
      if (isKind(error, "missing", "uncertain", "conflict", "retryable")) memory.uncertainAt = now;
      if (!isKind(error, "missing")) throw error;
    }
    return false;
  }
}

/** The API knows of active tokens: a newer list shows them, or its word has to do for a while. */
async function recount(at: UserScene, now: number): Promise<void> {
  const { issuer, memory } = at;
  await issuer?.tokens("service").refresh(now).catch(() => undefined);
  const { activeTokens } = await observeUser(at);
  memory.inUseAt = activeTokens.is === "present" && activeTokens.value > 0 ? null : now;
}

async function call(action: Sending, { api, users }: IssuerSession): Promise<void> {
  switch (action.do) {
    case "Create":
      return users.put(await api.createServiceUser({ name: action.name, role: action.role, teams: action.teams }));
    case "Reactivate":
      return users.put(await api.reactivateServiceUser(action.id));
    case "Change":
      return users.put(await api.updateServiceUser(action.id, { role: action.role, ...(action.teams ? { teams: action.teams } : {}) }));
    case "Deactivate": {
      await api.deactivateServiceUser(action.id);
      const user = users.user({ id: action.id });
      if (user) users.put({ ...user, active: false });
    }
  }
}
