// What the annotation on a pod template says: for which revision of which token its pods were restarted. People read it,
// and so do we: a workload that was restarted for this revision, or for a later one, is not restarted again.
import { formatInstant, parseInstant } from "../core/instant.ts";
import type { RestartedFor } from "../tokenapi/workloads.ts";

interface Restart extends RestartedFor {
  /** How people name the token. */
  readonly resource: string;
}

/** Numbers come again where everything was lost: the time tells two of one number apart. */
export const restartText = ({ revision, created, resource }: Restart): string => `revision ${revision} of ${resource}, issued ${formatInstant(created)}`;

/** Whether its pods came for this revision, or for a later one, as a process that slept meanwhile would find them. */
export function isRestartedFor(text: string, of: Restart): boolean {
  if (text === restartText(of)) return true;
  const [, number, issued] = /^revision (\d+) of .*, issued (\S+)$/.exec(text) ?? [];
  const at = issued === undefined ? null : parseInstant(issued);
  return at !== null && at > of.created && Number(number) > of.revision;
}
