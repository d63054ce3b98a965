// Consumers that read their token at their start: restarted once for a new revision, by the real controllers of
// Deployments, StatefulSets and DaemonSets. Their pods never become ready here, since there is no kubelet: the test
// stands in for it, and for the one node that a DaemonSet needs.
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
    ...(kind === "DaemonSet" ? {} : { replicas: 2 }),
    ...(kind === "StatefulSet" ? { serviceName: name, podManagementPolicy: "Parallel" } : {}),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image: "example.com/none" }] } },
  },
});

const node = { apiVersion: "v1", kind: "Node", metadata: { name: "only" } };

const get = async (kind: string, name: string): Promise<Workload> => (await scene.read<Workload>(`${kind}/${name}`)) ?? missing(name);
const missing = (name: string): never => {
  throw new Error(`there is no ${name}`);
};
const restartedFor = async (kind: string, name: string): Promise<string[]> => Object.values((await get(kind, name)).spec.template.metadata.annotations ?? {});
const generation = async (kind: string, name: string): Promise<number> => (await get(kind, name)).metadata.generation;
const status = async (kind: string, name: string): Promise<{ readonly [count: string]: number }> => ((await get(kind, name)).status ?? {}) as { readonly [count: string]: number };

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

const all = [["deployment", "app"], ["statefulset", "db"], ["daemonset", "agent"]] as const;

test("nothing restarts for a first revision, for a changed look, or when the operator starts", async () => {
  await scene.apply([node, workload("Deployment", "app"), workload("StatefulSet", "db"), workload("DaemonSet", "agent")]);
  const restart = [{ kind: "Deployment", name: "app" }, { kind: "StatefulSet", name: "db" }, { kind: "DaemonSet", name: "agent" }];
  await scene.apply(serviceToken("rolls", { restart, rotation: rotation("168h") }));
  await scene.ready("rolls");
  await scene.apply(serviceToken("rolls", { restart, rotation: rotation("168h"), secret: { labels: { team: "data" } } }));
  await until("it looks different", async () => (await scene.label("rolls", "team")) === "data");
  await operator.stop();
  operator = await scene.operator("--leader-elect=true");
  await scene.kubectl("label secret rolls team-");
  await until("it looks as it should", async () => (await scene.label("rolls", "team")) === "data");
  for (const [kind, name] of all) expect(await restartedFor(kind, name)).toEqual([]);
});

test("a new revision restarts them once, and the old token goes only when all have rolled out", async () => {
  await rollOut("app", "the Deployment runs", async () => (await status("deployment", "app"))["availableReplicas"] === 2);
  await rollOut("db", "the StatefulSet runs", async () => (await status("statefulset", "db"))["readyReplicas"] === 2);
  await rollOut("agent", "the DaemonSet runs", async () => (await status("daemonset", "agent"))["numberAvailable"] === 1);
  await rotate("rolls");
  for (const [kind, name] of all) await until(`${kind} restarts`, async () => (await restartedFor(kind, name)).some((text) => text.startsWith("revision 2 of default/rolls, issued ")), 60_000);
  await scene.tells("Restarted Deployment app, StatefulSet db, DaemonSet agent for revision 2 of default/rolls.");
  const generations = (): Promise<number[]> => Promise.all(all.map(([kind, name]) => generation(kind, name)));
  const asked = await generations();
  const rolled = async (kind: string, name: string, counts: readonly string[], wanted: number): Promise<boolean> => {
    const { metadata, status: seen } = await get(kind, name);
    return seen?.observedGeneration === metadata.generation && counts.every((count) => (seen as { readonly [name: string]: number })[count] === wanted);
  };
  await rollOut("app", "the Deployment has rolled out", () => rolled("deployment", "app", ["updatedReplicas", "replicas", "availableReplicas"], 2));
  // minOverlap is long over, and one of them is always still rolling out.
  await until("it waits for the StatefulSet", async () => (await scene.status("rolls")).nextAction?.reason.includes("StatefulSet db") === true, 60_000);
  await rollOut("db", "the StatefulSet has rolled out", () => rolled("statefulset", "db", ["updatedReplicas", "readyReplicas"], 2));
  await until("it waits for the DaemonSet", async () => (await scene.status("rolls")).nextAction?.reason.includes("DaemonSet agent") === true, 60_000);
  expect(await isActive("rolls", 1)).toBe(true);
  await rollOut("agent", "the old token is retired", async () => !(await isActive("rolls", 1)));
  expect(await rolled("daemonset", "agent", ["updatedNumberScheduled", "numberAvailable"], 1)).toBe(true);
  expect(await isActive("rolls", 2)).toBe(true);
  await operator.stop();
  operator = await scene.operator("--leader-elect=true");
  await scene.ready("rolls");
  expect(await generations()).toEqual(asked);
});

test.concurrent("a rollout that never ends, and one that somebody takes back, hold the old token until maxOverlap and no longer", async () => {
  await scene.apply(workload("Deployment", "stuck"));
  await scene.apply(serviceToken("patient", { restart: [{ kind: "Deployment", name: "stuck" }], rotation: rotation("6s") }));
  await scene.ready("patient");
  await rotate("patient");
  await until("it restarts", async () => (await restartedFor("deployment", "stuck")).length === 1, 60_000);
  const [annotation] = Object.keys((await get("deployment", "stuck")).spec.template.metadata.annotations ?? {});
  await scene.kubectl("patch deployment stuck --type=merge -p " + JSON.stringify({ spec: { template: { metadata: { annotations: { [annotation ?? ""]: null } } } } }));
  await until("the old token is retired", async () => !(await isActive("patient", 1)), 120_000);
  const history = await until("it is told when", async () => {
    const lines = (await scene.status("patient")).history as readonly { revision: number; deliveredAt?: string; revokedAt?: string }[];
    return lines.some(({ revokedAt }) => revokedAt !== undefined) && lines;
  });
  const at = (revision: number, what: "deliveredAt" | "revokedAt"): number => Date.parse(history.find((line) => line.revision === revision)?.[what] ?? "");
  // The API's dates are whole seconds.
  expect(at(1, "revokedAt") - at(2, "deliveredAt")).toBeGreaterThanOrEqual(5_000);
  expect(await restartedFor("deployment", "stuck")).toEqual([]);
});

test.concurrent("what may not be restarted, or is not there, is said, and keeps nothing else from being done", async () => {
  await scene.apply(serviceToken("nowhere", { restart: [{ kind: "DaemonSet", name: "not-there" }], rotation: rotation("168h") }));
  await scene.ready("nowhere");
  await rotate("nowhere");
  await scene.tells("There is no DaemonSet not-there to restart for revision 2 of default/nowhere");
  await until("the old token is retired all the same", async () => !(await isActive("nowhere", 1)), 60_000);
});
