import * as kubernetes from "@pulumi/kubernetes";

// The operator issues the token, rotates it when it is due, whether anybody runs Pulumi or not, and restarts the
// Deployment for each new one. `pulumi up` waits until the token is there.
const token = new kubernetes.apiextensions.CustomResource("ingest", {
  apiVersion: "tokens.qualytics.io/v1alpha1",
  kind: "ServiceToken",
  metadata: {
    name: "ingest",
    namespace: "data",
    finalizers: ["tokens.qualytics.io/tokens"], // spares the operator a write
    annotations: { "pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "120" },
  },
  spec: {
    issuerRef: { name: "qualytics" },
    serviceUser: { name: "Data Ingest" },
    expiresInDays: 90,
    secret: { name: "ingest-token" },
    restart: [{ kind: "Deployment", name: "ingest" }],
  },
});

// Starts once the Secret is there. Pulumi never sees the value.
export const deployment = new kubernetes.apps.v1.Deployment(
  "ingest",
  {
    metadata: { name: "ingest", namespace: "data" },
    spec: {
      selector: { matchLabels: { app: "ingest" } },
      template: {
        metadata: { labels: { app: "ingest" } },
        spec: {
          containers: [
            {
              name: "ingest",
              image: "registry.example/ingest:1",
              env: [{ name: "QUALYTICS_TOKEN", valueFrom: { secretKeyRef: { name: "ingest-token", key: "token" } } }],
            },
          ],
        },
      },
    },
  },
  // What restarts it writes an annotation into its template, which is not to be taken away again.
  { dependsOn: [token], ignoreChanges: ["spec.template.metadata.annotations"] },
).id;
