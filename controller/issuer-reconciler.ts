// One TokenIssuer: keep its session and its lists fresh, and say whether it is ready.
import { LifecycleError } from "../core/error.ts";
import { resyncOf, type Issuers } from "./issuers.ts";
import { MANAGER, projectIssuer, tokenIssuers, type IssuerObject } from "./kinds.ts";
import { isConflict, isNotFound, type ReconcileResult, type RestClient, type Store } from "./runtime/index.ts";
import { conditions, isWorthWriting } from "./status.ts";

export interface IssuerReconcilerOptions {
  readonly client: RestClient;
  readonly objects: Store<IssuerObject>;
  readonly issuers: Issuers;
  readonly guard: () => void;
  readonly say: (object: IssuerObject, type: "Normal" | "Warning", reason: string, message: string) => void;
}

/** While an issuer is not ready it is looked at again at least so often, so that it heals soon after it was mended. */
const RETRY = 10_000;

export class IssuerReconciler {
  readonly #options: IssuerReconcilerOptions;
  readonly #failures = new Map<string, number>();

  constructor(options: IssuerReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const object = this.#options.objects.get(key);
    if (!object) {
      this.#failures.delete(key);
      await this.#options.issuers.forget(key);
      return {};
    }
    try {
      const session = await this.#options.issuers.refresh(object);
      this.#failures.delete(key);
      const me = { id: session.userId, name: session.userName };
      await this.#report(object, { status: "True", reason: "Ready", message: `${object.spec.url} answers as ${session.userName}.` }, me);
      return { requeueAt: Date.now() + resyncOf(object.spec) };
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      await this.#report(object, { status: "False", reason: reasonOf(error), message: error instanceof Error ? error.message : "The issuer is not ready." }, null);
      return { requeueAt: Date.now() + Math.min(RETRY, 500 * 2 ** Math.min(failures, 10)) };
    }
  }

  async #report(object: IssuerObject, ready: Ready, user: { id: number; name: string } | null): Promise<void> {
    const latest = this.#options.objects.get(object.key)?.status ?? null;
    const previous = latest?.conditions ?? [];
    const status = {
      observedGeneration: object.generation,
      conditions: conditions(wanted(ready), previous, { generation: object.generation, now: Date.now() }),
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
    const { namespace, name, uid } = object;
    try {
      const written = await this.#options.client.patch(tokenIssuers, { namespace, name }, { metadata: { uid }, status }, { type: "merge", subresource: "status", fieldManager: MANAGER });
      this.#options.objects.observeWrite(projectIssuer(written));
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

interface Ready {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** What only a person can mend is Stalled too; what cannot be reached may be back by itself. */
function wanted(ready: Ready): (Ready & { readonly type: string })[] {
  const stalled = ready.reason === "CredentialDenied" || ready.reason === "IssuerInvalid";
  return [{ type: "Ready", ...ready }, ...(stalled ? [{ ...ready, type: "Stalled", status: "True" as const }] : [])];
}

function reasonOf(error: unknown): string {
  if (!(error instanceof LifecycleError)) return "IssuerNotReady";
  if (error.kind === "denied") return "CredentialDenied";
  return error.kind === "invalid" ? "IssuerInvalid" : "IssuerNotReady";
}
