// The floor: a bare loop over the same client that makes as many writes, with bodies as long as the operator's, and
// does nothing else. No controller can be faster on this apiserver.
import { secrets } from "../../controller/runtime/index.ts";
import { each, serviceTokens, type Ground, waiting } from "./ground.ts";

export interface Floor {
  readonly writes: 2 | 3;
  readonly seconds: number;
  readonly cpu: number;
}

const FINALIZER = "tokens.qualytics.io/tokens";
const value = Buffer.from("s".repeat(300)).toString("base64");
const at = "2026-01-01T00:00:00Z";

const secret = (name: string, uid: string): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name,
    labels: { "app.kubernetes.io/managed-by": "floor" },
    annotations: { record: "r".repeat(600), delivery: "d".repeat(120) },
    ownerReferences: [{ apiVersion: "tokens.qualytics.io/v1alpha1", kind: "ServiceToken", name, uid, controller: true }],
  },
  data: { token: value },
});

const status = (name: string): object => ({
  observedGeneration: 1,
  conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "The token is delivered and valid.", observedGeneration: 1, lastTransitionTime: at }],
  token: { id: 1, name: `${name}-0123456789-012345678-r1`, revision: 1, issuedAt: at, expiresAt: at, renewAt: at, usage: "NotUsed", state: "Active" },
  nextAction: { type: "Rotate", at, reason: "A new revision is due a third of its lifetime before it expires." },
  history: [{ revision: 1, id: 1, issuedAt: at, deliveredAt: at }],
  user: "Data Ingest",
});

/** Makes `count` objects and works them off. */
export async function floor({ client, ...ground }: Ground, count: number, writes: 2 | 3): Promise<Floor> {
  const namespace = `floor-${writes}-${Math.round(performance.now())}`;
  await ground.namespace(namespace);
  const uids: string[] = [];
  await each(count, async (index) => {
    const made = await client.create(serviceTokens, { namespace }, waiting(`floor-${index}`, writes === 2 ? { finalizers: [FINALIZER] } : {}));
    uids[index] = made.metadata?.uid ?? "";
  });
  const before = process.cpuUsage();
  const started = performance.now();
  await each(count, async (index) => {
    const name = `floor-${index}`;
    if (writes === 3) await client.patch(serviceTokens, { namespace, name }, { metadata: { finalizers: [FINALIZER] } }, { type: "merge", metadataOnly: true });
    await client.create(secrets, { namespace }, secret(name, uids[index] ?? ""), { metadataOnly: true });
    await client.patch(serviceTokens, { namespace, name }, { status: status(name) }, { type: "merge", subresource: "status", metadataOnly: true });
  });
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(before);
  return { writes, seconds, cpu: (user + system) / 1e6 };
}
