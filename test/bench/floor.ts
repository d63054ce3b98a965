// The floor: a bare loop over the same client that makes as many writes, with bodies as long as the operator's, and
// does nothing else. No controller can be faster on this apiserver. It is watched as the operator is, until the last
// object is seen to be Ready: an onlooker is more work for the apiserver too.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { secrets } from "../../controller/runtime/index.ts";
import { FINALIZER, secret, status } from "./floor-bodies.ts";
import type { Alone } from "./floor-process.ts";
import { countReady } from "./ready.ts";
import { each, OPERATOR_ENV, OPERATOR_FLAGS, serviceTokens, type Ground, waiting } from "./ground.ts";

export interface Floor {
  readonly writes: 2 | 3;
  readonly seconds: number;
  /** The onlooker's included. */
  readonly cpu: number;
}

/** Makes `count` objects and works them off. */
export async function floor(ground: Ground, count: number, writes: 2 | 3): Promise<Floor> {
  const { client } = ground;
  const namespace = `floor-${writes}-${Math.round(performance.now())}`;
  await ground.namespace(namespace);
  const uids: string[] = [];
  await each(count, async (index) => {
    const made = await client.create(serviceTokens, { namespace }, waiting(`floor-${index}`, writes === 2 ? { finalizers: [FINALIZER] } : {}));
    uids[index] = made.metadata?.uid ?? "";
  });
  const ready = await countReady(ground, namespace);
  const before = process.cpuUsage();
  const started = performance.now();
  await each(count, async (index) => {
    const name = `floor-${index}`;
    if (writes === 3) await client.patch(serviceTokens, { namespace, name }, { metadata: { finalizers: [FINALIZER] } }, { type: "merge", metadataOnly: true });
    await client.create(secrets, { namespace }, secret(name, uids[index] ?? ""), { metadataOnly: true });
    await client.patch(serviceTokens, { namespace, name }, { status: status(name) }, { type: "merge", subresource: "status", metadataOnly: true });
  });
  const seconds = ((await ready.reached(count)) - started) / 1_000;
  const { user, system } = process.cpuUsage(before);
  await ready.stop();
  return { writes, seconds, cpu: (user + system) / 1e6 };
}

/** The same in a young process, the token API's part of it included; see floor-process.ts. Makes its objects first. */
export async function floorAlone({ client, plane, stub, ...ground }: Ground, count: number): Promise<Alone> {
  const namespace = `alone-${Math.round(performance.now())}`;
  await ground.namespace(namespace);
  await each(count, (index) => client.create(serviceTokens, { namespace }, waiting(`floor-${index}`)));
  const { stdout } = await promisify(execFile)(process.execPath, [...OPERATOR_FLAGS, join(import.meta.dirname, "floor-process.ts"), plane.kubeconfigPath, namespace, stub], { env: OPERATOR_ENV });
  return JSON.parse(stdout) as Alone;
}
