// The operator is killed while it issues thirty tokens; the books are balanced afterwards.
import { setTimeout as sleep } from "node:timers/promises";
import { audit, balanced, type Audit, type DeliveredToken } from "./audit.ts";
import type { Narrator } from "./narrator.ts";
import { SERVICE_USER } from "./kubernetes-story.ts";
import type { Stage } from "./stage.ts";

const COUNT = 30;
/** Killed when so many stand in the API's list. */
const KILL_AT = 10;
const START_MS = 20_000;

const name = (index: number): string => `batch-${String(index).padStart(2, "0")}`;

function batch(): string {
  const one = (index: number): object => ({
    apiVersion: "tokens.qualytics.io/v1alpha1",
    kind: "ServiceToken",
    metadata: { name: name(index), labels: { batch: "yes" } },
    spec: { issuerRef: { name: "qualytics" }, serviceUser: { name: SERVICE_USER }, secret: { labels: { batch: "yes" } } },
  });
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: Array.from({ length: COUNT }, (_, index) => one(index + 1)) });
}

export async function crash(stage: Stage, tell: Narrator): Promise<void> {
  tell.step(`The operator is killed while it issues ${COUNT} tokens`);
  const applied = stage.kubectl(tell, ["apply", "-f", stage.file("batch.yaml", batch())]);
  applied.catch(() => undefined);
  const deadline = performance.now() + START_MS;
  while ((await issued(stage)) < KILL_AT && performance.now() < deadline) await sleep(5);
  tell.run(`kill -KILL ${stage.operatorPid()}`);
  await stage.stop("operator", "SIGKILL");
  await applied;
  const [made, delivered] = [await issued(stage), (await secrets(stage)).filter(({ accepted }) => accepted).length];
  tell.claim(`It died in the middle: of ${COUNT} tokens ${made} were issued, ${delivered} had reached their Secrets`, made > 0 && delivered < COUNT ? true : "it was too early, or too late");
  tell.say("Nobody lends a hand: a new one waits until the lease of the dead one has run out, up to 15 seconds.");
  tell.run(`bin/servicetokens controller --kubeconfig ${stage.kubeconfig}`);
  await stage.startOperator();
  await tell.await(`All ${COUNT} are delivered, and each authenticates`, 60, async () => {
    const found = await secrets(stage);
    const good = found.filter(({ accepted }) => accepted).length;
    return good === COUNT ? true : `${good} of ${COUNT} are`;
  });
  await stage.kubectl(tell, ["wait", "--for=condition=Ready", "servicetokens", "--all", "--timeout=30s"]);
  let books: Audit | undefined;
  await tell.await("Nothing is lost: every active token is one that stands in a Secret", 40, async () => {
    books = await count(stage);
    return balanced(books);
  });
  tell.say(`Active tokens at the API: ${books?.active}. In Secrets: ${books?.delivered}.`);
  await stage.kubectl(tell, ["delete", "servicetokens", "-l", "batch=yes", "--timeout=30s"]);
  const left = await issued(stage);
  tell.claim("With the objects go their tokens: the API lists none of them", left === 0 ? true : `it lists ${left}`);
}

async function issued(stage: Stage): Promise<number> {
  return (await stage.service.tokens()).filter(({ name }) => name.startsWith("default-batch-")).length;
}

/** The Secrets of the batch, each tried. */
async function secrets(stage: Stage, selector = ["-l", "batch=yes"]): Promise<DeliveredToken[]> {
  const text = await stage.plane.kubectl(["get", "secrets", ...selector, "-o", "json"]);
  const { items } = JSON.parse(text) as { items: { metadata: { name: string }; data?: { token?: string } }[] };
  return Promise.all(
    items.map(async ({ metadata, data }) => {
      // An empty one closes the way to a value that died with the operator.
      const value = Buffer.from(data?.token ?? "", "base64").toString("utf8");
      return { secret: metadata.name, value, accepted: value !== "" && (await stage.service.whoIs(value)) !== null };
    }),
  );
}

/** Over all that the operator manages. */
async function count(stage: Stage): Promise<Audit> {
  const delivered = await secrets(stage, ["-l", "app.kubernetes.io/managed-by=servicetokens"]);
  return audit(await stage.service.tokens(), delivered, Date.now());
}
