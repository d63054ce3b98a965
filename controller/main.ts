// The operator: which parts there are and in which order they start and end. Flags come from cli/; what wakes whom is
// wakes.ts; no rule of a token's life stands here.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { LifecycleError } from "../core/error.ts";
import { Caches, TOKEN_KINDS, watched } from "./caches.ts";
import { loadScope } from "./identity.ts";
import { issuerKey } from "./issuer-object.ts";
import { IssuerReconciler } from "./issuer-reconciler.ts";
import { Issuers } from "./issuers.ts";
import type { TokenKind } from "./kinds.ts";
import { markOf } from "../core/name.ts";
import { Orphans } from "./orphans.ts";
import { serve } from "./pages.ts";
import { Controller, EventRecorder, isForbidden, isNotFound, LeaderElector, loadCredentials, Manager, RestClient, RuntimeMetrics, WorkQueue, type Logger } from "./runtime/index.ts";
import { TokenReconciler } from "./token-reconciler.ts";
import { UserReconciler } from "./user-reconciler.ts";
import { Voice } from "./voice.ts";
import { subscribe, wakeAll, wakeMarks, type Queues } from "./wakes.ts";

export interface OperatorOptions {
  readonly kubeconfig?: string;
  /** Only this namespace; without one the whole cluster. */
  readonly namespace?: string;
  /** Where identity and lease are kept; default: the pod's namespace, the watched one, or "default". */
  readonly ownNamespace?: string;
  readonly leaderElect: boolean;
  readonly adoptIdentity: boolean;
  /** "host:port" for /metrics, /healthz and /readyz. */
  readonly metrics?: string;
  readonly concurrency: number;
  /** How long what is under way may take to end once it is stopped; default 25 s. */
  readonly drainMs?: number;
  readonly log: Logger;
}

/** With what comes after it, this is less than the 40 s that deploy/ gives a pod to end. */
const DRAIN_MS = 25_000;
const WITHDRAW_MS = 5_000;

/** As the metrics name them. */
export const CONTROLLERS = ["servicetoken", "personaltoken", "serviceuser", "tokenissuer"] as const;

export interface Operator {
  /** Its caches are complete. */
  ready(): boolean;
  /** Resolves when the operator has ended by itself: leadership was lost. */
  readonly ended: Promise<void>;
  /** Ends in order: nothing more is begun, what is under way ends, undelivered tokens are withdrawn. */
  stop(): Promise<void>;
}

interface Parts {
  readonly client: RestClient;
  readonly caches: Caches;
  readonly queues: Queues;
  readonly events: EventRecorder;
  readonly voice: Voice;
  readonly guard: () => void;
  /** Kinds that the cluster does not know, by their plural names. */
  readonly unknown: Set<string>;
}

/** What operators of one process have in common, and how the metrics of this one are told from the others'. */
interface Within {
  readonly metrics: RuntimeMetrics;
  readonly label: string;
}

/** Starts the operator; resolves when its caches are complete. Throws LifecycleError with what to do. */
export async function startOperator(options: OperatorOptions, within?: Within): Promise<Operator> {
  const { metrics, label } = within ?? { metrics: new RuntimeMetrics(), label: "" };
  const client = await connect(options, metrics);
  const own = options.ownNamespace ?? process.env["POD_NAMESPACE"] ?? options.namespace ?? "default";
  const scope = await checked(client, () => loadScope(client, own, options.adoptIdentity));
  let manager: Manager | null = null;
  const guard = (): void => {
    if (!manager?.stillLeading()) throw new LifecycleError("retryable", "NOT_LEADING", "This process does not lead any more.");
  };
  const parts = makeParts({ client, guard, options });
  const { issuers, tokens, controllers } = makeControllers(parts, scope, { ...options, label });
  subscribe(parts);
  for (const controller of controllers) metrics.controller(controller);
  metrics.events(parts.events);
  const ended = Promise.withResolvers<void>();
  const running = makeManager({ options, parts, controllers, own, onLost: ended.resolve });
  manager = running;
  metrics.leader(`${label}servicetokens-controller`, () => running.stillLeading());
  const http = within ? null : await serve(options, metrics, () => running.ready());
  await preflight(parts, options);
  await checked(client, () => running.start());
  return {
    ready: () => running.ready(),
    ended: ended.promise,
    async stop() {
      const led = running.stillLeading();
      // All at once: none begins anything more, and together they take no longer than one.
      await Promise.all(controllers.map((controller) => controller.stop(options.drainMs ?? DRAIN_MS)));
      if (led) await Promise.race([Promise.all(tokens.map((reconciler) => reconciler.discard())), sleep(WITHDRAW_MS, undefined, { ref: false })]);
      await issuers.close();
      await running.stop();
      await http?.stop();
    },
  };
}

