// What a look at a token object ends with: its status, written where it says something new, and an event where Ready turned.
// Decides no step of a token's life.
import type { Complaint } from "../core/desired.ts";
import type { LifecycleError } from "../core/error.ts";
import type { EventText } from "../core/hit.ts";
import { plan as makePlan, type Plan } from "../core/plan.ts";
import { isReason } from "../core/reason.ts";
import { situate, type Situation } from "../core/situation.ts";
import { observe, type Outcome, type Situated } from "../tokenapi/converge.ts";
import { isNoNews } from "./awaited.ts";
import { keyOfRef, refOf } from "./issuer-object.ts";
import type { Issuers } from "./issuers.ts";
import { afterWrite, MANAGER, tokenResources, type Condition, type TokenObject, type TokenStatus } from "./kinds.ts";
import { isConflict, isNotFound } from "./runtime/index.ts";
import type { Cluster } from "./secret-target.ts";
import { isWorthWriting, statusOf } from "./status.ts";

type Turned = Pick<Condition, "type" | "status" | "reason">;

interface ReportOptions {
  readonly cluster: Cluster;
  readonly issuers: Issuers;
  readonly guard: () => void;
  readonly say: (object: TokenObject, event: EventText) => void;
}

export class TokenReport {
  readonly #options: ReportOptions;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  /** Writes the status where it says something new; answers when to look again. */
  async write(object: TokenObject, at: Situated, outcome: Outcome): Promise<number | null> {
    const { events, error } = outcome;
    const { s, plan } = await judged(at, outcome);
    const told = error && plan.outcome === "act" ? withError(plan, error) : plan;
    const final = withComplaint(told, object.complaint);
    const { issuer: home, former } = s.record ?? {};
    for (const ref of new Set([refOf(object.spec.issuerRef), home?.ref, former?.ref])) {
      if (ref !== undefined) this.#options.issuers.watch(keyOfRef(ref, object.namespace), at.desired.mark, s.retiring.length > 0 || !isUsed(s));
    }
    const latest = this.#options.cluster.tokens.get(object.key);
    const status = statusOf(s, final, latest?.status ?? null, object.generation);
    this.#sayTurn(object, final, latest?.status?.conditions ?? [], events);
    if (isWorthWriting(status, latest?.status ?? null)) await this.#patch(object, status);
    return plan.nextDue;
  }

  /**
   * A Ready that turns to False is an event of its own, where no action has said it already; so is what stands in the way
   * of the next step while the delivered token is still good.
   */
  #sayTurn(object: TokenObject, plan: Plan, before: readonly Turned[], events: readonly EventText[]): void {
    if (plan.outcome === "act" || object.deleting) return;
    const ready = plan.conditions[0];
    const turned = ready?.status === "True" ? plan.conditions.find(({ type }) => type === "Stalled") : ready;
    if (!turned || isNoNews(object, turned.reason) || events.some(({ reason }) => reason === turned.reason)) return;
    if (before.some(({ type, status, reason }) => type === turned.type && status === turned.status && reason === turned.reason)) return;
    this.#options.say(object, { type: turned.reason === "Revoked" ? "Normal" : "Warning", reason: turned.reason, message: turned.message });
  }

  async #patch(object: TokenObject, status: TokenStatus): Promise<void> {
    const { cluster, guard } = this.#options;
    guard();
    const { namespace, name, uid } = object;
    try {
      const written = await cluster.client.patch(tokenResources[object.kind], { namespace, name }, { metadata: { uid }, status }, { type: "merge", subresource: "status", fieldManager: MANAGER, metadataOnly: true });
      const told = afterWrite(cluster.tokens.get(object.key) ?? object, written, { status });
      if (told) cluster.tokens.observeWrite(told);
    } catch (error) {
      // Deleted, or deleted and made anew: there is nobody left to tell.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/** Where nothing was done since the last plan, that plan is the truth; otherwise the world is looked at again. */
async function judged(at: Situated, { plan, seen }: Outcome): Promise<{ s: Situation; plan: Plan }> {
  const { observed, now } = seen ?? { observed: await observe(at), now: at.clock.now() };
  return { s: situate(at.desired, observed, now), plan: seen ? plan : makePlan(at.desired, observed, now) };
}

/** What the status says of the delivered revision: still true while no list is here. */
export function saidOf({ status }: TokenObject): Situated["said"] {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const revision = status?.token?.revision;
  if (!ready || typeof revision !== "number" || !isReason(ready.reason)) return null;
  return { revision, reason: ready.reason, message: ready.message };
}

function isUsed({ current }: Situation): boolean {
  return (current?.remote?.lastUsed ?? 0) > (current?.entry.usedAfter ?? Number.POSITIVE_INFINITY);
}

/** What keeps the next step from being done is worth more to a person than the step. */
function withError(plan: Plan, error: LifecycleError): Plan {
  const conditions = plan.conditions.map((condition) =>
    condition.type === "Ready" && condition.status !== "True" ? { ...condition, message: `${condition.message} ${error.message}` } : condition,
  );
  return { ...plan, conditions, nextAction: { ...plan.nextAction, at: null, reason: `${plan.message} ${error.message}` } };
}

/** An order or a spec that nobody can read is said whatever else goes on. */
function withComplaint(plan: Plan, complaint: Complaint | null): Plan {
  if (!complaint || plan.conditions.some(({ type }) => type === "Stalled")) return plan;
  return { ...plan, conditions: [...plan.conditions, { type: "Stalled", status: "True", reason: "SpecInvalid", message: complaint.message }] };
}
