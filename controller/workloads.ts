// Deployments and their like that a token's spec restarts: asked to roll by an annotation on their pod template, as
// `kubectl rollout restart` does, and looked at until all of their pods came after it. Read when it matters, not watched.
import { present, absent, unknown, type Fact, type Rollout } from "../core/observed.ts";
import type { WorkloadRef } from "../core/spec.ts";
import type { Workloads } from "../tokenapi/workloads.ts";
import { GROUP, MANAGER } from "./kinds.ts";
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

  look(revision: number): Promise<Fact<Rollout>> {
    return this.#each(revision, (ref) => this.#get(ref));
  }

  restart(revision: number): Promise<Fact<Rollout>> {
    return this.#each(revision, async (ref) => {
      const object = await this.#get(ref);
      return object === null || this.#isAsked(object, revision) ? object : this.#ask(ref, revision);
    });
  }

  async #each(revision: number, work: (ref: WorkloadRef) => Promise<WorkloadObject | null>): Promise<Fact<Rollout>> {
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
    return this.#fact(found, revision, readAt);
  }

  #fact(found: readonly Found[], revision: number, readAt: number): Fact<Rollout> {
    const missing = found.filter(({ object }) => object === null).map(({ words }) => words);
    if (missing.length === found.length) return absent(`There is no ${missing.join(", ")}.`);
    const there = found.flatMap(({ words, object }) => (object ? [{ words, object }] : []));
    const waits = there.flatMap(({ words, object }) => {
      const why = this.#isAsked(object, revision) ? unfinished(object) : "does not bear our restart annotation";
      return why === null ? [] : [`${words} ${why}`];
    });
    const asked = there.every(({ object }) => this.#isAsked(object, revision));
    return present({ readAt, revision, asked, complete: waits.length === 0, waits: waits[0] ?? null, missing });
  }

  /** The name part of an annotation is short: the mark says which token, the value says it to people. */
  #annotation(revision: number): { readonly [name: string]: string } {
    return { [`restart.${GROUP}/${this.#options.mark}`]: `revision ${revision} of ${this.#options.resource}` };
  }

  #isAsked({ spec }: WorkloadObject, revision: number): boolean {
    const there = spec?.template?.metadata?.annotations ?? {};
    return Object.entries(this.#annotation(revision)).every(([name, value]) => there[name] === value);
  }

  async #get({ kind, name }: WorkloadRef): Promise<WorkloadObject | null> {
    try {
      return await this.#options.client.get<WorkloadObject>(resources[kind], { namespace: this.#options.namespace, name });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  #ask({ kind, name }: WorkloadRef, revision: number): Promise<WorkloadObject> {
    const { client, namespace } = this.#options;
    const body: Partial<KubeObject> & object = { spec: { template: { metadata: { annotations: this.#annotation(revision) } } } };
    return client.patch<WorkloadObject>(resources[kind], { namespace, name }, body, { type: "merge", fieldManager: MANAGER });
  }
}

function whyNot(error: unknown, { kind }: WorkloadRef): string {
  if (isForbidden(error)) return `the operator may not restart it: grant it get and patch on ${resources[kind].plural} of apps in this namespace, and look at what else refuses. ${error.message}`;
  return error instanceof Error ? error.message : "the request failed";
}
