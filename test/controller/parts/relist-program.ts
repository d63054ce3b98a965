// Reads 10,000 ServiceTokens and their Secrets as the operator does, and once more with each of them changed; says how
// long the longest turn of the event loop worked, in milliseconds of CPU time, and what it holds in the end. The
// transport is one that has everything ready, so that only the reading costs something. Its argument: streamed | paged.
import { Caches } from "../../../controller/caches.ts";
import { RestClient, silentLogger, WorkQueue, type KubeObject } from "../../../controller/runtime/index.ts";
import { Transport, type ApiRequest } from "../../../controller/runtime/transport.ts";
import { subscribe } from "../../../controller/wakes.ts";

const COUNT = 10_000;
const PAGE = 500;
/** What a busy connection brings in one turn. */
const CHUNK = 128 * 1_024;
const NEWEST = 2;
const streams = process.argv[2] === "streamed";

const at = (version: number, index: number): string => String(version * 100_000 + index);
const metadata = (index: number, version: number): object => ({ name: `ready-${index}`, namespace: "data", uid: `uid-${index}`, resourceVersion: at(version, index), generation: version, creationTimestamp: "2026-11-01T10:00:00Z" });

const entry = (index: number): object => ({
  ...{ number: 1, id: index, name: `data-ready-${index}-d9rcrc-r1`, created: "2026-11-01T10:00:00Z", expires: "2027-01-30T10:00:00Z", deliveredAt: "2026-11-01T10:00:01Z" },
  ...{ usedAfter: "2026-11-01T10:00:03Z", sha256: "5".repeat(64), inputs: { days: 90, scim: false, owner: 3, base: `data-ready-${index}`, rotate: "" } },
});
const record = (index: number): string =>
  JSON.stringify({ mark: `d9rcrc-${String(index).padStart(9, "0")}`, issuer: { ref: "TokenIssuer/qualytics", url: "https://qualytics.example", userId: 1 }, current: 1, fence: 0, revisions: [entry(index)] });

