// Everything that the chaos works on, and that survives it: a real control plane, the real token service with its
// data on disk, two operators behind wires of their own, a proxy that lies, and consumers.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defineResource, isNotFound, loadCredentials, RestClient, secrets, type KubeObject } from "../../controller/runtime/index.ts";
import type { Random } from "../simulation/random.ts";
import { startGuarded, type GuardedChild } from "../support/child.ts";
import { startControlPlane, type ControlPlane } from "../support/control-plane.ts";
import { startLyingProxy, type LyingProxy } from "../support/lying-proxy.ts";
import { startProxy, type Proxy } from "../support/proxy.ts";
import { prepareService } from "../support/service-data.ts";
import { startTokenService, type TokenService } from "../support/token-service.ts";
import { lastCounts, type Count } from "./consumer.ts";
import { Replica } from "./replica.ts";

export const GROUP = "tokens.qualytics.io/v1alpha1";
export const serviceTokens = defineResource(GROUP, "ServiceToken", "servicetokens");
export const tokenIssuers = defineResource(GROUP, "TokenIssuer", "tokenissuers");
export const NAMESPACE = "default";
const root = join(import.meta.dirname, "..", "..");

export interface Stand {
  readonly plane: ControlPlane;
  /** Straight to the apiserver: the audit and the person who declares objects are no part of the chaos. */
  readonly client: RestClient;
  readonly replicas: readonly Replica[];
  readonly api: LyingProxy;
  /** Between the operators and the token API. */
  readonly apiWire: Proxy;
  service(): TokenService;
  killService(): Promise<void>;
  startService(): Promise<void>;
  /** A copy of etcd's data as it is now; etcd is down for a moment. */
  backUp(): Promise<void>;
  /** Puts the last copy back: the cluster is what it was then. */
  restore(): Promise<void>;
  consume(secrets: readonly string[]): Promise<void>;
  consumed(): readonly Count[];
  /** Whether the consumers are there. */
  consuming(): boolean;
  close(): Promise<void>;
}

const PATIENCE_MS = 120_000;

/** Tries again until it is done: what a person, or a pipeline, does while the cluster is away. */
export async function insist<T>(what: string, work: () => Promise<T>, { everyMs = 250 } = {}): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${what} could not be done: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      await sleep(everyMs);
    }
  }
}

export async function startStand(random: Random, program: readonly string[]): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const copy = join(folder, "etcd-copy");
  const files = await prepareService(folder);
  // With its garbage collector: a Secret whose owner is not there any more is its to remove.
  const plane = await startControlPlane({ controllerManager: true });
  let service = await startTokenService({ inProcess: false, ...files });
  const listen = new URL(service.url).host;
  const api = await startLyingProxy(() => service.url, () => random.next());
  const apiWire = await startProxy(api.url);
  const client = new RestClient({ credentials: await loadCredentials({ kubeconfig: plane.kubeconfigPath }) });
  await plane.kubectl(["apply", "-f", join(root, "crds")]);
  await insist("the CRDs", () => client.list(serviceTokens, {}, { limit: 1 }));
  const replicas = [await Replica.at("one", plane, folder, program), await Replica.at("two", plane, folder, program)];
  let consumer: GuardedChild | undefined;
  const withoutEtcd = async (work: () => void): Promise<void> => {
    await plane.stopApiserver("SIGTERM");
    await plane.stopEtcd("SIGTERM");
    work();
    await plane.startEtcd();
    await plane.startApiserver();
    // Its caches are of what was before.
    await plane.restartControllerManager();
  };
  return {
    plane,
    client,
    replicas,
    api,
    apiWire,
    service: () => service,
    killService: () => service.kill(),
    async startService() {
      service = await startTokenService({ inProcess: false, ...files, listen });
    },
    backUp: () =>
      withoutEtcd(() => {
        rmSync(copy, { recursive: true, force: true });
        cpSync(plane.etcdData, copy, { recursive: true });
      }),
    restore: () =>
      withoutEtcd(() => {
        rmSync(plane.etcdData, { recursive: true, force: true });
        cpSync(copy, plane.etcdData, { recursive: true });
      }),
    async consume(secrets) {
      consumer = await startGuarded(folder, "consumer", [process.execPath, join(import.meta.dirname, "consumer.ts"), plane.kubeconfigPath, NAMESPACE, service.url, ...secrets]);
    },
    consumed: () => (consumer === undefined ? [] : lastCounts(readFileSync(join(folder, "consumer.log"), "utf8"))),
    consuming: () => consumer?.running() === true,
    async close() {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await consumer?.stop();
      await client.close();
      await Promise.all([plane.stop(), service.close(), apiWire.close(), api.close(), ...replicas.map(({ wire }) => wire.close())]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes the status of an object away, as somebody with kubectl could. */
export async function wipe(stand: Stand, name: string): Promise<void> {
  await insist(`wiping of ${name}`, async () => {
    try {
      await stand.client.patch(serviceTokens, { namespace: NAMESPACE, name }, { status: null }, { type: "merge", subresource: "status" });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
}

/** Whether all of these are Ready, by a status of what is asked now. */
export async function told({ client }: Stand, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { metadata, status } = await client.get<KubeObject & { status?: { observedGeneration?: number; conditions?: { type: string; status: string }[] } }>(serviceTokens, { namespace: NAMESPACE, name });
    const ready = status?.observedGeneration === metadata?.generation && status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
    if (ready !== true) throw new Error(`${name} is not Ready`);
  }
}

/** What stands in the Secrets of these objects. */
export const values = ({ client }: Stand, names: readonly string[]): Promise<string[]> =>
  insist("the Secrets", () => Promise.all(names.map(async (name) => JSON.stringify((await client.get(secrets, { namespace: NAMESPACE, name }))["data"]))));
