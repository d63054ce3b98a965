// A fake apiserver, a client on it and a reflector of widgets, with waits short enough
// for tests; all of it is gone when the test is over.
import { onTestFinished, vi } from "vitest";
import { Reflector, RestClient, Store, defineResource, identify } from "../../../controller/runtime/index.ts";
import type { KubeObject, ReflectorOptions, Stored, TransportOptions } from "../../../controller/runtime/index.ts";
import { FakeApiserver } from "../../support/fake-apiserver.ts";
import type { Protocols } from "../../support/fake-apiserver.ts";

export const widgets = defineResource("test.example/v1", "Widget", "widgets");

export interface Widget extends Stored {
  size: number;
  text: string;
}

export const project = (object: KubeObject): Widget => {
  const spec = (object.spec ?? {}) as { size?: number; text?: string };
  if (spec.size === -1) throw new Error("a widget that cannot be read");
  return { ...identify(object), size: spec.size ?? 0, text: spec.text ?? "" };
};

export const widget = (name: string, size = 0, over: { namespace?: string; text?: string } = {}): KubeObject => ({
  apiVersion: "test.example/v1",
  kind: "Widget",
  metadata: { name, namespace: over.namespace ?? "default" },
  spec: { size, text: over.text ?? "" },
});

export interface Scene {
  server: FakeApiserver;
  client: RestClient;
  reflector: Reflector<Widget>;
  store: Store<Widget>;
  /** Handler calls, `+key`, `~key`, `-key`. */
  calls: string[];
  /** Waits until the store holds what the server holds. */
  equal(): Promise<void>;
}

export interface SceneOptions {
  protocols?: Protocols;
  transport?: Partial<TransportOptions>;
  reflector?: Partial<ReflectorOptions<Widget>>;
}

export async function setScene(options: SceneOptions = {}): Promise<Scene> {
  const server = await FakeApiserver.start(options.protocols);
  const client = new RestClient({ credentials: server.credentials(), retryBudgetMs: 3_000, ...options.transport });
  const store = new Store<Widget>();
  const { timing, ...rest } = options.reflector ?? {};
  const reflector = new Reflector<Widget>({
    client,
    resource: widgets,
    project,
    store,
    timing: { backoffBaseMs: 5, backoffCapMs: 50, progressMs: 200, ...timing },
    ...rest,
  });
  const calls: string[] = [];
  store.subscribe({
    onAdd: (record) => calls.push(`+${record.key}`),
    onUpdate: (_, record) => calls.push(`~${record.key}`),
    onDelete: (record) => calls.push(`-${record.key}`),
  });
  onTestFinished(async () => {
    await reflector.stop();
    await client.close();
    await server.stop();
  });
  return { server, client, reflector, store, calls, equal: () => vi.waitFor(() => compare(server, store), { timeout: 8_000, interval: 5 }) };
}

function compare(server: FakeApiserver, store: Store<Widget>): void {
  const there = [...server.collection("widgets").objects.values()].map((object) => JSON.stringify(project(object))).sort();
  const here = [...store.values()].map((record) => JSON.stringify(record)).sort();
  if (there.join() !== here.join()) throw new Error(`store ${here.length} objects, server ${there.length}: ${here.join().slice(0, 300)} / ${there.join().slice(0, 300)}`);
}

export const until = (condition: () => boolean, what = "the condition"): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error(`${what} did not come true`);
    },
    { timeout: 8_000, interval: 5 },
  );
