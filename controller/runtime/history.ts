// Whether a server still stands behind what it has told. One that was restored from a
// backup goes on with older versions, and a kube-apiserver takes a watch from a version
// that it has not reached yet and is silent until it has: whoever just resumes misses
// everything in between. So after a failure one request asks for the last change that was
// seen. Where that is still part of the server's past, so is everything before it.
//
// What stays hidden: a restored server that has overtaken a bookmark of ours before we
// are back, while the last change of this collection is older than the backup.
import { compareVersions, splitKey } from "./object.ts";
import type { ObjectMeta, Stored } from "./object.ts";
import type { Resource } from "./resource.ts";
import type { RestClient } from "./rest.ts";

/** What we have seen is not what the server has been through. */
export class HistoryLost extends Error {
  override readonly name = "HistoryLost";
}

interface Change {
  readonly key: string;
  readonly version: string;
  readonly deleted: boolean;
}

export interface Question {
  client: RestClient;
  resource: Resource;
  namespace: string | undefined;
  /** The version that a watch would be resumed from. */
  reached: string;
  signal: AbortSignal;
}

export class History {
  /** The newest change that was seen, a deletion included. */
  #last: Change | undefined;

  /** A complete snapshot: what came before counts no more. */
  begin(records: Iterable<Stored>): void {
    this.#last = undefined;
    for (const { key, resourceVersion } of records) this.note(key, resourceVersion, false);
  }

  note(key: string, version: string, deleted: boolean): void {
    if (this.#last === undefined || !older(version, this.#last.version)) this.#last = { key, version, deleted };
  }

  /** A list of one, by name: whoever may watch may do that, and no value crosses the wire. */
  async stands({ client, resource, namespace, reached, signal }: Question): Promise<boolean> {
    const last = this.#last;
    const at = last === undefined ? { namespace } : splitKey(last.key);
    const fieldSelector = "name" in at ? `metadata.name=${at.name}` : undefined;
    const list = await client.list(resource, { namespace: at.namespace }, { limit: 1, metadataOnly: true, fieldSelector, signal });
    if (older(list.metadata?.resourceVersion, reached)) return false;
    return last === undefined || isStill(last, list.items[0]?.metadata);
  }
}

/** A later change of the object is fine. One that is missing may have been deleted since: a new list settles it. */
function isStill({ version, deleted }: Change, found: ObjectMeta | undefined): boolean {
  if (found === undefined) return deleted;
  return !older(found.resourceVersion, version);
}

const older = (a: string | undefined, b: string): boolean => a !== undefined && (compareVersions(a, b) ?? 0) < 0;
