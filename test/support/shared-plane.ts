// One control plane for many test files: put back for each file to how it was when it was new. Where a test breaks its
// control plane, there are those of startControlPlane.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startControlPlane, startManager, type ControlPlane, type ControlPlaneOptions } from "./control-plane.ts";
import { contentOf, putBack, type Content } from "./etcd-content.ts";
import { ask, type Kept } from "./keeper.ts";
import { kubeconfig, kubectl } from "./kubectl.ts";

const KINDS = ["servicetokens", "personaltokens", "serviceusers", "tokenissuers", "clustertokenissuers"];
export const crds = join(import.meta.dirname, "..", "..", "crds");

/** What a test may do with a control plane that others use after it. */
export type BorrowedPlane = Pick<ControlPlane, "directory" | "kubeconfigPath" | "url" | "token" | "ca" | "kubectl" | "kubeconfigFor" | "stop">;

type Description = Pick<ControlPlane, "directory" | "kubeconfigPath" | "url" | "token" | "ca">;

interface Fresh {
  readonly plane: ControlPlane;
  readonly fresh: Content;
}

/** The CRDs are installed and served. */
export async function installCrds(plane: Pick<ControlPlane, "kubectl">): Promise<void> {
  await plane.kubectl(["apply", "-f", crds]);
  await served(plane);
}

async function served(plane: Pick<ControlPlane, "kubectl">): Promise<void> {
  await plane.kubectl(["wait", "--for=condition=Established", "-f", crds, "--timeout=60s"]);
  // One that was put back is established by its own account, before it is by the apiserver's.
  const answers = (kind: string): Promise<boolean> => plane.kubectl(["get", "--raw", `/apis/tokens.qualytics.io/v1alpha1/${kind}?limit=1`]).then(() => true, () => false);
  for (const kind of KINDS) while (!(await answers(kind))) await sleep(50);
}

/** A control plane with our CRDs and nothing else of ours. */
export async function borrowPlane({ controllerManager = false }: Pick<ControlPlaneOptions, "controllerManager"> = {}): Promise<BorrowedPlane> {
  const plane = await ask<Description>("plane");
  if (plane === null) {
    const own = await startControlPlane({ controllerManager });
    await installCrds(own);
    return own;
  }
  const manager = controllerManager ? await startManager(plane.directory, plane.kubeconfigPath) : undefined;
  return {
    ...plane,
    kubectl: (args, stdin) => kubectl(plane.kubeconfigPath, args, stdin),
    kubeconfigFor: (bearer) => kubeconfig(plane.url, plane.ca, bearer),
    stop: async () => manager?.stop("SIGKILL"),
  };
}

async function begin(): Promise<Fresh> {
  const plane = await startControlPlane();
  await installCrds(plane);
  return { plane, fresh: await contentOf(plane.etcdUrl) };
}

async function again({ plane, fresh }: Fresh): Promise<void> {
  const changed = await putBack(plane.etcdUrl, fresh);
  if (changed.some((key) => key.includes("/customresourcedefinitions/"))) await served(plane);
}

/** One for each of vitest's workers, as new for each file. */
export function keepPlanes(): Kept {
  const kept = new Map<string, Promise<Fresh>>();
  return {
    async give(slot) {
      const used = kept.get(slot);
      const start = used ?? begin();
      kept.set(slot, start);
      const current = await start;
      if (used !== undefined) await again(current);
      const { directory, kubeconfigPath, url, token, ca } = current.plane;
      return { directory, kubeconfigPath, url, token, ca } satisfies Description;
    },
    async end() {
      await Promise.all([...kept.values()].map((start) => start.then(({ plane }) => plane.stop(), () => undefined)));
    },
  };
}
