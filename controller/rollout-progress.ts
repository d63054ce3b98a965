// How far a rollout is, by the status that the workload's own controller keeps: the same questions as `kubectl rollout
// status` asks, but that all pods have to be of the newest template, whatever the update strategy says.
import type { KubeObject } from "./runtime/index.ts";

export interface WorkloadObject extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
    readonly template?: { readonly metadata?: { readonly annotations?: { readonly [name: string]: string } } };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
    readonly [count: string]: unknown;
  };
}

/** Why it is not over, after the workload's name; null: all pods are of the newest template and available. */
export function unfinished(object: WorkloadObject): string | null {
  const { metadata, status = {} } = object;
  if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return "has not begun to roll out";
  switch (object.kind) {
    case "DaemonSet":
      return daemonSet(object);
    case "StatefulSet":
      return statefulSet(object);
    default:
      return deployment(object);
  }
}

const count = ({ status }: WorkloadObject, name: string): number => (typeof status?.[name] === "number" ? status[name] : 0);

function deployment(object: WorkloadObject): string | null {
  const wanted = object.spec?.replicas ?? 1;
  const updated = count(object, "updatedReplicas");
  if (updated >= wanted && count(object, "replicas") <= updated && count(object, "availableReplicas") >= updated) return null;
  if (object.spec?.paused) return "is paused: resume it";
  const late = object.status?.conditions?.some(({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded");
  return late ? "has exceeded its progress deadline" : "rolls out";
}

function statefulSet(object: WorkloadObject): string | null {
  const wanted = object.spec?.replicas ?? 1;
  if (count(object, "updatedReplicas") >= wanted && count(object, "readyReplicas") >= wanted) return null;
  const { type, rollingUpdate } = object.spec?.updateStrategy ?? {};
  if (type === "OnDelete") return "updates only pods that are deleted: delete its pods";
  return (rollingUpdate?.partition ?? 0) > 0 ? "leaves pods below its partition as they are: lower it" : "rolls out";
}

function daemonSet(object: WorkloadObject): string | null {
  const wanted = count(object, "desiredNumberScheduled");
  if (count(object, "updatedNumberScheduled") >= wanted && count(object, "numberAvailable") >= wanted) return null;
  return object.spec?.updateStrategy?.type === "OnDelete" ? "updates only pods that are deleted: delete its pods" : "rolls out";
}
