// Consumers that read their token at their start: restarted once for a new revision, by the real controllers of
// Deployments and StatefulSets. Their pods never become ready here, since there is no kubelet: the test stands in for it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyIssuer, serviceToken, startScene, until, type Operator, type Scene } from "../support/scene.ts";

let scene: Scene;
let operator: Operator;

beforeAll(async () => {
  scene = await startScene({ controllerManager: true });
  await applyIssuer(scene);
  operator = await scene.operator("--leader-elect=true");
});

afterAll(() => scene.close());

interface Workload {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: Record<string, string> } } };
  readonly status?: { readonly observedGeneration?: number; readonly updatedReplicas?: number; readonly replicas?: number };
}

const workload = (kind: string, name: string): object => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name },
  spec: {
    replicas: 2,
    ...(kind === "StatefulSet" ? { serviceName: name, podManagementPolicy: "Parallel" } : {}),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image: "example.com/none" }] } },
  },
});

const get = async (kind: string, name: string): Promise<Workload> => JSON.parse(await scene.kubectl(`get ${kind} ${name} -o json`)) as Workload;
const restartedFor = async (kind: string, name: string): Promise<string[]> => Object.values((await get(kind, name)).spec.template.metadata.annotations ?? {});
const generation = async (kind: string, name: string): Promise<number> => (await get(kind, name)).metadata.generation;

/** The kubelet's part: every pod of the workload runs and is ready. */
async function makeReady(app: string): Promise<void> {
  const { items } = JSON.parse(await scene.kubectl(`get pods -l app=${app} -o json`)) as { items: { metadata: { name: string; deletionTimestamp?: string } }[] };
  for (const { metadata } of items) {
    if (metadata.deletionTimestamp !== undefined) {
      await scene.kubectl(`delete pod ${metadata.name} --grace-period=0 --force --ignore-not-found`).catch(() => undefined);
      continue;
    }
    const now = new Date().toISOString();
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: now }, { type: "ContainersReady", status: "True", lastTransitionTime: now }] };
    await scene.kubectl(`patch pod ${metadata.name} --subresource=status --type=merge -p ${JSON.stringify({ status })}`).catch(() => undefined);
  }
}

/** The kubelet at work until the workload is as `reached` wants it. */
const rollOut = (app: string, what: string, reached: () => Promise<boolean>): Promise<boolean> =>
  until(what, async () => {
    await makeReady(app);
    return reached();
  }, 120_000);

const revisions = async (name: string): Promise<{ revision: number; active: boolean }[]> =>
  (await scene.tokens()).filter((token) => token.name.startsWith(`default-${name}-`)).map((token) => ({ revision: Number(token.name.replace(/.*-r/, "")), active: token.active }));
const isActive = async (name: string, revision: number): Promise<boolean> => (await revisions(name)).some((token) => token.revision === revision && token.active);

const rotation = (maxOverlap: string): object => ({ retire: { when: "Deadline", minOverlap: "2s", maxOverlap } });

async function rotate(name: string): Promise<void> {
  const before = await scene.value(name);
  await scene.kubectl(`annotate servicetoken ${name} --overwrite tokens.qualytics.io/rotate=${Date.now()}`);
  await until("the next revision is delivered", async () => {
    const now = await scene.value(name);
    return now !== null && now !== before;
  }, 60_000);
}

test("nothing restarts for a first revision, for a changed look, or when the operator starts", async () => {
  await scene.kubectl("apply -f -", [workload("Deployment", "app"), workload("StatefulSet", "db")]);
  const restart = [{ kind: "Deployment", name: "app" }, { kind: "StatefulSet", name: "db" }];
  await scene.kubectl("apply -f -", serviceToken("rolls", { restart, rotation: rotation("168h") }));
  await scene.ready("rolls");
  await scene.kubectl("apply -f -", serviceToken("rolls", { restart, rotation: rotation("168h"), secret: { labels: { team: "data" } } }));
  await until("it looks different", async () => (await scene.kubectl("get secret rolls -o jsonpath={.metadata.labels.team}")) === "data");
  await operator.stop();
  operator = await scene.operator("--leader-elect=true");
  await scene.kubectl("label secret rolls team-");
  await until("it looks as it should", async () => (await scene.kubectl("get secret rolls -o jsonpath={.metadata.labels.team}")) === "data");
  expect([await restartedFor("deployment", "app"), await restartedFor("statefulset", "db")]).toEqual([[], []]);
});

