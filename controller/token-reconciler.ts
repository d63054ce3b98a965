// One ServiceToken or PersonalToken: gather, converge, report. No rule of a token's life stands here.
import { LifecycleError } from "../core/error.ts";
import type { EventText } from "../core/hit.ts";
import { markOf } from "../core/name.ts";
import type { Desired } from "../core/desired.ts";
import { converge, type Situated } from "../tokenapi/converge.ts";
import { systemClock } from "../tokenapi/clock.ts";
import { OPEN_POLICY, type IssuerSession } from "../tokenapi/issuer.ts";
import { blankMemory, isForgettable, type Memory } from "../tokenapi/memory.ts";
import type { Reach } from "../tokenapi/places.ts";
import { awaitedUntil } from "./awaited.ts";
import { issuersOf } from "./caches.ts";
import { issuerKey, keyOfRef, readRef, refOf, type IssuerObjects } from "./issuer-object.ts";
import { noIssuer, type Issuers } from "./issuers.ts";
import { FINALIZER, isNews, type IssuerRef, type TokenKind, type TokenObject } from "./kinds.ts";
import { ownerOf, type Owners } from "./owner.ts";
import { tokenPolicy } from "./policy.ts";
import type { ReconcileResult } from "./runtime/index.ts";
import type { Labels } from "./selector.ts";
import { claimOf } from "./secret-claim.ts";
import type { ReadMemory } from "./secret-judgement.ts";
import { predecessorOf } from "./secret-heir.ts";
import { homeOf, isDelivered, SecretTarget, secretNameOf, type Cluster } from "./secret-target.ts";
import { saidOf, TokenReport } from "./token-report.ts";
import { desiredOf } from "./token-desire.ts";
import { KubeWorkloads } from "./workloads.ts";
import { WriteTrust } from "./write-trust.ts";

/** The code of the refusal to go on for a spec that was edited. */
const EDITED = "EDITED_MEANWHILE";

const edited = ({ key }: TokenObject): LifecycleError => new LifecycleError("conflict", EDITED, `${key} or its issuer was edited meanwhile.`);

