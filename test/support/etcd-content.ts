// What an etcd holds, and how it gets it back: the quickest way from a used control plane to a fresh one. Asks etcd
// itself, over its JSON gateway; the apiserver sees the deletions and changes as anybody's.
export interface Entry {
  readonly value: string;
  readonly revision: string;
}

/** By key; keys and values in base64, as the gateway has them. */
export type Content = ReadonlyMap<string, Entry>;

interface Range {
  readonly kvs?: readonly { readonly key: string; readonly value: string; readonly mod_revision: string }[];
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plain = (text: string): string => Buffer.from(text, "base64").toString("utf8");

/** What an apiserver writes on its own while it runs: it would not know what to make of older ones. */
const OWN = ["leases/kube-system/", "peerserverleases/", "masterleases/", "ranges/", "configmaps/kube-system/", "apiregistration.k8s.io/"].map((prefix) => `/registry/${prefix}`);

/** etcd takes so many changes in one transaction. */
const CHANGES = 128;

async function ask<Answer>(url: string, path: string, body: object): Promise<Answer> {
  const response = await fetch(`${url}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

export async function contentOf(url: string): Promise<Content> {
  const { kvs = [] } = await ask<Range>(url, "range", { key: base64("/registry/"), range_end: base64("/registry0") });
  return new Map(kvs.map(({ key, value, mod_revision: revision }) => [key, { value, revision }]));
}

/** Makes it hold again what it held; gives the keys that had been made, changed or deleted since. */
export async function putBack(url: string, content: Content): Promise<string[]> {
  const now = await contentOf(url);
  const foreign = [...now.keys()].filter((key) => !content.has(key));
  const changed = [...content].filter(([key, { value }]) => now.get(key)?.value !== value);
  const changes = [
    ...foreign.map((key) => ({ key, change: { request_delete_range: { key } } })),
    ...changed.map(([key, { value }]) => ({ key, change: { request_put: { key, value } } })),
  ].filter(({ key }) => !OWN.some((prefix) => plain(key).startsWith(prefix)));
  for (let first = 0; first < changes.length; first += CHANGES) {
    await ask(url, "txn", { success: changes.slice(first, first + CHANGES).map(({ change }) => change) });
  }
  return changes.map(({ key }) => plain(key));
}