test("a new revision restarts them once, and the old token goes only when both have rolled out", async () => {
  await rollOut("app", "the Deployment runs", async () => ((await get("deployment", "app")).status as { availableReplicas?: number } | undefined)?.availableReplicas === 2);
  await rollOut("db", "the StatefulSet runs", async () => ((await get("statefulset", "db")).status as { readyReplicas?: number } | undefined)?.readyReplicas === 2);
  await rotate("rolls");
  for (const [kind, name] of [["deployment", "app"], ["statefulset", "db"]] as const) {
    await until(`${kind} restarts`, async () => (await restartedFor(kind, name)).includes("revision 2 of default/rolls"), 60_000);
  }
  await until("it is said", async () => (await scene.kubectl("get events -o json")).includes("Restarted Deployment app, StatefulSet db for revision 2 of default/rolls."));
  const generations = [await generation("deployment", "app"), await generation("statefulset", "db")];
  await rollOut("app", "the Deployment has rolled out", async () => {
    const { metadata, status } = await get("deployment", "app");
    return status?.observedGeneration === metadata.generation && status.updatedReplicas === 2 && status.replicas === 2;
  });
  // minOverlap is long over, and one of the two is still rolling out.
  await until("it is said what it waits for", async () => (await scene.status("rolls")).nextAction?.reason.includes("StatefulSet db") === true, 60_000);
  expect(await isActive("rolls", 1)).toBe(true);
  await rollOut("db", "the old token is retired", async () => !(await isActive("rolls", 1)));
  expect(await isActive("rolls", 2)).toBe(true);
  await operator.stop();
  operator = await scene.operator("--leader-elect=true");
  await scene.ready("rolls");
  expect([await generation("deployment", "app"), await generation("statefulset", "db")]).toEqual(generations);
});

test("a rollout that never ends, and one that somebody takes back, hold the old token until maxOverlap and no longer", async () => {
  await scene.kubectl("apply -f -", workload("Deployment", "stuck"));
  await scene.kubectl("apply -f -", serviceToken("patient", { restart: [{ kind: "Deployment", name: "stuck" }], rotation: rotation("40s") }));
  await scene.ready("patient");
  await rotate("patient");
  const since = Date.now();
  await until("it restarts", async () => (await restartedFor("deployment", "stuck")).length === 1, 60_000);
  const [annotation] = Object.keys((await get("deployment", "stuck")).spec.template.metadata.annotations ?? {});
  await scene.kubectl("patch deployment stuck --type=merge -p " + JSON.stringify({ spec: { template: { metadata: { annotations: { [annotation ?? ""]: null } } } } }));
  await until("the old token is retired", async () => !(await isActive("patient", 1)), 120_000);
  // The API's dates are whole seconds.
  expect(Date.now() - since).toBeGreaterThan(35_000);
  expect(await restartedFor("deployment", "stuck")).toEqual([]);
});

test("what may not be restarted, or is not there, is said, and keeps nothing else from being done", async () => {
  await scene.kubectl("apply -f -", serviceToken("nowhere", { restart: [{ kind: "DaemonSet", name: "not-there" }], rotation: rotation("168h") }));
  await scene.ready("nowhere");
  await rotate("nowhere");
  await until("it is said", async () => (await scene.kubectl("get events -o json")).includes("There is no DaemonSet not-there to restart for revision 2 of default/nowhere"), 60_000);
  await until("the old token is retired all the same", async () => !(await isActive("nowhere", 1)), 60_000);
});
