import * as pulumi from "@pulumi/pulumi";
import { ServiceToken, ServiceUser } from "qualytics-servicetokens";

const config = new pulumi.Config();

// Who the tokens belong to. One of that name that exists already is taken over.
const ingest = new ServiceUser("ingest", { name: "Data Ingest", role: "Member" });

// 90 days, renewed 30 days before the end by the next `pulumi up`. The old token stays valid beside the new one until
// the new one is in use and the old one has stood still for a day, at most for a week.
const loader = new ServiceToken(
  "loader",
  {
    serviceUser: { id: ingest.userId },
    expiresInDays: 90,
    rotation: {
      renewBefore: "720h",
      retire: { minOverlap: "1h", idleFor: "24h", maxOverlap: "168h" },
    },
  },
  // Rotation is an update, never a replacement: a protected token rotates like any other.
  { protect: true },
);

// Rotated by hand as well: `pulumi config set rotate "$(date)"`, then `pulumi up`.
const pipeline = new ServiceToken("pipeline", {
  serviceUser: { id: ingest.userId },
  tokenName: "ci-pipeline",
  expiresInDays: 30,
  trigger: config.get("rotate"),
  // `pulumi config set suspended true` revokes it; setting it back to false gives the same secret again.
  state: config.getBoolean("suspended") ? "Revoked" : "Active",
});

// Always a secret: encrypted in the state, and shown by `pulumi stack output --show-secrets` only.
export const loaderToken = loader.token;
export const pipelineToken = pipeline.token;

// What comes next by itself, in words.
export const next = { loader: loader.nextAction, pipeline: pipeline.nextAction };
