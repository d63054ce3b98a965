// The floor as a process of its own, in the compiled code and with the flags of the operator: it lists the waiting
// objects, and for each sets the finalizer, issues and verifies a token, and writes Secret and status. It watches
// nothing, decides nothing and remembers nothing: what is left is the start, the requests, and code that is young.
// Arguments: kubeconfig, namespace, url of the token API. Prints one JSON line.
import { join } from "node:path";
import type * as Runtime from "../../controller/runtime/index.ts";
import type * as Secrets from "../../core/secret-value.ts";
import type * as TokenApi from "../../tokenapi/client.ts";
import { FINALIZER, secret, status } from "./floor-bodies.ts";

export interface Alone {
  /** Seconds from its first instruction on. */
  readonly cpu: number;
  /** MiB. */
  readonly peak: number;
}

const IN_FLIGHT = 32;
const [kubeconfig = "", namespace = "", url = ""] = process.argv.slice(2);
const dist = join(import.meta.dirname, "..", "..", "dist");

const { RestClient, defineResource, loadCredentials, secrets } = (await import(join(dist, "controller", "runtime", "index.js"))) as typeof Runtime;
const { createTokenApi } = (await import(join(dist, "tokenapi", "client.js"))) as typeof TokenApi;
const { SecretValue } = (await import(join(dist, "core", "secret-value.js"))) as typeof Secrets;
const serviceTokens = defineResource("tokens.qualytics.io/v1alpha1", "ServiceToken", "servicetokens");
const client = new RestClient({ credentials: await loadCredentials({ kubeconfig }) });
const api = createTokenApi({ url, token: new SecretValue("admin"), maxInFlight: IN_FLIGHT });
const { items } = await client.list(serviceTokens, { namespace });

async function workOff({ metadata = {} }: Runtime.KubeObject): Promise<void> {
  const { name = "", uid = "" } = metadata;
  await client.patch(serviceTokens, { namespace, name }, { metadata: { finalizers: [FINALIZER] } }, { type: "merge", metadataOnly: true });
  const { value } = await api.issue({ name: `${namespace}-${name}-r1`, expiresInDays: 90, scimEndpointsOnly: false, userId: 7 });
  await api.verify(value, false);
  await client.create(secrets, { namespace }, secret(name, uid), { metadataOnly: true });
  await client.patch(serviceTokens, { namespace, name }, { status: status(name) }, { type: "merge", subresource: "status", metadataOnly: true });
}

const worker = async (): Promise<void> => {
  for (let item = items.pop(); item !== undefined; item = items.pop()) await workOff(item);
};
await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
const { user, system } = process.cpuUsage();
const alone: Alone = { cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1_024 };
process.stdout.write(`${JSON.stringify(alone)}\n`);
await Promise.all([api.close(), client.close()]);
