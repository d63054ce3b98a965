// Tokens whose object is gone without having been let go: cleared after two lists that agree, unless a Secret of ours
// still records them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFront } from "../support/front.ts";
import { applyIssuer, issuer, serviceToken, startScene, until, type Operator, type Scene, type Token } from "../support/scene.ts";

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

const token = async (name: string): Promise<Token | undefined> => (await scene.tokens()).find((one) => one.name.startsWith(`default-${name}-`));

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

test("a token whose answer is late is not taken for an orphan by an issuer that reaches the same API by another URL", async () => {
  const front = await startFront(scene.service.url);
  try {
    await scene.apply(issuer(front.url, {}, "by-another-name"));
    await scene.areReady("tokenissuer/by-another-name");
    let answer = (): void => undefined;
    const hold = new Promise<void>((resolve) => (answer = resolve));
    front.rule((method) => (method === "POST" ? { hold } : null));
    await scene.apply(serviceToken("late", { issuerRef: { name: "by-another-name" } }));
    const issued = await until("it is issued", () => token("late"));
    // Both issuers list it, again and again.
    const listed = (): number => front.calls().filter(({ method, path }) => method === "GET" && path.endsWith("/user-tokens/service")).length;
    front.forget();
    await until("it was listed several times", () => Promise.resolve(listed() >= 4), 60_000);
    answer();
    await scene.ready("late");
    expect((await scene.tokens()).filter(({ name }) => name.startsWith("default-late-"))).toEqual([expect.objectContaining({ id: issued.id, active: true })]);
    await scene.remove("servicetoken/late", "tokenissuer/by-another-name");
  } finally {
    await front.close();
  }
});
