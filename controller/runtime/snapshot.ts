// A consistent picture of a collection: streamed at the beginning of a watch, or listed in pages where the server
// cannot stream it. Decides which of the two is asked for; must not know what becomes of the records.
import { ApiError } from "./api-error.ts";
import type { Stored, KubeObject } from "./object.ts";
import type { Resource } from "./resource.ts";
import type { ListOptions, RestClient } from "./rest.ts";
import { WatchEnded } from "./watch-stream.ts";
import type { WatchEvent } from "./watch-stream.ts";

export interface Snapshot<T extends Stored> {
  records: ReadonlyMap<string, T>;
  version: string;
}

/** What is kept of an object; undefined: it could not be read. */
export type Project<T extends Stored> = (object: KubeObject) => T | undefined;

const snapshotEnd = "k8s.io/initial-events-end";
/** A streamed snapshot that fails this often in a row is asked for as pages instead. */
const tries = 3;

/** Whether the next snapshot is streamed. */
export class SnapshotWay {
  /** never: this server cannot; later: it failed, and pages are used for one snapshot. */
  #streaming: "yes" | "later" | "never" = "yes";
  #failures = 0;

  get streams(): boolean {
    return this.#streaming === "yes";
  }

  /** A streamed one failed. True: turn to pages at once, since the server refuses the parameter or ignores it. */
  failed(error: unknown): boolean {
    const refused = error instanceof ApiError && (error.status === 400 || error.status === 422);
    const ignored = error instanceof WatchEnded && error.message === "no progress";
    this.#failures += 1;
    if (refused || ignored) this.#streaming = "never";
    else if (this.#failures >= tries) this.#streaming = "later";
    return refused || ignored;
  }

  /** One was taken, either way. */
  taken(): void {
    if (this.#streaming === "later") this.#streaming = "yes";
    this.#failures = 0;
  }
}

export class StreamedSnapshot<T extends Stored> {
  readonly #project: Project<T>;
  readonly #records = new Map<string, T>();

  constructor(project: Project<T>) {
    this.#project = project;
  }

  /** The snapshot, once this event completes it. */
  add(event: WatchEvent): Snapshot<T> | undefined {
    if (event.type !== "BOOKMARK") {
      const record = this.#project(event.object);
      if (record !== undefined && event.type === "DELETED") this.#records.delete(record.key);
      else if (record !== undefined) this.#records.set(record.key, record);
      return undefined;
    }
    const { resourceVersion: version, annotations } = event.object.metadata ?? {};
    if (version === undefined || annotations?.[snapshotEnd] !== "true") return undefined;
    return { records: this.#records, version };
  }
}

export interface Listing<T extends Stored> {
  client: RestClient;
  resource: Resource;
  namespace: string | undefined;
  options: ListOptions;
  project: Project<T>;
}

export async function listedSnapshot<T extends Stored>({ client, resource, namespace, options, project }: Listing<T>): Promise<Snapshot<T>> {
  const records = new Map<string, T>();
  let version: string | undefined;
  let next: string | undefined;
  do {
    const page = await client.list(resource, { namespace }, { ...options, continue: next });
    for (const item of page.items) {
      const record = project(item);
      if (record !== undefined) records.set(record.key, record);
    }
    version = page.metadata?.resourceVersion ?? version;
    next = page.metadata?.continue;
  } while (next !== undefined && next !== "");
  if (version === undefined) throw new Error(`the list of ${resource.plural} has no resourceVersion`);
  return { records, version };
}
