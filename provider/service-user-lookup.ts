// Service users that exist, for programs: looked up when the program runs, in a preview too.
import * as pulumi from "@pulumi/pulumi";
import { lookUp, type FoundUser } from "./lookup.ts";
import { configure, endSession } from "./session.ts";

export interface GetServiceUserArgs {
  /** Its name, as the users page shows it. */
  readonly name?: string;
  /** Its numeric id. */
  readonly id?: number;
}

export type GetServiceUserResult = FoundUser;

/** The program's own view of the stack's configuration. */
function fromConfiguration(key: string): string | undefined {
  const [namespace = "", name = ""] = key.split(":");
  return new pulumi.Config(namespace).get(name);
}

/** Look-ups under way share one session. */
let running = 0;

/**
 * Looks a service user up by exactly one of name and id; changes nothing. Fails where there is none. The credential is
 * the resources' own: the environment first, then the stack's `qualytics:url` and `qualytics:token`.
 */
export async function getServiceUser(args: GetServiceUserArgs): Promise<GetServiceUserResult> {
  configure(fromConfiguration);
  running++;
  try {
    return await lookUp(args);
  } finally {
    if (--running === 0) await endSession();
  }
}

/** The same for arguments that are outputs of other resources. */
export function getServiceUserOutput(args: { readonly name?: pulumi.Input<string>; readonly id?: pulumi.Input<number> }): pulumi.Output<GetServiceUserResult> {
  return pulumi.output(args).apply((known) => getServiceUser(known as GetServiceUserArgs));
}
