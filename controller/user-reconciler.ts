// One ServiceUser: gather, converge, report. What is done to a user is decided in core/user/.
import { LifecycleError } from "../core/error.ts";
import { resolveUser, type DesiredUser } from "../core/user/desired.ts";
import { forbids } from "../core/user/life.ts";
import type { UserPolicy } from "../core/user/observed.ts";
import type { UserPlan } from "../core/user/plan.ts";
import { systemClock } from "../tokenapi/clock.ts";
import { convergeUser } from "../tokenapi/user-converge.ts";
import { blankUserMemory, OPEN_USER_POLICY, type UserMemory, type UserScene } from "../tokenapi/user-scene.ts";
import { awaitedUntil, isNoNews } from "./awaited.ts";
import { issuerKey, type IssuerObjects } from "./issuer-object.ts";
import { resyncOf } from "./issuer-client.ts";
import { noIssuer, type Issuers } from "./issuers.ts";
import { ANNOTATION, FINALIZER, MANAGER, type TokenStatus } from "./kinds.ts";
import { userPolicy } from "./policy.ts";
import { refusal } from "./refusal.ts";
import { isConflict, isNotFound, type ReconcileResult, type RestClient, type Store } from "./runtime/index.ts";
import type { Labels } from "./selector.ts";
import { conditions, isWorthWriting } from "./status.ts";
import { projectUser, serviceUsers, type UserObject } from "./user-object.ts";
import type { Said } from "./voice.ts";

export interface UserReconcilerOptions {
  readonly client: RestClient;
  /** With an index "name". */
  readonly objects: Store<UserObject>;
  readonly issuers: Issuers;
  readonly issuerObjects: IssuerObjects;
  readonly labelsOf: (namespace: string) => Labels | null;
  readonly reach: "cluster" | "namespace";
  readonly guard: () => void;
  readonly say: (object: UserObject, event: Said) => void;
  /** The user was made or changed: what names it is to be looked at. */
  readonly changed: (issuer: string) => void;
}

export class UserReconciler {
  readonly #options: UserReconcilerOptions;
  readonly #memories = new Map<string, { uid: string; memory: UserMemory }>();

  constructor(options: UserReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const object = this.#options.objects.get(key);
    if (!object || (object.deleting && !object.finalizers.includes(FINALIZER))) {
      this.#memories.delete(key);
      return {};
    }
    if (object.complaint !== null && !object.deleting) {
      await this.#report(object, unreadable(object.complaint), null);
      return {};
    }
    const { issuers, issuerObjects } = this.#options;
    const issuer = issuerKey(object);
    if (issuerObjects.get(issuer) && !issuers.isKnown(issuer)) return {};
    const scene = this.#scene(object);
    const { plan, error } = await convergeUser(scene, (event) => {
      this.#options.say(object, event);
      this.#options.changed(issuer);
    });
    if (plan.action?.do === "Release" && !error) return {};
    await this.#report(object, plan, error);
    if (error) throw error;
    // What a person changes at the API is noticed with the issuer's next listing.
    const spec = issuerObjects.get(issuer)?.spec;
    const resync = spec ? Date.now() + resyncOf(spec) : null;
    const young = plan.outcome === "wait" ? awaitedUntil(object, Date.now()) : null;
    const due = [plan.nextDue, resync, young].filter((at) => at !== null);
    return due.length === 0 ? {} : { requeueAt: Math.min(...due) };
  }

