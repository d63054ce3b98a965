// One issuer of either kind: keep its session and its lists fresh, say whether it is ready, and let it go only when
// nothing needs its credential any more.
import { LifecycleError } from "../core/error.ts";
import { reasonOfDenial } from "../tokenapi/denial.ts";
import type { IssuerSession } from "../tokenapi/issuer.ts";
import { resyncOf } from "./issuer-client.ts";
import type { Issuers } from "./issuers.ts";
import { issuerResources, projectIssuer, type IssuerObject, type IssuerObjects } from "./issuer-object.ts";
import { ANNOTATION, FINALIZER, MANAGER } from "./kinds.ts";
import type { Orphans, Swept } from "./orphans.ts";
import { openness } from "./policy.ts";
import { isConflict, isNotFound, type ReconcileResult, type RestClient } from "./runtime/index.ts";
import { conditions, isWorthWriting } from "./status.ts";

export interface IssuerReconcilerOptions {
  readonly client: RestClient;
  readonly objects: IssuerObjects;
  readonly issuers: Issuers;
  /** What still needs the issuer: "ServiceToken data/ingest" and the like. */
  readonly dependants: (issuer: IssuerObject) => readonly string[];
  readonly orphans: Orphans;
  readonly guard: () => void;
  readonly say: (object: IssuerObject, type: "Normal" | "Warning", reason: string, message: string) => void;
}

/** While an issuer is not ready it is looked at again at least so often, so that it heals soon after it was mended. */
const RETRY = 10_000;
/** While it waits to be let go, its lists are read at most so often. */
const LEAST = 1_000;
/** As many of those that are waited for are named. */
const NAMED = 3;

export class IssuerReconciler {
  readonly #options: IssuerReconcilerOptions;
  readonly #failures = new Map<string, number>();
  readonly #refreshed = new Map<string, number>();

  constructor(options: IssuerReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const object = this.#options.objects.get(key);
    if (!object) {
      this.#failures.delete(key);
      this.#options.orphans.forget(key);
      this.#refreshed.delete(key);
      this.#options.issuers.forget(key);
      return {};
    }
    const blocked = await this.#hold(object);
    if (object.deleting && blocked === null) return {};
    // Each of its dependants that goes wakes it: not each of them is worth a list.
    const since = performance.now() - (this.#refreshed.get(key) ?? Number.NEGATIVE_INFINITY);
    if (blocked && since < LEAST) return { requeueAt: Date.now() + LEAST - since };
    this.#refreshed.set(key, performance.now());
    try {
      const session = await this.#options.issuers.refresh(object);
      this.#failures.delete(key);
      const me = { id: session.userId, name: session.userName };
      const ready = blocked ?? said(object, session);
      const swept = await this.#options.orphans.sweep(object, session);
      this.#tell(object, swept);
      await this.#report(object, ready, me, swept.left);
      return { requeueAt: Date.now() + resyncOf(object.spec) };
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const problem = error instanceof Error ? error.message : "The issuer is not ready.";
      const ready: Ready = { status: "False", reason: blocked?.reason ?? reasonOf(error), message: blocked ? `${blocked.message} ${problem}` : problem };
      await this.#report(object, ready, null);
      return { requeueAt: Date.now() + Math.min(RETRY, 500 * 2 ** Math.min(failures, 10)) };
    }
  }

  /** While something needs the issuer, it may not vanish: says what, where it is being deleted. Null: nothing does. */
  async #hold(object: IssuerObject): Promise<Ready | null> {
    const held = object.finalizers.includes(FINALIZER);
    // Of thousands there is nothing to be known, as long as it is held and stays.
    if (held && !object.deleting) return null;
    const needed = this.#options.dependants(object);
    if (!object.deleting) {
      if (needed.length > 0) await this.#finalizers(object, [...object.finalizers, FINALIZER]);
      return null;
    }
    if (!held) return null;
    if (needed.length === 0 || object.annotations[ANNOTATION.abandon] === "true") {
      await this.#finalizers(object, object.finalizers.filter((name) => name !== FINALIZER));
      return null;
    }
    const message = `Deleted, and kept because its credential is needed to end the tokens of ${named(needed)}: delete them first. To let them go without revoking their tokens, set the annotation ${ANNOTATION.abandon}: "true" on this issuer.`;
    return { status: "False", reason: "DeletionBlocked", message };
  }

