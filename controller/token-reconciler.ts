// One ServiceToken: gather, converge, report. No rule of a token's life stands here.
import { LifecycleError } from "../core/error.ts";
import type { EventText } from "../core/hit.ts";
import { markOf } from "../core/name.ts";
import { plan as makePlan } from "../core/plan.ts";
import { isReason } from "../core/reason.ts";
import { situate, type Situation } from "../core/situation.ts";
import { resolve } from "../core/spec.ts";
import type { Desired } from "../core/desired.ts";
import { converge, observe, type Situated } from "../tokenapi/converge.ts";
import { systemClock } from "../tokenapi/clock.ts";
import { blankMemory, isForgettable, type Memory } from "../tokenapi/memory.ts";
import { policyOf, noIssuer, type Issuers } from "./issuers.ts";
import { ANNOTATION, FINALIZER, MANAGER, projectToken, serviceTokens, type IssuerObject, type TokenObject } from "./kinds.ts";
import { lookOf, unknownWords } from "./rendering.ts";
import { isConflict, isNotFound, type ReconcileResult, type Store } from "./runtime/index.ts";
import { SecretTarget, type Cluster, type ReadMemory } from "./secret-target.ts";
import { isWorthWriting, statusOf } from "./status.ts";

/** The code of the refusal to go on for a spec that was edited. */
const EDITED = "EDITED_MEANWHILE";

export interface ReconcilerOptions {
  readonly cluster: Cluster;
  readonly issuers: Issuers;
  readonly issuerObjects: Store<IssuerObject>;
  /** The installation's scope. */
  readonly scope: () => string;
  /** Whether a second process may be at work. */
  readonly alone: boolean;
  readonly guard: () => void;
  readonly say: (object: TokenObject, event: EventText) => void;
}

export class TokenReconciler {
  readonly #options: ReconcilerOptions;
  readonly #memories = new Map<string, { uid: string; memory: Memory }>();
  readonly #reads = new Map<string, ReadMemory>();
  readonly #keys = new Map<string, string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** The object whose tokens bear this mark, if it was ever looked at. */
  keyOf(mark: string): string | undefined {
    return this.#keys.get(mark);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const object = this.#options.cluster.tokens.get(key);
    if (!object) {
      this.#memories.delete(key);
      this.#reads.delete(key);
      this.#options.issuers.unexpect(this.#markOf(key));
      return {};
    }
    // Deleted and nothing of ours holds it: other finalizers do.
    if (object.deleting && !object.finalizers.includes(FINALIZER)) return {};
    // The issuer's first look wakes all of its tokens.
    if (this.#options.issuerObjects.get(this.#issuerKey(object)) && !this.#options.issuers.isKnown(this.#issuerKey(object))) return {};
    const memory = this.#memory(object);
    const at = this.#situate(object, memory);
    const { error, events, again } = await converge(at, (event) => this.#options.say(object, event));
    if (again === null && isForgettable(memory)) this.#memories.delete(key);
    const released = object.deleting && !this.#isHeld(object);
    const due = released ? null : await this.#report(object, at, events, error);
    // The edit has put the object into the queue again.
    if (error && error.code !== EDITED) throw error;
    const next = again ?? due;
    return next === null ? {} : { requeueAt: next };
  }

  /** Values that could not be delivered before the process ends: their tokens are revoked and deleted. */
  async discard(): Promise<void> {
    for (const [key, { memory }] of this.#memories) {
      const hand = memory.hand;
      const object = this.#options.cluster.tokens.get(key);
      if (!hand || !object) continue;
      const { session } = this.#options.issuers.state(this.#issuerKey(object));
      memory.hand = null;
      memory.value = null;
      if (!session) continue;
      await session.api
        .revoke(hand.id)
        .then(() => session.api.delete(hand.id))
        .catch(() => undefined);
    }
  }

  #memory(object: TokenObject): Memory {
    const known = this.#memories.get(object.key);
    if (known?.uid === object.uid) return known.memory;
    const memory = blankMemory();
    this.#memories.set(object.key, { uid: object.uid, memory });
    return memory;
  }

  #markOf(key: string): string {
    return markOf(this.#options.scope(), `ServiceToken/${key}`);
  }

  #issuerKey(object: TokenObject): string {
    return `${object.namespace}/${object.spec.issuerRef.name}`;
  }