export interface ReconcilerOptions {
  readonly kind: TokenKind;
  /** With the tokens of this kind. */
  readonly cluster: Cluster;
  readonly issuers: Issuers;
  readonly issuerObjects: IssuerObjects;
  readonly owners: Owners;
  /** The tokens of all kinds that name this Secret, by its key. */
  readonly namesakes: (secret: string) => readonly TokenObject[];
  /** The labels of a namespace; null: not known here. */
  readonly labelsOf: (namespace: string) => Labels | null;
  /** How far this operator sees. */
  readonly reach: "cluster" | "namespace";
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
  readonly #marks = new Map<string, string>();
  readonly #report: TokenReport;
  readonly #trust = new WriteTrust(() => systemClock.monotonic());

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#report = new TokenReport(options);
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
      this.#marks.delete(key);
      return {};
    }
    // Deleted and nothing of ours holds it: other finalizers do.
    if (object.deleting && !object.finalizers.includes(FINALIZER)) return {};
    // An issuer's first look wakes all of its tokens.
    if (this.#issuersOf(object).some((issuer) => this.#options.issuerObjects.get(issuer) && !this.#options.issuers.isKnown(issuer))) return {};
    const memory = this.#memory(object);
    const at = this.#situate(object, memory, await this.#predecessor(object));
    if (memory.writableFor !== at.target.version) {
      memory.writable = null;
      // Tried at once, and by a dry run of its own: what others may write says nothing of it.
      memory.refusals = Math.min(memory.refusals, 1);
    }
    const outcome = await converge(at, (event) => this.#options.say(object, event));
    const { error, again } = outcome;
    memory.writableFor = at.target.version;
    if (again === null && isForgettable(memory)) this.#memories.delete(key);
    const released = object.deleting && !this.#isHeld(object);
    const due = released ? null : await this.#report.write(object, at, outcome);
    // The edit has put the object into the queue again.
    if (error && error.code !== EDITED) throw error;
    const left = error || object.deleting ? null : await at.target.tidy(this.#overlap(at), () => this.#guard(object));
    const young = outcome.plan.outcome === "wait" ? awaitedUntil(object, Date.now()) : null;
    const dates = [again ?? due, left, young].filter((date) => date !== null);
    return dates.length === 0 ? {} : { requeueAt: Math.min(...dates) };
  }

  /** How long the Secret of an earlier name stays: as long as two revisions would beside each other. */
  #overlap({ desired, policy }: Situated): number {
    return Math.max(desired.retire.minOverlap, policy?.minOverlap ?? 0);
  }

  /** Values that could not be delivered before the process ends: their tokens are revoked and deleted. */
  async discard(): Promise<void> {
    await Promise.all([...this.#memories].map(([key, { memory }]) => this.#withdraw(key, memory)));
  }

  async #withdraw(key: string, memory: Memory): Promise<void> {
    const { hand } = memory;
    const object = this.#options.cluster.tokens.get(key);
    if (!hand || !object) return;
    const { session } = this.#options.issuers.state(keyOfRef(hand.issuer?.ref ?? refOf(object.spec.issuerRef), object.namespace));
    memory.hand = null;
    memory.value = null;
    // What is left is found by its mark.
    await session?.api
      .revoke(hand.id)
      .then(() => session.api.delete(hand.id))
      .catch(() => undefined);
  }

  #memory(object: TokenObject): Memory {
    const known = this.#memories.get(object.key);
    if (known?.uid === object.uid) return known.memory;
    const memory = blankMemory();
    this.#memories.set(object.key, { uid: object.uid, memory });
    return memory;
  }

  /** The issuers that the spec or the record of an object names, by their keys. */
  #issuersOf(object: TokenObject): string[] {
    const secret = this.#options.cluster.secrets.get(`${object.namespace}/${secretNameOf(object)}`);
    const { home, former } = secret?.ours?.record?.mark === this.#markOf(object.key) ? issuersOf(secret) : {};
    return [issuerKey(object), home, former].filter((key) => key !== undefined);
  }

  /** A hash of what never changes, asked for several times in each look. */
  #markOf(key: string): string {
    const known = this.#marks.get(key);
    if (known !== undefined) return known;
    const mark = markOf(this.#options.scope(), `${this.#options.kind}/${key}`);
    this.#marks.set(key, mark);
    return mark;
  }

  #predecessor(object: TokenObject): Promise<string | null> | null {
    const home = homeOf(this.#options.cluster, object);
    // Nearly always: what stands there has no owner, or the one it should have.
    if (!home?.owner || home.owner.uid === object.uid) return null;
    return predecessorOf({ client: this.#options.cluster.client, object, mark: this.#markOf(object.key), home });
  }

  #situate(object: TokenObject, memory: Memory, predecessor: string | null): Situated & { readonly target: SecretTarget } {
    const { cluster, issuerObjects, owners, alone } = this.#options;
    const key = issuerKey(object);
    const issuerObject = issuerObjects.get(key);
    const { issuer: session, problem: issuerProblem, policy } = this.#reach(object, key, object.spec.issuerRef);
    const { ref: owner, problem: ownerProblem, spec } = ownerOf(object, { owners, user: (ref) => session?.users.user(ref) ?? null, delivered: isDelivered(cluster, object) });
    const desired = desiredOf(object, { mark: this.#markOf(object.key), owner: spec, issuer: issuerObject });
    this.#keys.set(desired.mark, object.key);
    const user = owner && session ? session.users.user(owner)?.name : undefined;
    const target = new SecretTarget({
      cluster,
      object,
      mark: desired.mark,
      predecessor,
      url: issuerObject?.spec.url ?? session?.url ?? "",
      user: user ?? desired.ownerName ?? session?.userName ?? "",
      reads: this.#reads,
      trust: this.#trust,
      claimed: () => claimOf(object, secretNameOf(object), this.#options.namesakes(`${object.namespace}/${secretNameOf(object)}`)),
      monotonic: () => systemClock.monotonic(),
    });
    return {
      desired,
      issuer: session,
      issuerProblem,
      policy,
      elsewhere: (ref) => this.#reach(object, keyOfRef(ref, object.namespace), readRef(ref)),
      owner,
      ...(ownerProblem ? { ownerProblem } : {}),
      target,
      memory,
      ...this.#workloads(object, desired),
      held: () => this.#isHeld(object),
      said: saidOf(object),
      alone,
      guard: () => {
        this.#guard(object);
        // With a session that was replaced nothing is begun any more. A deletion goes on with the one that it has.
        const now = this.#session(object, key);
        if (now !== session && !(object.deleting && now === null)) throw edited(object);
      },
      clock: systemClock,
      patient: false,
    };
  }

  #session(object: TokenObject, key: string): IssuerSession | null {
    const { issuers, issuerObjects } = this.#options;
    const { session, ending } = issuers.state(key);
    return object.deleting ? ending : issuerObjects.get(key) ? session : null;
  }

  /** One issuer as this object reaches it: its own, or one that its record names. */
  #reach(object: TokenObject, key: string, ref: IssuerRef): Reach {
    const { kind, issuers, issuerObjects, labelsOf, reach } = this.#options;
    const issuer = issuerObjects.get(key);
    return {
      issuer: this.#session(object, key),
      problem: issuer ? issuers.state(key).problem : noIssuer(object, ref, reach),
      // Of a cluster's issuer that went first this much is certain: others used it too.
      policy: issuer ? tokenPolicy(issuer, kind, { namespace: object.namespace, labels: labelsOf(object.namespace) }) : { ...OPEN_POLICY, shared: !key.includes("/") },
    };
  }

  #workloads({ namespace, key, spec }: TokenObject, { mark }: Desired): Pick<Situated, "workloads"> {
    const { restart: refs = [] } = spec;
    if (refs.length === 0) return {};
    return { workloads: new KubeWorkloads({ client: this.#options.cluster.client, namespace, refs, mark, resource: key, monotonic: () => systemClock.monotonic() }) };
  }

  /** Nothing is done for a spec, or an order, that is no longer what stands there. */
  #guard(object: TokenObject): void {
    this.#options.guard();
    const latest = this.#options.cluster.tokens.get(object.key);
    if (latest?.uid !== object.uid || isNews(object, latest)) throw edited(object);
  }

  #isHeld(object: TokenObject): boolean {
    const latest = this.#options.cluster.tokens.get(object.key);
    return latest?.uid === object.uid && latest.finalizers.includes(FINALIZER);
  }
}
