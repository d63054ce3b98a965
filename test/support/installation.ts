// deploy/cluster as an administrator applies it, and the wait until it is in effect. The apiserver learns of a policy
// within a second, and of the schema that the finalizer policy patches by looking every five; in between it answers
// ServiceUnavailable to new objects that come without the finalizer, whatever the policy's failurePolicy says.
import { join } from "node:path";
import { personalToken, serviceToken, serviceUser, until, type Scene } from "./scene.ts";

const cluster = join(import.meta.dirname, "..", "..", "deploy", "cluster");
const FINALIZER = "tokens.qualytics.io/tokens";

/** One of each kind that the policy gives the finalizer. */
const probes = [serviceToken("probe"), personalToken("probe"), serviceUser("probe", { name: "Probe", deletionPolicy: "Deactivate" })];
/** One that brings it: never refused, and so not waited for. */
const complete = serviceToken("probe", {}, { finalizers: [FINALIZER] });

/** The finalizers that an object would have if it were created. */
export async function finalizersOf(scene: Scene, object: object): Promise<readonly string[] | undefined> {
  const answer = JSON.parse(await scene.kubectl("create --dry-run=server -o json -f -", object)) as { metadata: { finalizers?: string[] } };
  return answer.metadata.finalizers;
}

export async function installForCluster(scene: Scene): Promise<void> {
  await scene.kubectl(`apply --validate=strict -k ${cluster}`);
  for (const probe of probes) {
    await until("the finalizer policy is in effect", async () => {
      await finalizersOf(scene, complete);
      return admitted(scene, probe);
    }, 60_000);
  }
}

/** Whether it would be created, and with the finalizer; anything but the delay will not mend itself. */
async function admitted(scene: Scene, probe: object): Promise<boolean> {
  try {
    return (await finalizersOf(scene, probe))?.includes(FINALIZER) === true;
  } catch (error) {
    if (String(error).includes("(ServiceUnavailable)")) return false;
    throw error;
  }
}
