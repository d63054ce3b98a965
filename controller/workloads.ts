// Deployments and their like that a token's spec restarts: asked to roll by an annotation on their pod template, as
// `kubectl rollout restart` does, and looked at until all of their pods came after it. Read when it matters, not watched.
import { present, absent, unknown, type Fact, type Rollout } from "../core/observed.ts";
import type { WorkloadRef } from "../core/spec.ts";
import type { RestartedFor, Workloads } from "../tokenapi/workloads.ts";
import { GROUP, MANAGER } from "./kinds.ts";
import { isRestartedFor, restartText } from "./restart-text.ts";
import { defineResource, isForbidden, isNotFound, type KubeObject, type Resource, type RestClient } from "./runtime/index.ts";
import { unfinished, type WorkloadObject } from "./rollout-progress.ts";

const resources: { readonly [kind in WorkloadRef["kind"]]: Resource } = {
  Deployment: defineResource("apps/v1", "Deployment", "deployments"),
  StatefulSet: defineResource("apps/v1", "StatefulSet", "statefulsets"),
  DaemonSet: defineResource("apps/v1", "DaemonSet", "daemonsets"),
};

export interface WorkloadsOptions {
  readonly client: RestClient;
  readonly namespace: string;
  readonly refs: readonly WorkloadRef[];
  /** Of the token: several may restart the same workload. */
  readonly mark: string;
  /** How people name the token. */
  readonly resource: string;
  readonly monotonic: () => number;
}

/** null: there is no such workload. */
type Found = { readonly words: string; readonly object: WorkloadObject | null };

export class KubeWorkloads implements Workloads {
  readonly #options: WorkloadsOptions;

  constructor(options: WorkloadsOptions) {
    this.#options = options;
  }

  look(of: RestartedFor): Promise<Fact<Rollout>> {
    return this.#each(of, (ref) => this.#get(ref));
  }

  restart(of: RestartedFor): Promise<Fact<Rollout>> {
    return this.#each(of, async (ref) => {
      const object = await this.#get(ref);
      return object === null || this.#isAsked(object, of) ? object : this.#ask(ref, of);
    });
  }

  async #each(of: RestartedFor, work: (ref: WorkloadRef) => Promise<WorkloadObject | null>): Promise<Fact<Rollout>> {
    const readAt = this.#options.monotonic();
    const found: Found[] = [];
    for (const ref of this.#options.refs) {
      const words = `${ref.kind} ${ref.name}`;
      try {
        found.push({ words, object: await work(ref) });
      } catch (error) {
        return unknown("RestartBlocked", `${words}: ${whyNot(error, ref)}`);
      }
    }
    return this.#fact(found, of, readAt);
  }

  #fact(found: readonly Found[], of: RestartedFor, readAt: number): Fact<Rollout> {
    const missing = found.filter(({ object }) => object === null).map(({ words }) => words);
    if (missing.length === found.length) return absent(`There is no ${missing.join(", ")}.`);
    const there = found.flatMap(({ words, object }) => (object ? [{ words, object }] : []));
    const waits = there.flatMap(({ words, object }) => {
      const why = this.#isAsked(object, of) ? unfinished(object) : "does not bear our restart annotation";
      return why === null ? [] : [`${words} ${why}`];
    });
    const asked = there.every(({ object }) => this.#isAsked(object, of));
    return present({ readAt, revision: of.revision, created: of.created, asked, complete: waits.length === 0, waits: waits[0] ?? null, missing });
  }

  /** The name part of an annotation is short: the mark says which token. */
  get #annotation(): string {
    return `restart.${GROUP}/${this.#options.mark}`;
  }

  #isAsked({ spec }: WorkloadObject, of: RestartedFor): boolean {
    const text = spec?.template?.metadata?.annotations?.[this.#annotation];
    return text !== undefined && isRestartedFor(text, { ...of, resource: this.#options.resource });
  }

  async #get({ kind, name }: WorkloadRef): Promise<WorkloadObject | null> {
    try {
      return await this.#options.client.get<WorkloadObject>(resources[kind], { namespace: this.#options.namespace, name });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  #ask({ kind, name }: WorkloadRef, of: RestartedFor): Promise<WorkloadObject> {
    const { client, namespace } = this.#options;
    const body: Partial<KubeObject> & object = { spec: { template: { metadata: { annotations: { [this.#annotation]: restartText({ ...of, resource: this.#options.resource }) } } } } };
    return client.patch<WorkloadObject>(resources[kind], { namespace, name }, body, { type: "merge", fieldManager: MANAGER });
  }
}

function whyNot(error: unknown, { kind }: WorkloadRef): string {
  if (isForbidden(error)) return `the operator may not restart it: grant it get and patch on ${resources[kind].plural} of apps in this namespace, and look at what else refuses. ${error.message}`;
  return error instanceof Error ? error.message : "the request failed";
}
