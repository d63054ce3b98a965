// What both directions of a handover share: the way to the cluster, and when nothing may be begun.
import { LifecycleError } from "../core/error.ts";
import { MINUTE, SECOND } from "../core/duration.ts";
import type { Remote } from "../core/observed.ts";
import type { ObjectPlace } from "../controller/handed-object.ts";
import { loadCredentials, RestClient } from "../controller/runtime/index.ts";
import type { Session } from "../provider/session.ts";
import { apiAddress } from "../tokenapi/address.ts";
import { UsageError } from "./failure.ts";
import type { HandoverFlags } from "./handover.ts";
import { isIdle, type Stack } from "./stack.ts";

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export function placeIn(word: string): ObjectPlace {
  const [namespace = "", name = "", ...more] = word.split("/");
  if (more.length > 0 || !NAME.test(namespace) || !NAME.test(name)) throw new UsageError(`${JSON.stringify(word)} names no object: write NAMESPACE/NAME, as in data/ingest`);
  return { namespace, name };
}

/** Works with the cluster; whatever it refuses is told in a sentence. */
export async function inCluster<T>({ kubeconfig, context }: HandoverFlags, work: (client: RestClient) => Promise<T>): Promise<T> {
  const credentials = await loadCredentials({ ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) }).catch((error: unknown) => {
    throw new UsageError(`there is no way to a cluster: ${error instanceof Error ? error.message : "it could not be read"}`);
  });
  const client = new RestClient({ credentials, userAgent: "servicetokens-handover" });
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof Error && error.name === "ApiError") throw new UsageError(`the cluster says no: ${error.message}`);
    if (error instanceof Error && error.name === "TransportError") throw new UsageError(`the cluster cannot be reached: ${error.message}. Look at the kubeconfig and whether the cluster runs, and run this again`);
    throw error;
  } finally {
    await client.close();
  }
}

/** What an update writes meanwhile would be lost with the resource. */
export function refuseBusy(stack: Stack, { idle }: HandoverFlags): void {
  const is = isIdle(stack);
  if (is === false) throw new UsageError("an update of the stack is running, or was ended by force: wait for it, or run pulumi cancel");
  if (is === null && !idle) throw new UsageError("whether an update of the stack is running cannot be seen at this backend: make sure that none is, and say so with --idle");
}

export const refuse = (message: string): LifecycleError => new LifecycleError("invalid", "HANDOVER_REFUSED", message);

export function step(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A token lives at one instance. */
export function refuseElsewhere(issuer: string, url: string): void {
  const [there, here] = [apiAddress(issuer), apiAddress(url)];
  if (there.origin !== here.origin || there.base !== here.base) throw refuse(`The object's issuer is ${issuer}, and the stack's credential is for ${url}: a token lives at one of them.`);
}

/**
 * A token that was never used later than in its first minute counts as nobody's to whoever finds it by its name. One on
 * its way is found by its name for a moment: our own use of it has to come later.
 */
export async function waitForUse({ created, lastUsed }: Remote, { issuer }: Session): Promise<void> {
  if (lastUsed !== null && lastUsed > created + MINUTE) return;
  const left = created + MINUTE + 2 * SECOND - (issuer.clock.now() + issuer.api.clockOffset);
  if (left <= 0) return;
  process.stderr.write(`The token is younger than a minute: its use counts in ${Math.ceil(left / SECOND)} s.\n`);
  await issuer.clock.sleep(left);
}
