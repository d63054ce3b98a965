import * as kubernetes from "@pulumi/kubernetes";
import { ServiceToken } from "qualytics-servicetokens";

// Rotated by the `pulumi up` that comes due. The old token stays valid for the overlap.
const token = new ServiceToken("ingest", {
  serviceUser: { name: "Data Ingest" },
  expiresInDays: 90,
  rotation: { retire: { minOverlap: "1h", maxOverlap: "168h" } },
});

// The Secret keeps its name in a rotation, so that whoever reads it finds the new value there. Without this a change of
// its data makes a Secret of another name.
const cluster = new kubernetes.Provider("cluster", { enableSecretMutable: true });

const secret = new kubernetes.core.v1.Secret(
  "ingest-token",
  {
    metadata: { name: "ingest-token", namespace: "data" },
    // Stays encrypted in the state: the value is a secret output.
    stringData: { token: token.token },
  },
  { provider: cluster },
);

// A Secret that is mounted follows by itself; what reads it at its start is restarted by the revision in its template.
export const deployment = new kubernetes.apps.v1.Deployment(
  "ingest",
  {
    metadata: { name: "ingest", namespace: "data" },
    spec: {
      selector: { matchLabels: { app: "ingest" } },
      template: {
        metadata: { labels: { app: "ingest" }, annotations: { "token-revision": token.revision.apply(String) } },
        spec: {
          containers: [
            {
              name: "ingest",
              image: "registry.example/ingest:1",
              env: [{ name: "QUALYTICS_TOKEN", valueFrom: { secretKeyRef: { name: secret.metadata.name, key: "token" } } }],
            },
          ],
        },
      },
    },
  },
  { provider: cluster },
).id;
