// `make bench-restart N=5000`: the operator started where N objects are Ready. It must write nothing, list the token
// API once for the issuer, and be ready in seconds.
import { setTimeout as sleep } from "node:timers/promises";
import { secrets } from "../../controller/runtime/index.ts";
import { serviceTokens, startGround, type Ground } from "./ground.ts";
import { populate } from "./population.ts";
import { show } from "./report.ts";

const N = Number(process.argv[2] ?? 5_000);
const QUIET_MS = 10_000;
const namespace = "restart";

/** What cannot be saved: both collections read once, over the same client. */
async function floor({ client }: Ground): Promise<{ seconds: number; cpu: number }> {
  const before = process.cpuUsage();
  const started = performance.now();
  await client.list(serviceTokens, { namespace });
  await client.list(secrets, { namespace }, { metadataOnly: true });
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1_000, cpu: (user + system) / 1e6 };
}

const ground = await startGround();
try {
  await populate(ground, namespace, N);
  const bare = await floor(ground);
  const lists = (await ground.stats()).lists;
  const operator = await ground.operator(namespace);
  const cpuAtReady = operator.cpu();
  await sleep(QUIET_MS);
  const requests = await operator.requests();
  const writes = [...requests].filter(([key]) => /^(POST|PUT|PATCH|APPLY|DELETE) /.test(key) && !key.endsWith(" leases")).map(([key, count]) => `${count} ${key}`);
  const listed = (await ground.stats()).lists - lists;
  const [cpu, peak] = [operator.cpu(), operator.peak()];
  await operator.stop();
  show({
    name: "bench-restart",
    title: `The operator started where ${N} objects are Ready, and watched for ${QUIET_MS / 1_000} s`,
    head: ["run", "ready after s", "CPU s until ready", "CPU s in all", "peak RSS MiB", "writes", "token lists"],
    rows: [
      ["both collections read once: the floor", bare.seconds.toFixed(2), bare.cpu.toFixed(2), "", "", "0", ""],
      ["the operator", operator.started.toFixed(2), cpuAtReady.toFixed(2), cpu.toFixed(2), peak.toFixed(0), writes.join(", ") || "0", String(listed)],
    ],
    budgets: [
      { what: "ready", limit: "5 s", seen: `${operator.started.toFixed(2)} s`, kept: operator.started < 5 },
      { what: "writes", limit: "0", seen: writes.join(", ") || "0", kept: writes.length === 0 },
      { what: "token API lists", limit: "1", seen: String(listed), kept: listed === 1 },
    ],
  });
} finally {
  await ground.close();
}