  async #finalizers(object: IssuerObject, finalizers: readonly string[]): Promise<void> {
    this.#options.guard();
    const { uid, resourceVersion } = object;
    const body = { metadata: { uid, resourceVersion, finalizers } };
    try {
      const written = await this.#options.client.patch(issuerResources[object.kind], place(object), body, { type: "merge", fieldManager: MANAGER });
      if (written.metadata?.deletionTimestamp === undefined || (written.metadata.finalizers ?? []).length > 0) this.#options.objects.observeWrite(projectIssuer(object.kind)(written));
    } catch (error) {
      // Somebody wrote meanwhile: what they wrote wakes us again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** What was done to tokens that nothing declares, each time; that some are left stands in the status. */
  #tell(object: IssuerObject, { cleared, retired }: Swept): void {
    if (cleared.length > 0) this.#options.say(object, "Warning", "LostToken", `No object declares ${named(cleared)} any more, and nobody has used it: revoked and deleted.`);
    if (retired.length > 0) this.#options.say(object, "Warning", "Retired", `No object declares ${named(retired)} any more: revoked, as spec.orphans says.`);
  }

  async #report(object: IssuerObject, ready: Ready, user: { id: number; name: string } | null, orphans: readonly string[] = []): Promise<void> {
    const latest = this.#options.objects.get(object.key)?.status ?? null;
    const previous = latest?.conditions ?? [];
    const status = {
      observedGeneration: object.generation,
      conditions: conditions([...wanted(ready), ...left(orphans)], previous, { generation: object.generation, now: Date.now() }),
      user: user ?? latest?.["user"] ?? null,
    };
    const before = previous.find(({ type }) => type === "Ready");
    if (before?.status !== ready.status || before.reason !== ready.reason) {
      this.#options.say(object, ready.status === "True" ? "Normal" : "Warning", ready.reason, ready.message);
    }
    if (isWorthWriting(status, latest)) await this.#write(object, status);
  }

  async #write(object: IssuerObject, status: object): Promise<void> {
    this.#options.guard();
    try {
      const written = await this.#options.client.patch(issuerResources[object.kind], place(object), { metadata: { uid: object.uid }, status }, { type: "merge", subresource: "status", fieldManager: MANAGER });
      this.#options.objects.observeWrite(projectIssuer(object.kind)(written));
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/** The first few of them by name. */
const named = (names: readonly string[]): string => names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ` and ${names.length - NAMED} more` : "");

function left(orphans: readonly string[]): (Omit<Ready, "status"> & { readonly type: string; readonly status: "True" })[] {
  if (orphans.length === 0) return [];
  const message = `In use, and declared by no object any more: ${named(orphans)}. Revoke it by hand if nobody needs it, or set spec.orphans: Retire.`;
  return [{ type: "Orphans", status: "True", reason: "HeldBySomebody", message }];
}

const place = ({ namespace, name }: IssuerObject): { namespace?: string; name: string } => ({ ...(namespace === "" ? {} : { namespace }), name });

/** A list that is not believed is no better than none. */
function said(object: IssuerObject, session: IssuerSession): Ready {
  const suspicion = session.tokens("service").suspicion ?? session.tokens("personal").suspicion;
  if (suspicion !== null) return { status: "False", reason: "TokensSuspect", message: suspicion };
  return { status: "True", reason: "Ready", message: `${object.spec.url} answers as ${session.userName}.${openness(object)}` };
}

interface Ready {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** What only a person can mend is Stalled too; what cannot be reached may be back by itself. */
function wanted(ready: Ready): (Ready & { readonly type: string })[] {
  const stalled = ["CredentialDenied", "NotAdministrator", "IssuerInvalid"].includes(ready.reason);
  return [{ type: "Ready", ...ready }, ...(stalled ? [{ ...ready, type: "Stalled", status: "True" as const }] : [])];
}

function reasonOf(error: unknown): string {
  if (!(error instanceof LifecycleError)) return "IssuerNotReady";
  return reasonOfDenial(error) ?? (error.kind === "invalid" ? "IssuerInvalid" : "IssuerNotReady");
}