async function connect(options: OperatorOptions, metrics: RuntimeMetrics): Promise<RestClient> {
  try {
    const credentials = await loadCredentials(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig });
    const client = new RestClient({ credentials, userAgent: "servicetokens-controller", onRequest: metrics.onRequest });
    metrics.client(client);
    return client;
  } catch (error) {
    const message = error instanceof Error ? error.message : "it could not be read";
    throw new LifecycleError("terminal", "NO_CLUSTER", `No way to a cluster: ${message}. Mend that, or name a kubeconfig with --kubeconfig FILE or KUBECONFIG.`);
  }
}

/**
 * Says in a sentence what the caches will wait for; they go on waiting, so that mending it is enough. Where only some of
 * our kinds are not there, the others do not wait for them.
 */
async function preflight({ client, caches, unknown }: Parts, { namespace, log }: OperatorOptions): Promise<void> {
  const kinds = watched(caches.reach);
  const ours = kinds.filter(({ group }) => group !== "");
  for (const resource of kinds) {
    try {
      await client.list(resource, { namespace }, { limit: 1, metadataOnly: true });
    } catch (error) {
      const where = namespace === undefined || !resource.namespaced ? "in all namespaces" : `in the namespace ${namespace}`;
      if (isNotFound(error)) unknown.add(resource.plural);
      else if (isForbidden(error)) log.error({ kind: resource.kind }, `This account may not list this kind ${where}: grant it get, list and watch, or give --namespace. Waiting for it`);
    }
  }
  const none = ours.every(({ plural }) => unknown.has(plural));
  for (const { kind, plural } of ours) {
    if (unknown.has(plural)) log.error({ kind }, `The cluster does not know this kind: install the CRDs with \`kubectl apply -f crds/\`. ${none ? "Waiting for it" : "Working without it until it is there"}`);
  }
  if (none) unknown.clear();
}

/** The first words with the apiserver: whatever fails here is said in one sentence, with what to do. */
async function checked<T>(client: RestClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await client.close().catch(() => undefined);
    if (error instanceof LifecycleError) throw error;
    const message = error instanceof Error ? error.message : "the request failed";
    throw new LifecycleError("terminal", "CLUSTER_REFUSED", `The cluster cannot be worked with: ${message}. Are the CRDs installed (kubectl apply -f crds/), and may this account use them?`);
  }
}

const reachOf = ({ namespace }: { readonly namespace?: string | undefined }): "cluster" | "namespace" => (namespace === undefined ? "cluster" : "namespace");

function makeParts({ client, guard, options }: { client: RestClient; guard: () => void; options: OperatorOptions }): Parts {
  const { log } = options;
  const caches = new Caches(reachOf(options), log);
  const events = new EventRecorder({ client, controller: "tokens.qualytics.io/controller", instance: hostname(), log });
  const queues = {
    tokens: { ServiceToken: new WorkQueue(), PersonalToken: new WorkQueue() },
    users: new WorkQueue({ backoff: { capMs: 60_000 } }),
    issuers: new WorkQueue({ backoff: { capMs: 10_000 } }),
  };
  return { client, guard, caches, events, queues, voice: new Voice(events, caches.issuers), unknown: new Set() };
}

