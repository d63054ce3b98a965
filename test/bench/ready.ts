// When objects became Ready, seen by a watch: exact to the event, and cheaper for the apiserver than asking.
import { identify, Reflector, type KubeObject, type Stored } from "../../controller/runtime/index.ts";
import { serviceTokens, type Ground } from "./ground.ts";

interface Seen extends Stored {
  readonly ready: boolean;
}

interface Conditions {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

const isReady = ({ status }: KubeObject): boolean => (status as Conditions | undefined)?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;

export interface ReadyCount {
  readonly count: number;
  readonly size: number;
  /** Resolves with the monotonic milliseconds at which so many were Ready. */
  reached(count: number): Promise<number>;
  /** When each became Ready, by name. */
  readonly at: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export async function countReady({ client }: Ground, namespace: string): Promise<ReadyCount> {
  const reflector = new Reflector<Seen>({ client, resource: serviceTokens, namespace, project: (object) => ({ ...identify(object), ready: isReady(object) }) });
  const at = new Map<string, number>();
  let wanted = Infinity;
  let resolve: (time: number) => void = () => undefined;
  const look = (record: Seen): void => {
    if (!record.ready || at.has(record.key)) return;
    const now = performance.now();
    at.set(record.key, now);
    if (at.size >= wanted) resolve(now);
  };
  reflector.store.subscribe({ onAdd: look, onUpdate: (_, record) => look(record) });
  reflector.start();
  await reflector.synced(60_000);
  return {
    get count() {
      return at.size;
    },
    get size() {
      return reflector.store.size;
    },
    at,
    reached(count) {
      wanted = count;
      return at.size >= count ? Promise.resolve(performance.now()) : new Promise((done) => (resolve = done));
    },
    stop: () => reflector.stop(),
  };
}
