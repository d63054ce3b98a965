// The operator: what watches what, and what wakes whom. Flags come from cli/; no rule of a token's life stands here.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { LifecycleError } from "../core/error.ts";
import { loadScope } from "./identity.ts";
import { IssuerReconciler } from "./issuer-reconciler.ts";
import { Issuers } from "./issuers.ts";
import { API_VERSION, isNews, isTampered, projectIssuer, projectToken, serviceTokens, tokenIssuers, type IssuerObject, type TokenObject } from "./kinds.ts";
import {
  Controller,
  EventRecorder,
  HttpServer,
  isForbidden,
  isNotFound,
  LeaderElector,
  loadCredentials,
  Manager,
  priorities,
  Reflector,
  RestClient,
  RuntimeMetrics,
  secrets,
  Store,
  WorkQueue,
  type Logger,
} from "./runtime/index.ts";
import { projectSecret, type SecretRecord } from "./secret-record.ts";
import { TokenReconciler } from "./token-reconciler.ts";

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
  readonly log: Logger;
}

export interface Operator {
  /** Resolves when the operator has ended by itself: leadership was lost. */
  readonly ended: Promise<void>;
  /** Ends in order: nothing more is begun, what is under way ends, undelivered tokens are withdrawn. */
  stop(): Promise<void>;
}

interface Parts {
  readonly client: RestClient;
  readonly tokens: Store<TokenObject>;
  readonly issuerObjects: Store<IssuerObject>;
  readonly secretRecords: Store<SecretRecord>;
  readonly events: EventRecorder;
  readonly tokenQueue: WorkQueue;
  readonly issuerQueue: WorkQueue;
}

const issuerOf = ({ namespace, spec }: TokenObject): string => `${namespace}/${spec.issuerRef.name}`;

