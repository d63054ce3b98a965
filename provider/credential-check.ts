// What can be seen to be wrong with the credential without asking anybody, said in the preview of the first resource: its
// creation would be the first to need one. No fault of the inputs, so it fails no preview: whoever previews may have no
// right to do it. Decides nothing else.
import type { Inputs } from "./inputs.ts";
import { journal } from "./journal.ts";
import { credentialProblem } from "./session.ts";

/** One credential serves all resources. */
let isSaid = false;

/** `olds`: the inputs of last time; empty for a new resource, since what exists is looked at anyhow. */
export async function warnOfCredential(olds: Inputs): Promise<void> {
  if (isSaid || Object.keys(olds).length > 0) return;
  isSaid = true;
  const problem = await credentialProblem();
  if (problem !== null) await journal(null).warn(`${problem} Nothing can be created before.`);
}
