// One whole installation for a test: a real control plane, the real token service and the real operator as processes.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dumps, leaks, type Shown } from "./canary.ts";
import { startGuarded, type GuardedChild } from "./child.ts";
import { freePorts, type ControlPlaneOptions } from "./control-plane.ts";
import { Reader } from "./reader.ts";
import { borrowPlane, type BorrowedPlane } from "./shared-plane.ts";
import { borrowService } from "./shared-service.ts";
import type { TokenService } from "./token-service.ts";

const root = join(import.meta.dirname, "..", "..");

export interface Token {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly created: string;
  readonly last_used: string | null;
}

export interface Operator {
  readonly pid: number;
  logs(): string;
  /** How often its controllers have looked at an object so far. */
  looks(): Promise<number>;
  /** How many Secrets it has read whole so far, the credentials of its issuers apart. */
  reads(): Promise<number>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface Status {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly token?: { id: number; revision: number; state: string; usage: string };
  readonly retiring?: readonly { revision: number }[];
  readonly history?: readonly unknown[];
  readonly nextAction?: { type: string; reason: string };
}

export interface Scene {
  readonly plane: BorrowedPlane;
  readonly service: TokenService;
  kubectl(args: string, stdin?: object | readonly object[]): Promise<string>;
  /** What `kubectl apply` does, in one process: for objects of ours, Secrets, namespaces and workloads. Default namespace: "default". */
  apply(objects: object | readonly object[], namespace?: string): Promise<void>;
  /** As `kubectl annotate --overwrite`. */
  annotate(object: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** As `kubectl delete`: waits until they are gone. */
  remove(...objects: string[]): Promise<void>;
  /** What the apiserver says against a new object; empty: nothing. */
  refusal(object: object): Promise<string>;
  /** Starts an operator and waits until it is ready. */
  operator(...flags: string[]): Promise<Operator>;
  /** Everything that operators of this scene logged. */
  logs(): string;
  /** Any object as it is: "secret/ingest", with "-n data" where it is not in the default namespace; null: it is not there. */
  read<T>(object: string): Promise<T | null>;
  /** All of a kind in a namespace. */
  all<T>(kind: string, namespace?: string): Promise<readonly T[]>;
  status(name: string): Promise<Status>;
  statusOf(object: string): Promise<Status>;
  /** Waits until an object has a condition with this reason. */
  says(object: string, reason: string): Promise<Condition>;
  label(secret: string, name: string): Promise<string | undefined>;
  /** The plain value in a Secret, or null. */
  value(secret: string): Promise<string | null>;
  /** The status code that the token service answers to this value. */
  authenticate(value: string): Promise<number>;
  tokens(): Promise<Token[]>;
  ready(name: string): Promise<Status>;
  /** Waits until objects of any kind are Ready: "personaltoken/mine", or "serviceuser/a servicetoken/b -n data". */
  areReady(objects: string): Promise<void>;
  /** Waits until an event says this. */
  tells(text: string, namespace?: string): Promise<void>;
  close(): Promise<void>;
}

/** Polls until `look` gives something; fails with what it saw last. */
export async function until<T>(what: string, look: () => Promise<T | null | undefined | false>, milliseconds = 20_000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await sleep(100);
  }
}

export const issuer = (url: string, spec: object = {}, name = "qualytics"): object => ({
  apiVersion: "tokens.qualytics.io/v1alpha1",
  kind: "TokenIssuer",
  metadata: { name },
  spec: { url, credentialsSecretRef: { name: "qualytics-admin" }, resyncInterval: "1s", ...spec },
});

export const credential = (token: string, name = "qualytics-admin", namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
  data: { token: Buffer.from(token).toString("base64") },
});

export const serviceToken = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: "tokens.qualytics.io/v1alpha1",
  kind: "ServiceToken",
  metadata: { name, ...metadata },
  spec: { issuerRef: { name: "qualytics" }, serviceUser: { name: "Data Ingest" }, ...spec },
});

/** Rotates on the real clock: every 15 seconds, unless told otherwise. */
export const fast = (rotation: object = {}): object => ({
  expiresInDays: 1,
  rotation: { renewBefore: "86385s", keepRevokedFor: "2s", ...rotation, retire: { minOverlap: "1s", idleFor: "1s", maxOverlap: "8s" } },
});

const ours = (kind: string, metadata: object, spec: object): object => ({ apiVersion: "tokens.qualytics.io/v1alpha1", kind, metadata, spec });