/** Starts the operator; resolves when its caches are complete. Throws LifecycleError with what to do. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { log } = options;
  const metrics = new RuntimeMetrics();
  const client = await connect(options, metrics);
  const own = options.ownNamespace ?? process.env["POD_NAMESPACE"] ?? options.namespace ?? "default";
  const scope = await checked(client, () => loadScope(client, own, options.adoptIdentity));
  const parts = makeParts(client, log);
  let manager: Manager | null = null;
  const guard = (): void => {
    if (!manager?.stillLeading()) throw new LifecycleError("retryable", "NOT_LEADING", "This process does not lead any more.");
  };
  const issuers = new Issuers({ client, log, onChange: (issuer, marks) => wake(parts, reconciler, issuer, marks) });
  const reconciler = makeReconciler({ parts, issuers, scope, guard, alone: options.leaderElect });
  const issuerReconciler = new IssuerReconciler({ client, objects: parts.issuerObjects, issuers, guard, say: (object, type, reason, note) => sayIssuer(parts.events, object, { type, reason, note }) });
  subscribe(parts);
  const controllers = [
    new Controller({ name: "servicetoken", queue: parts.tokenQueue, reconcile: (key) => reconciler.reconcile(key), concurrency: options.concurrency, log }),
    new Controller({ name: "tokenissuer", queue: parts.issuerQueue, reconcile: (key) => issuerReconciler.reconcile(key), concurrency: 4, log }),
  ];
  for (const controller of controllers) metrics.controller(controller);
  metrics.events(parts.events);
  const ended = Promise.withResolvers<void>();
  const running = makeManager({ options, parts, controllers, own, onLost: ended.resolve });
  manager = running;
  metrics.leader("servicetokens-controller", () => running.stillLeading());
  const http = await serve(options, metrics, running);
  await preflight(client, options);
  await checked(client, () => running.start());
  return {
    ended: ended.promise,
    async stop() {
      const led = running.stillLeading();
      for (const controller of controllers) await controller.stop(25_000);
      if (led) await reconciler.discard();
      await issuers.close();
      await running.stop();
      await http?.stop();
    },
  };
}

async function connect(options: OperatorOptions, metrics: RuntimeMetrics): Promise<RestClient> {
  try {
    const credentials = await loadCredentials(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig });
    return new RestClient({ credentials, userAgent: "servicetokens-controller", onRequest: metrics.onRequest });
  } catch (error) {
    const message = error instanceof Error ? error.message : "it could not be read";
    throw new LifecycleError("terminal", "NO_CLUSTER", `No way to a cluster: ${message}. Give --kubeconfig FILE, set KUBECONFIG, or run in a pod with a service account.`);
  }
}

/** Says in a sentence what the caches will wait for; they go on waiting, so that mending it is enough. */
async function preflight(client: RestClient, { namespace, log }: OperatorOptions): Promise<void> {
  for (const resource of [serviceTokens, tokenIssuers, secrets]) {
    try {
      await client.list(resource, { namespace }, { limit: 1, metadataOnly: true });
    } catch (error) {
      const where = namespace === undefined ? "in all namespaces" : `in the namespace ${namespace}`;
      if (isNotFound(error)) log.error({ kind: resource.kind }, "The cluster does not know this kind: install the CRDs with `kubectl apply -f crds/`. Waiting for it");
      else if (isForbidden(error)) log.error({ kind: resource.kind }, `This account may not list this kind ${where}: grant it get, list and watch, or give --namespace. Waiting for it`);
    }
  }
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

function makeParts(client: RestClient, log: Logger): Parts {
  return {
    client,
    tokens: new Store<TokenObject>({ issuer: issuerOf }, log),
    issuerObjects: new Store<IssuerObject>({ credential: ({ namespace, spec }) => `${namespace}/${spec.credentialsSecretRef.name}` }, log),
    secretRecords: new Store<SecretRecord>({}, log),
    events: new EventRecorder({ client, controller: "tokens.qualytics.io/controller", instance: hostname(), log }),
    tokenQueue: new WorkQueue(),
    issuerQueue: new WorkQueue({ backoff: { capMs: 10_000 } }),
  };
}

function makeReconciler(at: { parts: Parts; issuers: Issuers; scope: string; guard: () => void; alone: boolean }): TokenReconciler {
  const { parts } = at;
  return new TokenReconciler({
    cluster: { client: parts.client, tokens: parts.tokens, secrets: parts.secretRecords },
    issuers: at.issuers,
    issuerObjects: parts.issuerObjects,
    scope: () => at.scope,
    alone: at.alone,
    guard: at.guard,
    say: (object, { type, reason, message }) => {
      const regarding = { apiVersion: API_VERSION, kind: "ServiceToken", namespace: object.namespace, name: object.name, uid: object.uid };
      const issuer = parts.issuerObjects.get(issuerOf(object));
      const about = issuer ? reference(issuer) : regarding;
      parts.events.record({
        regarding,
        type,
        reason,
        note: message,
        burst: { key: `${issuerOf(object)} ${reason}`, regarding: about, note: (count) => `${reason}: ${count} more tokens of this issuer.` },
      });
    },
  });
}

const reference = (issuer: IssuerObject): { apiVersion: string; kind: string; namespace: string; name: string; uid: string } => ({
  apiVersion: API_VERSION,
  kind: "TokenIssuer",
  namespace: issuer.namespace,
  name: issuer.name,
  uid: issuer.uid,
});

function sayIssuer(events: EventRecorder, issuer: IssuerObject, event: { type: "Normal" | "Warning"; reason: string; note: string }): void {
  events.record({ regarding: reference(issuer), ...event });
}

/** A new list, or another state of the issuer, concerns these tokens. */
function wake({ tokens, tokenQueue }: Parts, reconciler: TokenReconciler, issuer: string, marks: ReadonlySet<string> | "all"): void {
  if (marks === "all") {
    for (const object of tokens.byIndex("issuer", issuer)) tokenQueue.add(object.key);
    return;
  }
  for (const mark of marks) {
    const key = reconciler.keyOf(mark);
    if (key !== undefined && tokens.get(key) !== undefined) tokenQueue.add(key);
  }
}

function subscribe({ tokens, issuerObjects, secretRecords, tokenQueue, issuerQueue }: Parts): void {
  tokens.subscribe({
    onAdd: (object, source) => tokenQueue.add(object.key, object.deleting ? priorities.deletion : source === "list" ? priorities.initial : priorities.normal),
    onUpdate: (before, after, source) => {
      // What our own write brought back may hold an edit that came before it.
      if (isNews(before, after) || (source !== "write" && isTampered(before, after))) tokenQueue.add(after.key, after.deleting ? priorities.deletion : priorities.normal);
    },
    onDelete: (object) => tokenQueue.add(object.key),
  });
  issuerObjects.subscribe({
    onAdd: (object) => issuerQueue.add(object.key),
    onUpdate: (before, after) => {
      if (before.generation === after.generation) return;
      issuerQueue.add(after.key);
      for (const token of tokens.byIndex("issuer", after.key)) tokenQueue.add(token.key);
    },
    onDelete: (object) => issuerQueue.add(object.key),
  });
  const owner = ({ key, owner: by }: SecretRecord): void => {
    if (by?.kind === "ServiceToken") tokenQueue.add(`${key.slice(0, key.indexOf("/"))}/${by.name}`);
  };
  const namesake = ({ key }: SecretRecord): void => {
    // A Secret that stood in the way may be gone: the token of its name is looked at again.
    if (tokens.get(key)) tokenQueue.add(key);
  };
  const credential = ({ key }: SecretRecord): void => {
    for (const issuer of issuerObjects.byIndex("credential", key)) issuerQueue.add(issuer.key);
  };
  secretRecords.subscribe({
    onAdd: (record, source) => (source === "write" ? undefined : credential(record)),
    onUpdate: (_, after, source) => {
      if (source === "write") return;
      owner(after);
      credential(after);
    },
    onDelete: (record) => {
      owner(record);
      namesake(record);
      credential(record);
    },
  });
}

function makeManager(at: { options: OperatorOptions; parts: Parts; controllers: Controller[]; own: string; onLost: () => void }): Manager {
  const { options, parts, controllers, own, onLost } = at;
  const { client, events } = parts;
  const { log } = options;
  const common = { client, namespace: options.namespace, log };
  const elector = (callbacks: { onStarted: () => void; onLost: () => void }): LeaderElector =>
    new LeaderElector({ client, namespace: own, name: "servicetokens-controller", identity: `${hostname()}_${randomUUID()}`, log, ...callbacks });
  return new Manager({
    client,
    reflectors: [
      new Reflector({ ...common, resource: serviceTokens, store: parts.tokens, project: projectToken }),
      new Reflector({ ...common, resource: tokenIssuers, store: parts.issuerObjects, project: projectIssuer }),
      new Reflector({ ...common, resource: secrets, store: parts.secretRecords, project: projectSecret, metadataOnly: true }),
    ],
    controllers,
    ...(options.leaderElect ? { elector } : {}),
    events,
    onLost,
    log,
  });
}

async function serve(options: OperatorOptions, metrics: RuntimeMetrics, manager: Manager): Promise<HttpServer | null> {
  if (options.metrics === undefined) return null;
  const at = options.metrics.lastIndexOf(":");
  const host = options.metrics.slice(0, at) || "127.0.0.1";
  const port = Number(options.metrics.slice(at + 1));
  const server = new HttpServer({ host, port, metrics: () => metrics.text(), ready: { caches: () => (manager.ready() ? undefined : "caches are not complete") } });
  try {
    await server.start();
    return server;
  } catch (error) {
    throw new LifecycleError("terminal", "METRICS_ADDRESS", `--metrics ${options.metrics} cannot be listened on: ${error instanceof Error ? error.message : "failed"}. Name a free address, as in 127.0.0.1:9090.`);
  }
}
