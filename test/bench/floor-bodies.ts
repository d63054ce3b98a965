// What the floors write: bodies as long as the operator's.
export const FINALIZER = "tokens.qualytics.io/tokens";
const value = Buffer.from("s".repeat(300)).toString("base64");
const at = "2026-01-01T00:00:00Z";

export const secret = (name: string, uid: string): object => ({
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

export const status = (name: string): object => ({
  observedGeneration: 1,
  conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "The token is delivered and valid.", observedGeneration: 1, lastTransitionTime: at }],
  token: { id: 1, name: `${name}-0123456789-012345678-r1`, revision: 1, issuedAt: at, expiresAt: at, renewAt: at, usage: "NotUsed", state: "Active" },
  nextAction: { type: "Rotate", at, reason: "A new revision is due a third of its lifetime before it expires." },
  history: [{ revision: 1, id: 1, issuedAt: at, deliveredAt: at }],
  user: "Data Ingest",
});
