// SIGKILL at seeded moments while 150 tokens are issued: afterwards every active token with our mark is the one in
// its Secret, every Secret holds an active token, and nothing waits for a person.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyIssuer, serviceToken, startScene, until, type Operator, type Scene, type Token } from "../support/scene.ts";

const OBJECTS = 150;
const KILLS = 6;
const SEED = 20261124;

let scene: Scene;
let last: Operator;

beforeAll(async () => {
  scene = await startScene();
  await applyIssuer(scene);
});

afterAll(() => scene.close());

/** A small seeded generator: the moments of the kills are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Listed {
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly data?: { readonly token?: string };
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
}

test(`${KILLS} kills during ${OBJECTS} issues lose nothing and leave nothing`, async () => {
  const random = seeded(SEED);
  await scene.kubectl("create -f -", Array.from({ length: OBJECTS }, (_, index) => serviceToken(`crash-${index}`)));
  for (let kill = 0; kill < KILLS; kill++) {
    const operator = await scene.operator("--leader-elect=true");
    await sleep(50 + random() * 400);
    await operator.kill();
    // As if it had expired: the next one need not wait for that.
    await scene.kubectl("delete lease servicetokens-controller --ignore-not-found");
  }
  last = await scene.operator("--leader-elect=true");
  await until("all are Ready", async () => {
    const objects = await scene.all<Listed>("servicetoken");
    return objects.every(({ status }) => status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True"));
  }, 180_000);
  const audit = async (): Promise<{ active: Token[]; delivered: number[] }> => {
    const active = (await scene.tokens()).filter((token) => token.active);
    const delivered = (await scene.all<Listed>("secret")).flatMap(({ metadata, data }) => {
      const record = metadata.annotations?.["tokens.qualytics.io/record"];
      if (record === undefined) return [];
      const { current, revisions } = JSON.parse(record) as { current: number; revisions: { number: number; id: number; sha256: string }[] };
      const entry = revisions.find(({ number }) => number === current);
      const sha256 = createHash("sha256").update(Buffer.from(data?.token ?? "", "base64")).digest("hex");
      expect(sha256, metadata.name).toBe(entry?.sha256);
      return [entry?.id ?? 0];
    });
    return { active, delivered };
  };
  await until("no token is left over", async () => (await audit()).active.length === OBJECTS, 90_000);
  const { active, delivered } = await audit();
  expect(delivered).toHaveLength(OBJECTS);
  expect(new Set(delivered)).toEqual(new Set(active.map(({ id }) => id)));
});

test("a SIGTERM in the middle of issuing withdraws what could not be delivered", async () => {
  await last.stop();
  const before = (await scene.tokens()).filter(({ active }) => active).length;
  await scene.kubectl("create -f -", Array.from({ length: OBJECTS }, (_, index) => serviceToken(`term-${index}`)));
  const delivered = async (): Promise<number> => (await scene.all<Listed>("secret")).filter(({ metadata }) => metadata.name.startsWith("term-")).length;
  const operator = await scene.operator("--leader-elect=true");
  await until("it is in the middle", async () => (await delivered()) >= 20, 30_000);
  await operator.stop();
  const count = await delivered();
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(OBJECTS);
  expect((await scene.tokens()).filter(({ active }) => active)).toHaveLength(before + count);
});
