// Tokens whose object is gone without having been let go: cleared after two lists that agree, unless a Secret of ours
// still records them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyIssuer, serviceToken, startScene, until, type Operator, type Scene } from "../support/scene.ts";

let scene: Scene;
let operator: Operator;

beforeAll(async () => {
  scene = await startScene();
  await applyIssuer(scene);
  operator = await scene.operator();
});

afterAll(() => scene.close());

const token = async (name: string): Promise<{ active: boolean } | undefined> => (await scene.tokens()).find((one) => one.name.startsWith(`default-${name}-`));

test("what nobody declares, records or uses is revoked and deleted; what was orphaned on purpose stays", async () => {
  await scene.kubectl("apply -f -", [serviceToken("forced"), serviceToken("kept", { deletionPolicy: "Orphan" }), serviceToken("declared")]);
  for (const name of ["forced", "kept", "declared"]) await scene.ready(name);
  await scene.kubectl("delete servicetoken kept --timeout=30s");
  await operator.stop();
  // Somebody takes the finalizer away by force; the garbage collector takes the Secret.
  await scene.kubectl(`patch servicetoken forced --type=merge -p {"metadata":{"finalizers":null}}`);
  await scene.kubectl("delete servicetoken forced --timeout=30s");
  await scene.kubectl("delete secret forced");
  expect((await token("forced"))?.active).toBe(true);
  operator = await scene.operator();
  await until("the token of the object that is gone is deleted", async () => (await token("forced")) === undefined);
  await until("it is said", async () => (await scene.kubectl("get events -o jsonpath={.items[*].message}{.items[*].note}")).includes("No object declares default-forced-"));
  expect((await token("kept"))?.active).toBe(true);
  expect((await token("declared"))?.active).toBe(true);
  expect((await scene.statusOf("tokenissuer/qualytics")).conditions?.map(({ type }) => type)).toEqual(["Ready"]);
}, 120_000);