export const personalToken = (name: string, spec: object = {}, metadata: object = {}): object => ours("PersonalToken", { name, ...metadata }, { issuerRef: { name: "qualytics" }, ...spec });

export const serviceUser = (name: string, spec: object, metadata: object = {}): object => ours("ServiceUser", { name, ...metadata }, { issuerRef: { name: "qualytics" }, ...spec });

/** A ClusterTokenIssuer whose credential stands in the namespace "vault". */
export const clusterIssuer = (url: string, policy: object, name = "shared"): object =>
  ours("ClusterTokenIssuer", { name }, { url, credentialsSecretRef: { name: "qualytics-admin", namespace: "vault" }, resyncInterval: "1s", policy: { namespaceSelector: {}, ...policy } });

export const namespace = (name: string, labels: object = {}): object => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });

export interface SceneOptions extends Pick<ControlPlaneOptions, "controllerManager"> {
  /** One that knows USER; the scene closes it. Default: the program, which others use as well. */
  readonly service?: Promise<TokenService>;
}

export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const [plane, service] = await Promise.all([borrowPlane(options), options.service ?? borrowService()]);
  const reader = await Reader.of(plane.kubeconfigPath);
  const folder = mkdtempSync(join(tmpdir(), "servicetokens-scene-"));
  let count = 0;
  const names: string[] = [];
  const running = new Set<GuardedChild>();
  const kubectl = (args: string, stdin?: object | readonly object[]): Promise<string> => {
    const input = stdin === undefined ? undefined : JSON.stringify(Array.isArray(stdin) ? { apiVersion: "v1", kind: "List", items: stdin } : stdin);
    return plane.kubectl(args.split(" "), input);
  };
  const secretValues = new Set<string>();
  const metrics = new Set<string>();
  const scene: Scene = {
    plane,
    service,
    kubectl,
    apply: (objects, namespace = "default") => reader.apply(Array.isArray(objects) ? (objects as object[]) : [objects], namespace),
    annotate: (object, annotations) => reader.annotate(object, annotations),
    async remove(...objects) {
      const uidOf = async (object: string): Promise<string | undefined> => (await reader.read<{ metadata: { uid: string } }>(object))?.metadata.uid;
      const before = await Promise.all(objects.map(uidOf));
      for (const object of objects) await reader.remove(object);
      // Another one may have its name by then.
      for (const [index, object] of objects.entries()) await until(`${object} is gone`, async () => (await uidOf(object)) !== before[index], 120_000);
    },
    refusal: (object) => reader.refusal(object),
    async operator(...flags) {
      const name = `operator-${++count}`;
      names.push(name);
      const log = (): string => readFileSync(join(folder, `${name}.log`), "utf8");
      const given = (flag: string): boolean => flags.some((each) => each.startsWith(flag));
      const [port = 0] = given("--metrics") ? [] : await freePorts(1);
      if (port !== 0) metrics.add(`http://127.0.0.1:${port}/metrics`);
      const args = ["controller", "--kubeconfig", plane.kubeconfigPath, ...(given("--leader-elect") ? [] : ["--leader-elect=false"]), ...(port === 0 ? [] : ["--metrics", `127.0.0.1:${port}`]), ...flags];
      const child = await startGuarded(folder, name, [process.execPath, join(root, "cli", "main.ts"), ...args]);
      running.add(child);
      await until("the operator is ready", () => Promise.resolve(log().includes('{"ready":true}') || !child.running()), 60_000);
      if (!child.running()) throw new Error(`the operator ended: ${child.logTail()}`);
      const shown = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const looks = async (): Promise<number> => counted(await shown(), "controller_runtime_reconcile_total");
      const reads = async (): Promise<number> => {
        const text = await shown();
        // Each look at an issuer reads its credential once.
        return counted(text, "rest_client_requests_total", 'method="GET"', 'resource="secrets"') - counted(text, "controller_runtime_reconcile_total", 'controller="tokenissuer"');
      };
      return { pid: child.pid, logs: log, looks, reads, stop: () => child.stop("SIGTERM", SHUTDOWN_MS), kill: () => child.stop("SIGKILL") };
    },
    logs: () => names.map((name) => readFileSync(join(folder, `${name}.log`), "utf8")).join("\n"),
    status: (name) => scene.statusOf(`servicetoken/${name}`),
    read: (object) => reader.read(object),
    all: (kind, namespace) => reader.all(kind, namespace),
    statusOf: async (object) => (await reader.read<{ status?: Status }>(object))?.status ?? {},
    says: (object, reason) => until(`${object} says ${reason}`, async () => (await scene.statusOf(object)).conditions?.find((condition) => condition.reason === reason), 30_000),
    label: async (secret, name) => (await reader.read<{ metadata: { labels?: Record<string, string> } }>(`secret/${secret}`))?.metadata.labels?.[name],
    async value(secret) {
      const encoded = (await reader.read<{ data?: { token?: string } }>(`secret/${secret}`))?.data?.token;
      const value = encoded === undefined ? null : Buffer.from(encoded, "base64").toString("utf8");
      if (value !== null && value.startsWith("eyJ")) secretValues.add(value);
      return value;
    },
    authenticate: async (value) => (await service.api("GET", "/api/users/me", undefined, value)).status,
    tokens: async () => (await service.api<Token[]>("GET", "/api/user-tokens/service")).body,
    ready: (name) =>
      until(`${name} is Ready`, async () => {
        const status = await scene.status(name);
        return status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true && status;
      }, 30_000),
    async areReady(objects) {
      const [names = "", namespace = "default"] = objects.split(" -n ");
      for (const name of names.split(" ")) {
        await until(`${name} is Ready`, async () => {
          const { observedGeneration, conditions } = await scene.statusOf(`${name} -n ${namespace}`);
          return observedGeneration !== -1 && conditions?.some(({ type, status }) => type === "Ready" && status === "True");
        }, 60_000);
      }
    },
    async tells(text, namespace) {
      await until(`an event says: ${text}`, async () => (await reader.all<{ note?: string }>("event", namespace)).some(({ note }) => note?.includes(text)), 60_000);
    },
    async close() {
      const shown = await everythingShown(scene, reader, metrics).catch((error: unknown) => [{ where: `nothing could be looked at: ${String(error)}`, text: "eyJ".padEnd(40, "x.") }]);
      await Promise.all([...running].map((child) => child.stop("SIGKILL")));
      // What they said while they ended counts too.
      const logs = { where: "the operators' logs", text: scene.logs() };
      const found = leaks([...shown, logs, ...dumps(folder), ...dumps(process.cwd())], [service.adminToken, plane.token, ...secretValues]);
      await reader.close();
      await Promise.all([plane.stop(), service.close()]);
      rmSync(folder, { recursive: true, force: true });
      if (found.length > 0) throw new Error(`a token or a credential was shown in ${found.join(", ")}`);
    },
  };
  return scene;
}