  #desired(object: TokenObject): Desired {
    const { spec, annotations } = object;
    const number = (name: string): number | null => {
      const value = annotations[name];
      return value !== undefined && /^[1-9][0-9]{0,8}$/.test(value) ? Number(value) : null;
    };
    return resolve(spec, {
      kind: "ServiceToken",
      resource: object.key,
      mark: this.#markOf(object.key),
      defaultBase: `${object.namespace}-${object.name}`,
      since: object.createdAt,
      rotate: annotations[ANNOTATION.rotate] ?? "",
      compromised: number(ANNOTATION.compromised),
      rollback: number(ANNOTATION.rollback),
      paused: annotations[ANNOTATION.paused] === "true",
      deleting: object.deleting,
      abandon: annotations[ANNOTATION.abandon] === "true",
      look: lookOf(spec.secret),
    });
  }

  #situate(object: TokenObject, memory: Memory): Situated {
    const { cluster, issuers, issuerObjects, alone } = this.#options;
    const desired = this.#desired(object);
    this.#keys.set(desired.mark, object.key);
    const issuerKey = this.#issuerKey(object);
    const issuerObject = issuerObjects.get(issuerKey);
    const state = issuers.state(issuerKey);
    const { problem } = state;
    // A deletion has to know at once that the API is out of reach: it names the way out.
    const session = object.deleting && state.failing ? null : state.session;
    const { serviceUser } = object.spec;
    const owner = serviceUser?.id !== undefined ? { id: serviceUser.id } : serviceUser?.name !== undefined ? { name: serviceUser.name } : null;
    const user = owner && session ? session.users.user(owner)?.name : undefined;
    const target = new SecretTarget({
      cluster,
      object,
      mark: desired.mark,
      url: issuerObject?.spec.url ?? "",
      user: user ?? desired.ownerName ?? "",
      reads: this.#reads,
      monotonic: () => systemClock.monotonic(),
    });
    return {
      desired,
      issuer: issuerObject ? session : null,
      issuerProblem: issuerObject ? problem : noIssuer(object.spec.issuerRef.name),
      policy: issuerObject ? policyOf(issuerObject) : null,
      owner,
      target,
      memory,
      held: () => this.#isHeld(object),
      said: saidOf(object),
      alone,
      guard: () => this.#guard(object),
      clock: systemClock,
      patient: false,
    };
  }

  /** Nothing is done for a spec that is no longer what stands there. */
  #guard(object: TokenObject): void {
    this.#options.guard();
    const latest = this.#options.cluster.tokens.get(object.key);
    if (latest?.uid === object.uid && latest.generation === object.generation && latest.deleting === object.deleting) return;
    throw new LifecycleError("conflict", EDITED, `${object.key} was edited meanwhile.`);
  }

  #isHeld(object: TokenObject): boolean {
    const latest = this.#options.cluster.tokens.get(object.key);
    return latest?.uid === object.uid && latest.finalizers.includes(FINALIZER);
  }

  /** Writes the status where it says something new; answers when to look again. */
  async #report(object: TokenObject, at: Situated, events: readonly EventText[], error: LifecycleError | null): Promise<number | null> {
    const observed = await observe(at);
    const now = at.clock.now();
    const s = situate(at.desired, observed, now);
    const plan = makePlan(at.desired, observed, now);
    const told = error && plan.outcome === "act" ? withError(plan, error) : plan;
    const words = unknownWords(object.spec.secret.template);
    const final = words.length > 0 ? withWords(told, words) : told;
    this.#options.issuers.watch(this.#issuerKey(object), at.desired.mark, s.retiring.length > 0 || !isUsed(s));
    const latest = this.#options.cluster.tokens.get(object.key);
    const status = statusOf(s, final, latest?.status ?? null, object.generation);
    this.#sayTurn(object, final, latest?.status?.conditions?.find(({ type }) => type === "Ready"), events);
    if (isWorthWriting(status, latest?.status ?? null)) await this.#write(object, status);
    return plan.nextDue;
  }

  /** A Ready that turns to False is an event of its own, where no action has said it already. */
  #sayTurn(object: TokenObject, plan: ReturnType<typeof makePlan>, before: { readonly status: string; readonly reason: string } | undefined, events: readonly EventText[]): void {
    const ready = plan.conditions[0];
    if (!ready || ready.status === "True" || object.deleting) return;
    if (before?.status === ready.status && before.reason === ready.reason) return;
    if (plan.outcome === "act" || events.some(({ reason }) => reason === ready.reason)) return;
    this.#options.say(object, { type: ready.reason === "Revoked" ? "Normal" : "Warning", reason: ready.reason, message: ready.message });
  }

  async #write(object: TokenObject, status: object): Promise<void> {
    const { cluster, guard } = this.#options;
    guard();
    const { namespace, name, uid } = object;
    try {
      const written = await cluster.client.patch(serviceTokens, { namespace, name }, { metadata: { uid }, status }, { type: "merge", subresource: "status", fieldManager: MANAGER });
      cluster.tokens.observeWrite(projectToken(written));
    } catch (error) {
      // Deleted, or deleted and made anew: there is nobody left to tell.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/** What the status says of the delivered revision: still true while no list is here. */
function saidOf({ status }: TokenObject): Situated["said"] {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const revision = status?.token?.revision;
  if (!ready || typeof revision !== "number" || !isReason(ready.reason)) return null;
  return { revision, reason: ready.reason, message: ready.message };
}

function isUsed({ current }: Situation): boolean {
  return (current?.remote?.lastUsed ?? 0) > (current?.entry.usedAfter ?? Number.POSITIVE_INFINITY);
}

type Plan = ReturnType<typeof makePlan>;

/** What keeps the next step from being done is worth more to a person than the step. */
function withError(plan: Plan, error: LifecycleError): Plan {
  const conditions = plan.conditions.map((condition) =>
    condition.type === "Ready" && condition.status !== "True" ? { ...condition, message: `${condition.message} ${error.message}` } : condition,
  );
  return { ...plan, conditions, nextAction: { ...plan.nextAction, at: null, reason: `${plan.message} ${error.message}` } };
}

function withWords(plan: Plan, words: readonly string[]): Plan {
  const message = `secret.template uses ${words.map((word) => `.${word}`).join(", ")}, which nobody fills: the words are .token, .url, .name, .expiresAt and .user.`;
  return { ...plan, conditions: [...plan.conditions.filter(({ type }) => type !== "Stalled"), { type: "Stalled", status: "True", reason: "SecretNotWritable", message }] };
}