  #desired({ key, spec, annotations, deleting }: UserObject, abandoned: boolean): DesiredUser {
    const on = (name: string): boolean => annotations[name] === "true";
    return resolveUser(spec, { resource: key, paused: on(ANNOTATION.paused), deleting, abandon: abandoned || on(ANNOTATION.abandon) });
  }

  #scene(object: UserObject): UserScene {
    const { issuers, issuerObjects, reach, guard } = this.#options;
    const key = issuerKey(object);
    const issuer = issuerObjects.get(key);
    const state = issuers.state(key);
    const user = object.status?.["user"] as { readonly id?: number } | undefined;
    return {
      desired: this.#desired(object, issuer?.annotations[ANNOTATION.abandon] === "true"),
      issuer: object.deleting ? state.ending : issuer ? state.session : null,
      issuerProblem: issuer ? state.problem : noIssuer(object, object.spec.issuerRef, reach),
      policy: this.#policy(object),
      bound: user?.id ?? null,
      claimed: this.#claimed(object),
      memory: this.#memory(object),
      held: () => this.#latest(object)?.finalizers.includes(FINALIZER) ?? false,
      hold: () => this.#finalizers(object, (names) => [...names, FINALIZER]),
      release: () => this.#finalizers(object, (names) => names.filter((name) => name !== FINALIZER)),
      guard: () => {
        guard();
        const latest = this.#latest(object);
        if (latest?.generation === object.generation && latest.deleting === object.deleting) return;
        throw new LifecycleError("conflict", "EDITED_MEANWHILE", `${object.key} was edited meanwhile.`);
      },
      clock: systemClock,
    };
  }

  #policy(object: UserObject): UserPolicy {
    const { issuerObjects, labelsOf } = this.#options;
    const issuer = issuerObjects.get(issuerKey(object));
    // A namespace's issuer that went first allowed what its namespace asked for; of a cluster's one nobody knows any more.
    if (!issuer) return object.spec.issuerRef.kind === "ClusterTokenIssuer" ? { ...OPEN_USER_POLICY, refusal: "The issuer is gone, and its policy with it." } : OPEN_USER_POLICY;
    const place = { namespace: object.namespace, labels: labelsOf(object.namespace) };
    // An issuer that goes begins nothing new, and still ends what was begun.
    return userPolicy(object.deleting ? { ...issuer, deleting: false } : issuer, place);
  }

  /** The object as it stands now; undefined: it is gone, or another one has its name. */
  #latest({ key, uid }: UserObject): UserObject | undefined {
    const latest = this.#options.objects.get(key);
    return latest?.uid === uid ? latest : undefined;
  }

  /** Of several objects for one user at one issuer the oldest has the say, among those that the policy lets do anything. */
  #claimed(object: UserObject): string | null {
    const rivals = this.#options.objects
      .byIndex("name", object.spec.name)
      .filter((other) => other.key !== object.key && !other.deleting && other.complaint === null && issuerKey(other) === issuerKey(object) && this.#mayManage(other));
    const rival = object.deleting ? rivals[0] : rivals.find((other) => isOlder(other, object));
    if (!rival) return null;
    const which = rival.namespace === object.namespace ? `The ServiceUser object ${rival.name}` : "A ServiceUser object of another namespace";
    return `${which} manages the service user ${object.spec.name} already: delete one of the two.`;
  }

  #mayManage(object: UserObject): boolean {
    const issuer = this.#options.issuerObjects.get(issuerKey(object));
    if (!issuer) return false;
    return forbids(userPolicy(issuer, { namespace: object.namespace, labels: this.#options.labelsOf(object.namespace) }), this.#desired(object, false)) === null;
  }

  #memory({ key, uid }: UserObject): UserMemory {
    const known = this.#memories.get(key);
    if (known?.uid === uid) return known.memory;
    const memory = blankUserMemory();
    this.#memories.set(key, { uid, memory });
    return memory;
  }

  async #finalizers(object: UserObject, change: (names: readonly string[]) => readonly string[]): Promise<void> {
    const latest = this.#latest(object) ?? object;
    const { namespace, name, uid } = object;
    const body = { metadata: { uid, resourceVersion: latest.resourceVersion, finalizers: change(latest.finalizers) } };
    try {
      const written = await this.#options.client.patch(serviceUsers, { namespace, name }, body, { type: "merge", fieldManager: MANAGER });
      if (written.metadata?.deletionTimestamp === undefined || (written.metadata.finalizers ?? []).length > 0) this.#options.objects.observeWrite(projectUser(written));
    } catch (error) {
      if (!isNotFound(error)) throw refusal(error, `ServiceUser ${name}`);
    }
  }

  async #report(object: UserObject, plan: Told, error: LifecycleError | null): Promise<void> {
    const latest = this.#latest(object)?.status ?? null;
    const previous = latest?.conditions ?? [];
    const wanted = plan.conditions.map((condition) => (error && condition.status !== "True" ? { ...condition, message: `${condition.message} ${error.message}` } : condition));
    const account = plan.outcome === "rest" ? this.#options.issuers.state(issuerKey(object)).session?.users.user({ name: object.spec.name }) : null;
    const status: TokenStatus = {
      observedGeneration: object.generation,
      conditions: conditions(wanted, previous, { generation: object.generation, now: Date.now() }),
      user: account ? { id: account.id, userId: account.userId, role: account.role, teams: account.teams } : (latest?.["user"] ?? null),
    };
    if (plan.outcome !== "act") this.#sayTurn(object, wanted[0], previous.find(({ type }) => type === "Ready"));
    if (isWorthWriting(status, latest)) await this.#write(object, status);
  }

  /** A Ready that turns to False or Unknown is an event of its own. */
  #sayTurn(object: UserObject, ready: Told["conditions"][number] | undefined, before: { readonly status: string; readonly reason: string } | undefined): void {
    if (!ready || ready.status === "True" || (before?.status === ready.status && before.reason === ready.reason) || isNoNews(object, ready.reason)) return;
    this.#options.say(object, { type: "Warning", reason: ready.reason, message: ready.message });
  }

  async #write(object: UserObject, status: object): Promise<void> {
    this.#options.guard();
    const { namespace, name, uid } = object;
    try {
      const written = await this.#options.client.patch(serviceUsers, { namespace, name }, { metadata: { uid }, status }, { type: "merge", subresource: "status", fieldManager: MANAGER });
      this.#options.objects.observeWrite(projectUser(written));
    } catch (failed) {
      if (!isNotFound(failed) && !isConflict(failed)) throw failed;
    }
  }
}

/** As much of a plan as is told. */
interface Told extends Pick<UserPlan, "outcome"> {
  readonly conditions: readonly { readonly type: "Ready" | "Stalled"; readonly status: "True" | "False" | "Unknown"; readonly reason: string; readonly message: string }[];
}

const unreadable = (message: string): Told => ({
  outcome: "stall",
  conditions: [{ type: "Ready", status: "False", reason: "SpecInvalid", message }, { type: "Stalled", status: "True", reason: "SpecInvalid", message }],
});

const isOlder = (a: UserObject, b: UserObject): boolean => a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.key < b.key);