/** It may have tokens to withdraw, on a machine that is busy. */
const SHUTDOWN_MS = 60_000;

/** The sum of a counter over its labels, or over the lines that have these. */
const counted = (metrics: string, name: string, ...labels: readonly string[]): number =>
  metrics.split("\n").filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label))).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);

const OTHERS = ["/apis/events.k8s.io/v1/events", "/api/v1/configmaps", "/apis/coordination.k8s.io/v1/leases", "/apis/apps/v1/deployments", "/apis/apps/v1/statefulsets"];

/** All that people and machines can read of what an operator did. */
async function everythingShown({ service }: Scene, reader: Reader, metrics: ReadonlySet<string>): Promise<Shown[]> {
  const objects = await Promise.all([...(await reader.ours()), ...OTHERS].map(async (path) => ({ where: path, text: await reader.text(path) })));
  const secrets = JSON.parse(await reader.text("/api/v1/secrets")) as { items: { metadata: object }[] };
  const metadata = { where: "the metadata of Secrets", text: JSON.stringify(secrets.items.map((item) => withoutLastApplied(item.metadata))) };
  // Of those that still run.
  const counted = await Promise.all([...metrics].map(async (url) => ({ where: "metrics", text: await fetch(url).then((answer) => answer.text(), () => "") })));
  return [...objects, metadata, ...counted, { where: "the token service's logs", text: service.logs() }];
}

/** What kubectl itself keeps of a Secret that a test applied is not ours. */
function withoutLastApplied(metadata: object): object {
  const { annotations = {}, ...rest } = metadata as { annotations?: Record<string, string> };
  return { ...rest, annotations: Object.entries(annotations).filter(([name]) => name !== "kubectl.kubernetes.io/last-applied-configuration") };
}

/** Applies the credential and the issuer that serviceToken() names. */
export async function applyIssuer(scene: Scene, spec: object = {}): Promise<void> {
  await scene.apply([credential(scene.service.adminToken), issuer(scene.service.url, spec)]);
}
