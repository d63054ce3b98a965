// What kstatus (Flux, kpt, Config Sync, `kubectl apply --prune` tools) makes of an object of a kind that it does not know,
// by its documented rules: deletion, observedGeneration, then the conditions Reconciling, Stalled and Ready.
interface Judged {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export type Kstatus = "Terminating" | "InProgress" | "Failed" | "Current";

export function kstatus({ metadata, status = {} }: Judged): Kstatus {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  if (status.observedGeneration !== undefined && status.observedGeneration !== metadata.generation) return "InProgress";
  const is = (type: string): string | undefined => status.conditions?.find((condition) => condition.type === type)?.status;
  if (is("Reconciling") === "True") return "InProgress";
  if (is("Stalled") === "True") return "Failed";
  const ready = is("Ready");
  return ready === undefined || ready === "True" ? "Current" : "InProgress";
}