interface Running {
  readonly issuers: Issuers;
  readonly tokens: readonly TokenReconciler[];
  readonly controllers: Controller[];
}

function makeControllers(parts: Parts, scope: string, { log, leaderElect, concurrency, label }: OperatorOptions & Pick<Within, "label">): Running {
  const { client, caches, queues, voice, guard } = parts;
  const issuers = new Issuers({
    client,
    log,
    uses: (key) => caches.uses(key),
    onChange: (issuer, marks) => {
      if (marks === "all") wakeAll(parts, issuer);
      else wakeMarks(parts, issuer, TOKEN_KINDS.flatMap((kind) => [...marks].flatMap((mark) => keyed(kind, reconcilers[kind].keyOf(mark)))));
    },
  });
  const shared = { issuers, issuerObjects: caches.issuers, labelsOf: (namespace: string) => caches.labelsOf(namespace), reach: caches.reach, guard };
  const token = (kind: TokenKind): TokenReconciler =>
    new TokenReconciler({
      ...shared,
      kind,
      cluster: { client, tokens: caches.tokens[kind], secrets: caches.secrets },
      owners: caches.users,
      namesakes: (secret) => caches.namesakes(secret),
      scope: () => scope,
      alone: leaderElect,
      say: (object, event) => voice.ofToken(object, event),
    });
  const reconcilers = { ServiceToken: token("ServiceToken"), PersonalToken: token("PersonalToken") };
  const users = new UserReconciler({ ...shared, client, objects: caches.users, say: (object, event) => voice.ofUser(object, event), changed: (issuer) => wakeAll(parts, issuer) });
  const issuer = new IssuerReconciler({
    client,
    objects: caches.issuers,
    issuers,
    dependants: (object) => caches.dependants(object),
    orphans: new Orphans({ caches, markOf: (kind, key) => markOf(scope, `${kind}/${key}`), sessionOf: (key) => issuers.state(key).session, guard, log }),
    guard,
    say: (object, type, reason, note) => voice.ofIssuer(object, type, reason, note),
  });
  const named = (name: (typeof CONTROLLERS)[number]): { name: string; concurrency: number; log: Logger } => ({ name: label + name, concurrency, log });
  return {
    issuers,
    tokens: Object.values(reconcilers),
    controllers: [
      ...TOKEN_KINDS.map((kind) => new Controller({ ...named(kind.toLowerCase() as Lowercase<TokenKind>), queue: queues.tokens[kind], reconcile: (key) => reconcilers[kind].reconcile(key), lane: laneOf(caches.tokens[kind]) })),
      new Controller({ ...named("serviceuser"), queue: queues.users, reconcile: (key) => users.reconcile(key), lane: laneOf(caches.users) }),
      new Controller({ ...named("tokenissuer"), queue: queues.issuers, reconcile: (key) => issuer.reconcile(key), lane: (key) => key }),
    ],
  };
}

/** One issuer that is slow holds up its own objects, and no other's. */
const laneOf = (objects: { get(key: string): Parameters<typeof issuerKey>[0] | undefined }) => (key: string): string | undefined => {
  const object = objects.get(key);
  return object && issuerKey(object);
};

const keyed = (kind: TokenKind, key: string | undefined): { kind: TokenKind; key: string }[] => (key === undefined ? [] : [{ kind, key }]);

function makeManager(at: { options: OperatorOptions; parts: Parts; controllers: Controller[]; own: string; onLost: () => void }): Manager {
  const { options, parts, controllers, own, onLost } = at;
  const { client, caches, events, unknown } = parts;
  const { log, namespace } = options;
  const elector = (callbacks: { onStarted: () => void; onLost: () => void }): LeaderElector =>
    new LeaderElector({ client, namespace: own, name: "servicetokens-controller", identity: `${hostname()}_${randomUUID()}`, log, ...callbacks });
  return new Manager({
    client,
    reflectors: caches.reflectors({ client, namespace, log, unknown }),
    controllers,
    ...(options.leaderElect ? { elector } : {}),
    events,
    onLost,
    log,
  });
}