const makers: Readonly<Record<string, (index: number, version: number) => object>> = {
  servicetokens: (index, version) => ({
    ...{ apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ServiceToken" },
    metadata: { ...metadata(index, version), finalizers: ["tokens.qualytics.io/tokens"], annotations: { "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(400) } },
    spec: { issuerRef: { kind: "TokenIssuer", name: "qualytics" }, serviceUser: { name: "Data Ingest" }, expiresInDays: 90, state: "Active", secret: { type: "Opaque", template: { token: "{{ .token }}" } } },
    status: {
      observedGeneration: version,
      conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "Revision 1 is delivered.", observedGeneration: version, lastTransitionTime: "2026-11-01T10:00:01Z" }],
      token: { id: index, name: `data-ready-${index}-d9rcrc-r1`, revision: 1, issuedAt: "2026-11-01T10:00:00Z", expiresAt: "2027-01-30T10:00:00Z", usage: "NotUsed", state: "Active" },
    },
  }),
  secrets: (index, version) => ({
    metadata: {
      ...metadata(index, version),
      labels: { "app.kubernetes.io/managed-by": "servicetokens" },
      annotations: { "tokens.qualytics.io/record": record(index), "tokens.qualytics.io/delivery": JSON.stringify({ look: "x".repeat(16), keys: ["token"], sha256: "6".repeat(64) }) },
      ownerReferences: [{ apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ServiceToken", name: `ready-${index}`, uid: `uid-${index}`, controller: true }],
      managedFields: [{ manager: "servicetokens", fieldsV1: { "f:data": { "f:token": {} } } }],
    },
  }),
};

const all = (plural: string, version: number): object[] => Array.from({ length: makers[plural] ? COUNT : 0 }, (_, index) => makers[plural]?.(index, version) ?? {});
const end = (version: number): string => at(version, 99_999);

const lines = (events: readonly object[]): Buffer => Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
const gone = { type: "ERROR", object: { code: 410, reason: "Expired" } };

function streamOf(plural: string, version: number): Buffer {
  const bookmark: KubeObject = { metadata: { resourceVersion: end(version), annotations: { "k8s.io/initial-events-end": "true" } } };
  const whole = [...all(plural, version).map((object) => ({ type: "ADDED", object })), { type: "BOOKMARK", object: bookmark }];
  return lines(version === NEWEST ? whole : [...whole, gone]);
}

function pagesOf(plural: string, version: number): string[] {
  const objects = all(plural, version);
  return Array.from({ length: Math.max(1, objects.length / PAGE) }, (_, page) => {
    const more = (page + 1) * PAGE < objects.length ? { continue: String(page + 1) } : {};
    return JSON.stringify({ metadata: { resourceVersion: end(version), ...more }, items: objects.slice(page * PAGE, (page + 1) * PAGE) });
  });
}

const once = <T>(make: (plural: string, version: number) => T): ((plural: string, version: number) => T) => {
  const made = new Map<string, T>();
  return (plural, version) => {
    const key = `${plural} ${version}`;
    const known = made.get(key) ?? make(plural, version);
    made.set(key, known);
    return known;
  };
};
const streamed = once(streamOf);
const paged = once(pagesOf);

/** Tells each collection, then that its history is gone, then the collection as it is by now, and nothing more. */
class Ready extends Transport {
  readonly #told = new Map<string, number>();

  #next(plural: string): number {
    const version = (this.#told.get(plural) ?? 0) + 1;
    this.#told.set(plural, version);
    return version;
  }

  override watchesArePinged(): boolean {
    return true;
  }

  override text({ resource, path }: ApiRequest): Promise<string> {
    const page = Number(new URL(path, "https://x").searchParams.get("continue") ?? 0);
    const version = page === 0 ? this.#next(resource) : (this.#told.get(resource) ?? 1);
    return nextTurn().then(() => paged(resource, version)[page] ?? "");
  }

  override async stream({ resource, path }: ApiRequest): ReturnType<Transport["stream"]> {
    await nextTurn();
    if (!path.includes("sendInitialEvents=true")) return incoming(this.#told.get(resource) === NEWEST ? Buffer.alloc(0) : lines([gone]));
    return incoming(streams ? streamed(resource, this.#next(resource)) : lines([{ type: "ERROR", object: { code: 400, reason: "BadRequest" } }]));
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An answer that comes piece by piece and stays open. */
function incoming(bytes: Buffer): Awaited<ReturnType<Transport["stream"]>> {
  let from = 0;
  return {
    status: 200,
    retryAfter: undefined,
    read({ data }) {
      const next = (): void => {
        if (from >= bytes.length) return;
        data(bytes.subarray(from, (from += CHUNK)));
        setImmediate(next);
      };
      setImmediate(next);
    },
    destroy: () => void (from = bytes.length),
  };
}

/** Milliseconds of CPU of the longest turn. */
function measure(): () => number {
  const cpu = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let longest = 0;
  let running = true;
  const turn = (before: number): void => {
    const now = cpu();
    longest = Math.max(longest, now - before);
    if (running) setImmediate(turn, now);
  };
  setImmediate(turn, cpu());
  return () => {
    running = false;
    return longest;
  };
}

const caches = new Caches("namespace", silentLogger);
const queues = { tokens: { ServiceToken: new WorkQueue(), PersonalToken: new WorkQueue() }, users: new WorkQueue(), issuers: new WorkQueue() };
subscribe({ caches, queues });
const credentials = { server: new URL("https://127.0.0.1:9"), tls: () => ({}), authorization: () => "", invalidate: () => undefined };
const client = new RestClient(new Ready({ credentials }));
const watchers = caches.reflectors({ client, namespace: "data", log: silentLogger, unknown: new Set() });
// What stands ready is not made while it is measured.
for (const plural of Object.keys(makers)) for (const version of [1, NEWEST]) (streams ? streamed : paged)(plural, version);
const stores = [caches.tokens.ServiceToken, caches.secrets];
// What making it has left behind is not the reader's to clear.
globalThis.gc?.();
for (const watcher of watchers) watcher.start();
// Code that runs for the first time is compiled: that is the start of a process, and no relist.
for (let turns = 0; turns < 3; turns++) await nextTurn();
const stop = measure();
while (stores.some(({ version }) => version !== end(NEWEST))) await new Promise((resolve) => setTimeout(resolve, 20));
const longest = stop();
const newest = stores.map((store) => [...store.values()].filter(({ resourceVersion }) => resourceVersion.startsWith(String(NEWEST))).length);
process.stdout.write(`${JSON.stringify({ longest, newest, queued: queues.tokens.ServiceToken.depth })}\n`);
process.exit(0);
