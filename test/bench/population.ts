// Many objects that are Ready, made the only true way: the operator issued and delivered each.
import { setTimeout as sleep } from "node:timers/promises";
import { each, serviceTokens, type Ground, waiting } from "./ground.ts";
import { countReady } from "./ready.ts";

export async function populate(ground: Ground, namespace: string, count: number): Promise<void> {
  await ground.namespace(namespace);
  await ground.issuer(namespace);
  await each(count, (index) => ground.client.create(serviceTokens, { namespace }, waiting(`ready-${index}`, { finalizers: ["tokens.qualytics.io/tokens"] })));
  const ready = await countReady(ground, namespace);
  const operator = await ground.operator(namespace);
  await ready.reached(count);
  await ready.stop();
  // Its last events, and the lease, before it goes.
  await sleep(2_000);
  await operator.stop();
}
