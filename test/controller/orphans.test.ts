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

interface Owned {
  readonly metadata: { readonly uid: string; readonly ownerReferences: readonly { readonly uid: string }[] };
}

const missing = (): never => {
  throw new Error("it is not there");
};

const token = async (name: string): Promise<{ active: boolean } | undefined> => (await scene.tokens()).find((one) => one.name.startsWith(`default-${name}-`));

test("what nobody declares, records or uses is revoked and deleted; what was orphaned on purpose stays", async () => {
  await scene.apply([serviceToken("forced"), serviceToken("kept", { deletionPolicy: "Orphan" }), serviceToken("declared")]);
  for (const name of ["forced", "kept", "declared"]) await scene.ready(name);
  await scene.remove("servicetoken/kept");
  await operator.stop();
  // Somebody takes the finalizer away by force; the garbage collector takes the Secret.
  await scene.kubectl(`patch servicetoken forced --type=merge -p {"metadata":{"finalizers":null}}`);
  await scene.remove("servicetoken/forced");
  await scene.kubectl("delete secret forced");
  expect((await token("forced"))?.active).toBe(true);
  operator = await scene.operator();
  await until("the token of the object that is gone is deleted", async () => (await token("forced")) === undefined);
  await scene.tells("No object declares default-forced-");
  expect((await token("kept"))?.active).toBe(true);
  expect((await token("declared"))?.active).toBe(true);
  expect((await scene.statusOf("tokenissuer/qualytics")).conditions?.map(({ type }) => type)).toEqual(["Ready"]);
}, 120_000);

test("an object that was taken away by force and is made anew goes on with its Secret: same token, and nothing is issued", async () => {
  await scene.apply(serviceToken("again"));
  await scene.ready("again");
  const [value, { metadata: before }] = [await scene.value("again"), (await scene.read<Owned>("secret/again")) ?? missing()];
  await operator.stop();
  await scene.kubectl(`patch servicetoken again --type=merge -p {"metadata":{"finalizers":null}}`);
  await scene.remove("servicetoken/again");
  // Nobody collects garbage here: the Secret stays, of an owner that is gone.
  await scene.apply(serviceToken("again"));
  operator = await scene.operator();
  await scene.ready("again");
  const uid = await scene.kubectl("get servicetoken again -o jsonpath={.metadata.uid}");
  await until("the Secret is its own", async () => (await scene.read<Owned>("secret/again"))?.metadata.ownerReferences[0]?.uid === uid);
  const { metadata } = (await scene.read<Owned>("secret/again")) ?? missing();
  expect([metadata.uid, await scene.value("again")]).toEqual([before.uid, value]);
  expect(before.ownerReferences[0]?.uid).not.toBe(uid);
  expect((await scene.tokens()).filter(({ name }) => name.startsWith("default-again-")).map(({ active }) => active)).toEqual([true]);
});
